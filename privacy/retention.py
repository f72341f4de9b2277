"""The retention rules of the policy as data, and the algebra that joins them. Pure: no Django.

A rule says from which fact its clock runs, how long, under whose law, and what follows
(promises D). Where several rules meet on one record the latest end decides and says why (NEW-03):
:func:`latest`. :func:`end_of` applies that to a patient's file. A day called ``until`` is the last
day the record is kept; the term ends at the local midnight that follows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from privacy.clocks import Jurisdiction, Period, end_of_term
from privacy.retention_rules import RULES as RULES
from privacy.retention_rules import Anchor as Anchor
from privacy.retention_rules import Rule as Rule
from privacy.wording import Sentence
from privacy.wording import gettext_noop as _

Facts = Mapping[Anchor, date]

MEDICAL = RULES["PC-41"]
CONTRACT = RULES["PC-49"]
EXCHANGE = RULES["MD-20"]
MINOR = RULES["LAW-01"]
DEATH = RULES["LAW-02"]
HOLD = RULES["LAW-03"]


class MissingFact(ValueError):
    """A rule was asked for an end without the fact its clock runs from."""


@dataclass(frozen=True, slots=True)
class Basis:
    """One clock on a record: until when this rule wants it kept, and why.

    ``until`` is empty only while the rule is open; then ``review_on`` is set.
    """

    rule: str
    since: date
    until: date | None
    why: tuple[Sentence, ...]
    active_until: date | None = None
    review_on: date | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A dispute, claim or court order that stops the clocks it names (LAW-03)."""

    case: str
    placed_on: date
    review_on: date
    lifted_on: date | None = None
    clocks: frozenset[str] = frozenset()

    def stops(self, rule: str) -> bool:
        """Whether this hold stops the clock of ``rule``; a hold that names none stops all."""
        replaced = RULES[rule].replaces if rule in RULES else None
        return not self.clocks or rule in self.clocks or replaced in self.clocks


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the end of one patient's file depends on. Days on the practice's own calendar."""

    opened_on: date
    jurisdiction: Jurisdiction = Jurisdiction.FR
    last_consultation_on: date | None = None
    last_exchange_on: date | None = None
    birth_date: date | None = None
    died_on: date | None = None
    contract_ended_on: date | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def last_seen_on(self) -> date:
        """The last consultation, or the day the file was opened while there was none."""
        return self.last_consultation_on or self.opened_on


@dataclass(frozen=True, slots=True)
class Term:
    """The end of a record: the latest of all its clocks, with the rules that decide it.

    ``until`` is empty only while something open (a hold, a legal value) keeps the record.
    """

    until: date | None
    rules: tuple[str, ...]
    bases: tuple[Basis, ...]
    active_until: date | None
    review_on: date | None
    jurisdiction: Jurisdiction

    @property
    def end(self) -> datetime | None:
        """The instant, in UTC, from which the record may go; empty while something is open."""
        return end_of_term(self.until, self.jurisdiction) if self.until else None

    @property
    def explanation(self) -> tuple[Sentence, ...]:
        """Why the record is still here: the sentences of the clocks that decide."""
        return tuple(line for b in self.bases if b.rule in self.rules for line in b.why)


def ends(rule: Rule, facts: Facts, jurisdiction: Jurisdiction | None = None) -> Basis:
    """The clock of ``rule`` on ``facts``.

    Raises :class:`MissingFact` when the day the clock runs from is unknown, when an open rule has
    no review date, or when the rule belongs to another jurisdiction.
    """
    if rule.jurisdiction and jurisdiction and rule.jurisdiction is not jurisdiction:
        raise MissingFact(f"{rule.id} is a rule of {rule.jurisdiction}, not of {jurisdiction}")
    since = _fact(rule, rule.anchor, facts)
    if rule.length is None:
        return _open(rule, since, facts)
    return _fixed(rule, rule.length, since, facts)


def latest(bases: Iterable[Basis], jurisdiction: Jurisdiction = Jurisdiction.FR) -> Term:
    """The term of a record under all of ``bases`` at once: the latest end wins (NEW-03).

    Independent of their order; one basis more never brings the end forward. Raises ValueError on
    no basis at all: a record that nothing keeps has no reason to exist.
    """
    clocks = tuple(sorted(bases, key=lambda basis: (basis.rule, basis.since, _rank(basis))))
    if not clocks:
        raise ValueError("no retention rule applies to this record; declare one")
    last = max(_rank(basis) for basis in clocks)
    deciding = [basis for basis in clocks if _rank(basis) == last]
    return Term(
        until=None if last == date.max else last,
        rules=tuple(dict.fromkeys(basis.rule for basis in deciding)),
        bases=clocks,
        active_until=max((b.active_until for b in clocks if b.active_until), default=None),
        review_on=min((b.review_on for b in clocks if b.review_on), default=None),
        jurisdiction=jurisdiction,
    )


def end_of(facts: FileFacts, rules: Mapping[str, Rule] = RULES) -> Term:
    """Until when a patient's file is kept, in the open base and in the archive (PC-41, PC-49).

    ``rules`` are those of the schedule in force (NEW-05); the code's own if none are given.
    """
    clocks = [suspended(basis, facts.holds) for basis in _clocks(facts, rules)]
    holds = [
        _hold_basis(hold)
        for hold in facts.holds
        if hold.lifted_on is None and any(hold.stops(basis.rule) for basis in clocks)
    ]
    return latest([*clocks, *holds], facts.jurisdiction)


def suspended(basis: Basis, holds: Iterable[Hold]) -> Basis:
    """``basis`` with its clock stopped for the days its lifted holds lasted (LAW-03).

    A hold lifted gives the clock its remaining days back; overlapping holds count once; what was
    held before the clock began or after it ended doesn't lengthen it.
    """
    if basis.until is None:
        return basis
    until = basis.until
    counted_to = basis.since
    spans = sorted((h.placed_on, h.lifted_on) for h in holds if h.lifted_on and h.stops(basis.rule))
    for placed, lifted in spans:
        start = max(placed, counted_to)
        if start <= until and lifted > start:
            until += lifted - start
            counted_to = lifted
    return basis if until == basis.until else _moved(basis, until, until - basis.until)


def _clocks(facts: FileFacts, rules: Mapping[str, Rule]) -> list[Basis]:
    known = _file_facts(facts)
    chosen = [MEDICAL, *(rule for rule in (MINOR, EXCHANGE) if rule.anchor in known)]
    ended = (ends(rules[rule.id], known) for rule in chosen)
    bases = [_never_before(basis) if basis.rule == MINOR.id else basis for basis in ended]
    if DEATH.jurisdiction is facts.jurisdiction and Anchor.DEATH in known:
        bases[0] = _after_death(bases[0], ends(rules[DEATH.id], known))
    if Anchor.CONTRACT_END in known:
        bases.append(ends(rules[CONTRACT.id], known))
    return bases


def _never_before(basis: Basis) -> Basis:
    """The 28th birthday puts off the destruction only; a child's file is archived like any other (LAW-01)."""
    return replace(basis, active_until=None)


