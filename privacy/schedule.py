"""Versions of the retention schedule: read, checked, told apart, and the one in force (NEW-05). Pure: no Django here.

Version 1 is the schedule of the code. A later one says as JSON how long each rule lasts::

    {"rules": {"PC-41": {"anchor": "last_consultation", "length": {"years": 25},
                         "active": {"years": 5}, "archive": {"years": 20}}}}

Rules left out stay as they are. From which fact a clock runs, whose law it is and what follows are
the program's: a file must name the anchor, and can't change it. What the law itself sets (LAW-01,
LAW-02) may be lengthened, never shortened.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from privacy.clocks import Period
from privacy.retention_rules import RULES, Rule
from privacy.wording import gettext_noop as _

Rules = Mapping[str, Rule]

UNITS: Final = ("years", "months", "days")
FIELDS: Final = ("anchor", "length", "active", "archive")
LONGEST: Final = {"years": 150, "months": 1_800, "days": 54_750}
STATUTORY: Final = frozenset({"LAW-01", "LAW-02"})
CHANGED: Final = _("The approved schedule keeps this until %(until)s, counted from %(since)s.")

# Every day of four years: a period that ends later from each of them is longer.
_DAYS: Final = tuple(date(2028, 1, 1) + timedelta(days=n) for n in range(1461))


class BadSchedule(ValueError):
    """A proposed schedule that can't be taken; ``problems`` names rule and field of each fault."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Schedule:
    """All rules as one version has them. ``number`` counts versions; 1 is the code's own."""

    number: int
    rules: Rules

    @cached_property
    def sha256(self) -> str:
        """The digest of what this version says, in hexadecimal."""
        return digest(as_data(self.rules))


@dataclass(frozen=True, slots=True)
class Change:
    """One period of one rule that two versions have differently; ``part`` is ``length`` or ``active``."""

    rule: str
    part: str
    before: Period
    after: Period

    @property
    def lengthens(self) -> bool:
        """Whether from some day the new period ends later."""
        return any(self.after.after(day) > self.before.after(day) for day in _DAYS)

    @property
    def shortens(self) -> bool:
        """Whether from some day the new period ends sooner."""
        return any(self.after.after(day) < self.before.after(day) for day in _DAYS)


SHIPPED: Final = Schedule(1, RULES)
SHIPPED_SHA256: Final = "b797f8e41bbd77774090428a8b4f1190e0c3067eb0b243bbe63d6d4c6aec4cce"
"""What version 1 says, for ever: a release adds rules, but changes a length by a proposed schedule only."""

Source = Callable[[], Schedule]
_sources: list[Source] = []
_supposed: ContextVar[Schedule | None] = ContextVar("supposed_schedule", default=None)


def read_schedule_from(source: Source) -> None:
    """Have the schedule in force read from ``source`` instead of the code; naming it twice changes nothing."""
    if source not in _sources:
        _sources.append(source)


def in_force() -> Schedule:
    """The schedule that clocks follow now: the last one approved, or the one supposed."""
    return supposed() or (_sources[-1]() if _sources else SHIPPED)


def supposed() -> Schedule | None:
    """The schedule asked about by :func:`supposing`."""
    return _supposed.get()


@contextmanager
def supposing(schedule: Schedule) -> Iterator[None]:
    """Let what only asks (a forecast) see ``schedule`` as if it were in force."""
    token = _supposed.set(schedule)
    try:
        yield
    finally:
        _supposed.reset(token)


def digest(data: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of rules as :func:`as_data` writes them."""
    return sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def as_data(rules: Rules) -> dict[str, dict[str, Any]]:
    """The rules as a file has them; the parts of a rule without an archive are left out."""
    return {
        rule.id: {
            "anchor": rule.anchor.name.lower(),
            "length": _period_data(rule.length),
            **({"active": _period_data(rule.active), "archive": _period_data(rule.archive)} if rule.active else {}),
        }
        for rule in rules.values()
    }


def parse(text: str, base: Rules) -> Rules:
    """``base`` with the lengths of the JSON ``text``. Raises :class:`BadSchedule` with every fault, by rule and field."""
    problems: list[str] = []
    try:
        found = json.loads(text, object_pairs_hook=_no_twice)
    except json.JSONDecodeError as wrong:
        raise BadSchedule([f"line {wrong.lineno}, column {wrong.colno}: this is no JSON ({wrong.msg})"]) from wrong
    if not isinstance(found, dict) or set(found) != {"rules"} or not isinstance(found["rules"], dict):
        raise BadSchedule(['write one object with one entry, "rules": an object with a rule id for each change'])
    if not found["rules"]:
        raise BadSchedule(["rules: name at least one rule"])
    changed = {id_: rule for id_, said in found["rules"].items() if (rule := _read(id_, said, base, problems))}
    if problems:
        raise BadSchedule(problems)
    return with_rules(base, changed)


def stored(data: Mapping[str, Any]) -> Rules:
    """The rules of a version that was checked when it was proposed; rules that came later are the code's."""
    changed = {id_: _lasting(RULES[id_], said) for id_, said in data.items() if id_ in RULES}
    return with_rules(RULES, changed)


def with_rules(base: Rules, changed: Rules) -> Rules:
    """``base`` with ``changed`` in their places; a rule that lasts otherwise than the code's says so in its sentence."""
    rules = {id_: changed.get(id_, rule) for id_, rule in base.items()}
    moved = {id_ for id_, rule in rules.items() if (rule.length, rule.active) != (RULES[id_].length, RULES[id_].active)}
    return {id_: _reworded(rule, moved) for id_, rule in rules.items()}


def changes(before: Rules, after: Rules) -> list[Change]:
    """What ``after`` has otherwise than ``before``, in the order of the schedule."""
    found = []
    for id_, rule in after.items():
        for part in ("length", "active"):
            old, new = getattr(before[id_], part), getattr(rule, part)
            if old != new and old is not None and new is not None:
                found.append(Change(id_, part, old, new))
    return found


def in_words(period: Period | None) -> str | None:
    """A period in English ("20 years", "90 days"); none for a rule that has no fixed length."""
    if period is None or period == Period():
        return None
    units = (("year", period.years), ("month", period.months), ("day", period.days))
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for unit, count in units if count)


