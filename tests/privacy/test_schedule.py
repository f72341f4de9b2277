"""A schedule is data: each fault of a file is named by rule and field, and versions are told apart (NEW-05)."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import schedule
from privacy.clocks import Period
from privacy.retention import RULES, Anchor, FileFacts, end_of, ends
from privacy.schedule import (
    SHIPPED,
    SHIPPED_SHA256,
    BadSchedule,
    Change,
    Schedule,
    as_data,
    changes,
    in_force,
    parse,
    stored,
)

MEDICAL = {"anchor": "last_consultation", "length": {"years": 20}, "active": {"years": 5}, "archive": {"years": 15}}
LONGER = MEDICAL | {"length": {"years": 25}, "archive": {"years": 20}}
YEARS = st.integers(min_value=0, max_value=100)


def of(**rules: Any) -> str:
    return json.dumps({"rules": {name.replace("_", "-"): said for name, said in rules.items()}})


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(BadSchedule) as caught:
        parse(text, RULES)
    assert "\n" not in str(caught.value)
    return caught.value.problems


def test_version_1_is_what_was_shipped() -> None:
    """A release may add rules (then this digest is written anew); a length changes by a proposed schedule only."""
    assert (SHIPPED.number, SHIPPED.sha256) == (1, SHIPPED_SHA256)


def test_whole_schedule_reads_back_as_it_was_written() -> None:
    said = as_data(RULES)
    assert parse(json.dumps({"rules": said}), RULES) == RULES
    assert stored(json.loads(json.dumps(said))) == RULES


def test_rules_left_out_stay_as_they_are() -> None:
    rules = parse(of(PC_41=LONGER), RULES)
    assert {
        id_ for id_ in RULES if (rules[id_].length, rules[id_].active) != (RULES[id_].length, RULES[id_].active)
    } == {"PC-41"}
    assert (rules["PC-41"].length, rules["PC-41"].archive) == (Period(years=25), Period(years=20))


@pytest.mark.parametrize(
    ("rule", "said", "fault"),
    [
        ("PC_41", {"length": {"years": 20}, "active": {"years": 5}, "archive": {"years": 15}},
         "PC-41, anchor: missing; this rule counts from last_consultation"),
        ("PC_41", MEDICAL | {"anchor": "birth"},
         "PC-41, anchor: this rule counts from last_consultation, not from 'birth'; another fact needs another program"),
        ("PC_41", MEDICAL | {"archive": {"years": 16}},
         "PC-41, archive: active and archive together must be the length"),
        ("PC_41", {"anchor": "last_consultation", "length": {"years": 20}, "active": {"years": 5}},
         'PC-41, archive: missing or no period; write one like {"years": 20}'),
        ("PC_41", MEDICAL | {"length": {"years": -1}}, "PC-41, length: years must be a whole number from 0 to 150"),
        ("PC_41", MEDICAL | {"length": {"years": True}}, "PC-41, length: years must be a whole number from 0 to 150"),
        ("PC_41", MEDICAL | {"length": {"weeks": 3}}, "PC-41, length: 'weeks' is no unit; units are years, months, days"),
        ("PC_41", MEDICAL | {"colour": 1}, "PC-41, colour: no such field; there are anchor, length, active, archive"),
        ("PC_43", {"anchor": "event", "length": {"years": 2}, "active": {"years": 1}}, "PC-43, active: this rule has none"),
        ("PC_47", {"anchor": "signature", "length": {"years": 2}},
         "PC-47, length: only a fact ends this rule; leave the length out"),
        ("LAW_01", {"anchor": "birth", "length": {"years": 27}},
         "LAW-01, length: the law sets 28 years; a schedule may lengthen it, never shorten it"),
        ("PC_43", [1], "PC-43: write an object with anchor and length"),
    ],
)  # fmt: skip
def test_fault_names_rule_and_field(rule: str, said: Any, fault: str) -> None:
    assert faults(of(**{rule: said}))[0] == fault


def test_every_fault_is_named_at_once() -> None:
    assert len(faults(of(PC_41={}, PC_43={"anchor": "event"}, PC_99={}))) == 6


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "line 1, column 2: this is no JSON (Expecting property name enclosed in double quotes)"),
        ("[]", 'write one object with one entry, "rules": an object with a rule id for each change'),
        ('{"rules": {}}', "rules: name at least one rule"),
        ('{"rules": {"PC-43": {}, "PC-43": {}}}', "PC-43: stands twice"),
    ],
)
def test_what_is_no_schedule_is_refused_in_one_line(text: str, fault: str) -> None:
    assert faults(text) == (fault,)


def test_changes_say_which_part_of_which_rule_and_in_which_direction() -> None:
    after = parse(of(PC_41=LONGER, PC_43={"anchor": "event", "length": {"months": 6}}), RULES)
    found = changes(RULES, after)
    assert [(c.rule, c.part, c.lengthens, c.shortens) for c in found] == [
        ("PC-41", "length", True, False),
        ("PC-43", "length", False, True),
    ]


def test_a_year_and_365_days_lengthen_and_shorten_nothing_but_leap_years() -> None:
    change = Change("PC-43", "length", Period(years=1), Period(days=365))
    assert (change.lengthens, change.shortens) == (False, True)
    assert Change("PC-43", "length", Period(years=1), Period(months=12)).shortens is False


@given(YEARS, YEARS)
def test_direction_is_that_of_the_years(before: int, after: int) -> None:
    change = Change("PC-43", "length", Period(years=before), Period(years=after))
    assert (change.lengthens, change.shortens) == (after > before, after < before)


def test_changed_rule_no_longer_says_the_years_of_the_code() -> None:
    rules = parse(of(PC_41=LONGER), RULES)
    basis = ends(rules["PC-41"], {Anchor.LAST_CONSULTATION: date(2026, 3, 1)})
    assert basis.until == date(2051, 3, 1)
    assert [line.say() for line in basis.why] == [
        "The approved schedule keeps this until 2051-03-01, counted from 2026-03-01."
    ]
    assert (rules["LAW-02"].lasts, rules["PC-43"]) == ("", RULES["PC-43"])


def test_end_of_a_file_follows_the_given_rules() -> None:
    facts = FileFacts(opened_on=date(2020, 1, 6), last_consultation_on=date(2026, 3, 1), birth_date=date(2025, 5, 5))
    rules = parse(of(LAW_01={"anchor": "birth", "length": {"years": 30}}), RULES)
    assert (end_of(facts).until, end_of(facts, rules).until) == (date(2053, 5, 5), date(2055, 5, 5))


def test_schedule_in_force_is_read_from_the_named_source(monkeypatch: pytest.MonkeyPatch) -> None:
    second = Schedule(2, parse(of(PC_41=LONGER), RULES))
    monkeypatch.setattr(schedule, "_sources", [])
    assert in_force() is SHIPPED
    schedule.read_schedule_from(lambda: second)
    assert in_force() is second
    assert second.sha256 != SHIPPED_SHA256