def _file_facts(facts: FileFacts) -> Facts:
    days = {
        Anchor.LAST_CONSULTATION: facts.last_seen_on,
        Anchor.LAST_EXCHANGE: facts.last_exchange_on,
        Anchor.BIRTH: facts.birth_date,
        Anchor.DEATH: facts.died_on,
        Anchor.CONTRACT_END: facts.contract_ended_on,
    }
    return {anchor: day for anchor, day in days.items() if day is not None}


def _after_death(medical: Basis, death: Basis) -> Basis:
    """Ten years from the death take the place of the twenty, if they end sooner (LAW-02)."""
    if _rank(death) >= _rank(medical):
        return medical
    return replace(death, active_until=min(medical.active_until or date.max, _rank(death)))


def _hold_basis(hold: Hold) -> Basis:
    why = Sentence(
        _("Held since %(since)s, until the hold is lifted: %(case)s."),
        {"case": hold.case, "since": hold.placed_on},
    )
    return Basis(HOLD.id, hold.placed_on, None, (why,), review_on=hold.review_on)


def _fact(rule: Rule, anchor: Anchor, facts: Facts) -> date:
    if anchor not in facts:
        raise MissingFact(f"{rule.id} counts from {anchor.value}, which isn't known")
    return facts[anchor]


def _fixed(rule: Rule, length: Period, since: date, facts: Facts) -> Basis:
    until = length.after(since)
    if rule.never_before and rule.never_before in facts:
        until = max(until, length.after(facts[rule.never_before]))
    active = min(rule.active.after(since), until) if rule.active else until
    why = Sentence(rule.reason, {"since": since, "until": until})
    return Basis(rule.id, since, until, (why,), active_until=active)


def _open(rule: Rule, since: date, facts: Facts) -> Basis:
    """An open rule ends on a known day, or stays open with a day of review (PC-47)."""
    if rule.ends_with and (known := facts.get(rule.ends_with)):
        why = Sentence(rule.reason, {"since": since, "until": known})
        return Basis(rule.id, since, known, (why,))
    review = _fact(rule, Anchor.REVIEW, facts)
    why = Sentence(rule.open_reason, {"since": since, "review": review})
    return Basis(rule.id, since, None, (why,), review_on=review)


def _rank(basis: Basis) -> date:
    return basis.until or date.max


def _moved(basis: Basis, until: date, by: timedelta) -> Basis:
    why = Sentence(
        _("A hold stopped this clock (days: %(days)d), which moves its end to %(until)s."),
        {"until": until, "days": by.days},
    )
    return replace(basis, until=until, why=(*basis.why, why))