def _reworded(rule: Rule, moved: set[str]) -> Rule:
    """The code's sentence and words name the code's years, so a changed rule, and one that names it, loses them."""
    code = RULES[rule.id]
    reason = CHANGED if rule.id in moved else code.reason
    lasts = "" if rule.length is not None and ({rule.id, rule.replaces} & moved) else code.lasts
    return replace(rule, reason=reason, lasts=lasts)


def _read(id_: str, said: object, base: Rules, problems: list[str]) -> Rule | None:
    """One rule of a file; what is wrong with it goes to ``problems``."""
    if id_ not in base:
        problems.append(f"{id_}: there is no such rule; there are {', '.join(base)}")
        return None
    if not isinstance(said, dict):
        problems.append(f"{id_}: write an object with anchor and length")
        return None
    faults = list(_faults(base[id_], said))
    problems += [f"{id_}, {fault}" for fault in faults]
    if faults:
        return None
    return _lasting(base[id_], said)


def _lasting(rule: Rule, said: Mapping[str, Any]) -> Rule:
    length, active, archive = (_period(said.get(part)) for part in FIELDS[1:])
    return replace(rule, length=length, active=active, archive=archive)


def _faults(rule: Rule, said: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{name}: no such field; there are {', '.join(FIELDS)}" for name in said if name not in FIELDS)
    anchor = rule.anchor.name.lower()
    if "anchor" not in said:
        yield f"anchor: missing; this rule counts from {anchor}"
    elif said["anchor"] != anchor:
        yield f"anchor: this rule counts from {anchor}, not from {said['anchor']!r}; another fact needs another program"
    parts = {name: _fault_of_period(said.get(name)) for name in _parts(rule)}
    yield from (f"{name}: {fault}" for name, fault in parts.items() if fault)
    yield from (f"{name}: this rule has none" for name in FIELDS[2:] if name in said and name not in parts)
    if rule.length is None and said.get("length") is not None:
        yield "length: only a fact ends this rule; leave the length out"
    if not any(parts.values()):
        yield from _faults_of_sums(rule, {name: _period(said[name]) for name in parts})


def _parts(rule: Rule) -> tuple[str, ...]:
    """The periods a file must give of a rule."""
    if rule.length is None:
        return ()
    return ("length", "active", "archive") if rule.active else ("length",)


def _faults_of_sums(rule: Rule, given: Mapping[str, Period | None]) -> Iterator[str]:
    length, active, archive = (given.get(name) for name in FIELDS[1:])
    if active and archive and length and _months(active + archive) != _months(length):
        yield "archive: active and archive together must be the length"
    if rule.id in STATUTORY and length and rule.length and Change(rule.id, "length", rule.length, length).shortens:
        yield f"length: the law sets {in_words(rule.length)}; a schedule may lengthen it, never shorten it"


def _fault_of_period(value: object) -> str:
    """What is wrong with a period as a file writes it; empty when nothing is."""
    if not isinstance(value, dict):
        return 'missing or no period; write one like {"years": 20}'
    for unit, count in value.items():
        if unit not in UNITS:
            return f"{unit!r} is no unit; units are {', '.join(UNITS)}"
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= LONGEST[unit]:
            return f"{unit} must be a whole number from 0 to {LONGEST[unit]}"
    return ""


def _period(value: Mapping[str, int] | None) -> Period | None:
    return None if value is None else Period(**value)


def _period_data(period: Period | None) -> dict[str, int] | None:
    if period is None:
        return None
    return {unit: count for unit in UNITS if (count := getattr(period, unit))}


def _months(period: Period) -> tuple[int, int]:
    return 12 * period.years + period.months, period.days


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _value in pairs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadSchedule([f"{name}: stands twice" for name in twice])
    return dict(pairs)
