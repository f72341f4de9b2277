"""The retention rules (promises D) and their algebra: the latest end wins, and says why (NEW-03)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.clocks import Jurisdiction, Period
from privacy.retention import (
    RULES,
    Anchor,
    Basis,
    FileFacts,
    Hold,
    MissingFact,
    end_of,
    ends,
    latest,
)
from privacy.retention_rules import Disposal

LAST = date(2026, 3, 1)
ADULT = FileFacts(opened_on=date(2020, 1, 6), last_consultation_on=LAST)


def hold(placed: date, lifted: date | None = None, *clocks: str) -> Hold:
    return Hold("2026/17", placed, placed + timedelta(days=365), lifted, frozenset(clocks))


# --- the rules ---------------------------------------------------------------------------------


def test_schedule_holds_every_rule_of_the_promises() -> None:
    numbered = [f"PC-{n}" for n in (*range(40, 47), "46b", *range(47, 53))]
    assert list(RULES) == [*numbered, "MD-20", "MD-21", "MD-22", "LAW-01", "LAW-02", "LAW-03"]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_rule_says_its_law_its_source_and_how_it_ends(rule) -> None:  # type: ignore[no-untyped-def]
    assert all((rule.article, rule.source, rule.category, rule.reason))
    assert (rule.length is None) == (rule.review is not None and rule.ends_with is not None)


@pytest.mark.parametrize("rule_id", ["PC-41", "MD-20"])
def test_active_and_archive_parts_make_up_the_length(rule_id: str) -> None:
    rule = RULES[rule_id]
    assert rule.active is not None
    assert rule.archive is not None
    assert rule.active + rule.archive == rule.length
    assert rule.active == Period(years=5)


@pytest.mark.parametrize(
    ("rule_id", "anchor", "since", "until"),
    [
        ("PC-40", Anchor.CONTRACT_END, date(2026, 11, 22), date(2029, 11, 22)),
        ("PC-41", Anchor.LAST_CONSULTATION, date(2026, 3, 1), date(2046, 3, 1)),
        ("PC-42", Anchor.ISSUE, date(2024, 2, 29), date(2034, 2, 28)),
        ("PC-43", Anchor.EVENT, date(2027, 2, 28), date(2028, 2, 28)),
        ("PC-44", Anchor.ACCOUNTING_YEAR_END, date(2026, 12, 31), date(2036, 12, 31)),
        ("PC-45", Anchor.TAX_YEAR_END, date(2026, 12, 31), date(2033, 12, 31)),
        ("PC-46", Anchor.EVENT, date(2026, 11, 22), date(2027, 11, 22)),
        ("PC-46b", Anchor.EVENT, date(2026, 11, 22), date(2029, 11, 22)),
        ("PC-48", Anchor.RECORDING_END, date(2026, 11, 22), date(2027, 2, 20)),
        ("PC-50", Anchor.DELETION_EXECUTED, date(2026, 11, 22), date(2026, 11, 22)),
        ("PC-51", Anchor.CONSENT_END, date(2028, 2, 29), date(2033, 2, 28)),
        ("PC-52", Anchor.REQUEST_CLOSED, date(2026, 11, 22), date(2029, 11, 22)),
        ("MD-20", Anchor.LAST_EXCHANGE, date(2026, 11, 22), date(2036, 11, 22)),
        ("LAW-01", Anchor.BIRTH, date(2024, 2, 29), date(2052, 2, 29)),
        ("LAW-02", Anchor.DEATH, date(2026, 11, 22), date(2036, 11, 22)),
    ],
)
def test_rule_ends_on_the_calendar_day(rule_id: str, anchor: Anchor, since: date, until: date) -> None:
    assert ends(RULES[rule_id], {anchor: since}).until == until


def test_french_invoice_never_leaves_before_ten_years_from_its_issue() -> None:
    facts = {Anchor.ACCOUNTING_YEAR_END: date(2026, 6, 30), Anchor.ISSUE: date(2026, 7, 4)}
    assert ends(RULES["PC-44"], facts).until == date(2036, 7, 4)


def test_invoice_rule_of_another_jurisdiction_is_refused() -> None:
    with pytest.raises(MissingFact, match="PC-45 is a rule of IL, not of FR"):
        ends(RULES["PC-45"], {Anchor.TAX_YEAR_END: LAST}, Jurisdiction.FR)


def test_rule_without_its_fact_is_refused_in_one_clear_line() -> None:
    with pytest.raises(MissingFact, match=r"^PC-41 counts from the last consultation, which"):
        ends(RULES["PC-41"], {Anchor.BIRTH: LAST})


def test_open_signature_needs_a_day_of_review() -> None:
    with pytest.raises(MissingFact, match="PC-47 counts from the day of review"):
        ends(RULES["PC-47"], {Anchor.SIGNATURE: LAST})


def test_open_signature_has_a_review_and_a_closed_one_an_end() -> None:
    review, ended = date(2027, 3, 1), date(2031, 3, 1)
    opened = ends(RULES["PC-47"], {Anchor.SIGNATURE: LAST, Anchor.REVIEW: review})
    closed = ends(RULES["PC-47"], {Anchor.SIGNATURE: LAST, Anchor.LEGAL_VALUE_END: ended})
    assert (opened.until, opened.review_on) == (None, review)
    assert (closed.until, closed.review_on) == (ended, None)


def test_health_rules_destroy_the_key() -> None:
    health = [rule.id for rule in RULES.values() if rule.then is Disposal.DESTROY_KEY]
    assert health == ["PC-41", "PC-49", "LAW-01", "LAW-02"]


# --- one file ----------------------------------------------------------------------------------


def test_file_ends_twenty_years_after_the_last_consultation_and_is_archived_after_five() -> None:
    term = end_of(ADULT)
    assert (term.until, term.active_until) == (date(2046, 3, 1), date(2031, 3, 1))
    assert term.end == datetime(2046, 3, 1, 23, tzinfo=UTC)
    assert term.rules == ("PC-41",)
    assert [line.say() for line in term.explanation] == [
        "A medical file stays 20 years after the last consultation, held on 2026-03-01."
    ]


def test_israeli_file_ends_at_midnight_in_jerusalem() -> None:
    term = end_of(replace(ADULT, jurisdiction=Jurisdiction.IL))
    assert term.end == datetime(2046, 3, 1, 22, tzinfo=UTC)


def test_file_without_a_consultation_counts_from_its_opening() -> None:
    assert end_of(FileFacts(opened_on=date(2026, 11, 22))).until == date(2046, 11, 22)


@pytest.mark.parametrize(
    ("born", "until", "rules"),
    [
        (date(2018, 3, 2), date(2046, 3, 2), ("LAW-01",)),
        (date(2018, 3, 1), date(2046, 3, 1), ("LAW-01", "PC-41")),
        (date(2018, 2, 28), date(2046, 3, 1), ("PC-41",)),
    ],
)
def test_file_of_a_child_stays_until_the_28th_birthday(born: date, until: date, rules: tuple[str, ...]) -> None:
    term = end_of(replace(ADULT, birth_date=born))
    assert (term.until, term.rules) == (until, rules)


@pytest.mark.parametrize(
    ("died", "until", "rules"),
    [
        (date(2027, 1, 10), date(2037, 1, 10), ("LAW-02",)),
        (date(2036, 2, 29), date(2046, 2, 28), ("LAW-02",)),
        (date(2036, 3, 1), date(2046, 3, 1), ("PC-41",)),
        (date(2040, 1, 1), date(2046, 3, 1), ("PC-41",)),
    ],
)
def test_death_leaves_ten_years_when_they_end_before_the_twenty(
    died: date, until: date, rules: tuple[str, ...]
) -> None:
    term = end_of(replace(ADULT, died_on=died))
    assert (term.until, term.rules) == (until, rules)


def test_death_leaves_the_open_base_as_long_as_it_was() -> None:
    assert end_of(replace(ADULT, died_on=date(2027, 1, 10))).active_until == date(2031, 3, 1)


def test_death_shortens_nothing_outside_french_law() -> None:
    term = end_of(replace(ADULT, died_on=date(2027, 1, 10), jurisdiction=Jurisdiction.IL))
    assert term.until == date(2046, 3, 1)


def test_dead_child_is_still_kept_until_the_28th_birthday() -> None:
    term = end_of(replace(ADULT, birth_date=date(2025, 5, 5), died_on=date(2026, 5, 5)))
    assert (term.until, term.rules) == (date(2053, 5, 5), ("LAW-01",))


def test_active_part_ends_with_the_file_at_the_latest() -> None:
    old = FileFacts(date(2000, 1, 1), last_consultation_on=date(2026, 3, 1))
    assert end_of(replace(old, died_on=date(2017, 3, 1))).active_until == date(2027, 3, 1)


def test_contract_that_outlasts_the_medical_term_keeps_the_file() -> None:
    term = end_of(replace(ADULT, contract_ended_on=date(2050, 1, 1)))
    assert (term.until, term.rules) == (date(2050, 1, 1), ("PC-49",))


def test_exchange_of_a_file_follows_the_record() -> None:
    term = end_of(replace(ADULT, last_exchange_on=date(2026, 5, 1)))
    assert (term.until, term.rules) == (date(2046, 3, 1), ("PC-41",))
    assert [basis.rule for basis in term.bases] == ["MD-20", "PC-41"]


def test_daily_use_ends_with_its_last_clock_and_the_first_review_counts() -> None:
    facts = replace(ADULT, last_exchange_on=date(2026, 9, 1), holds=(hold(date(2040, 1, 1)), hold(date(2041, 1, 1))))
    term = end_of(facts)
    assert (term.active_until, term.review_on) == (date(2031, 9, 1), date(2040, 12, 31))


def test_open_hold_keeps_the_file_without_end_and_with_a_review() -> None:
    term = end_of(replace(ADULT, holds=(hold(date(2040, 1, 1)),)))
    assert (term.until, term.end, term.rules) == (None, None, ("LAW-03",))
    assert term.review_on == date(2040, 12, 31)
    assert [line.say() for line in term.explanation] == ["Held since 2040-01-01, until the hold is lifted: 2026/17."]


def test_hold_placed_after_the_term_still_keeps_the_file() -> None:
    assert end_of(replace(ADULT, holds=(hold(date(2046, 3, 2)),))).until is None


def test_hold_on_other_clocks_leaves_the_file_alone() -> None:
    term = end_of(replace(ADULT, holds=(hold(date(2040, 1, 1), None, "PC-42"),)))
    assert term.until == date(2046, 3, 1)


def test_hold_on_the_health_clock_stops_the_clock_after_death_too() -> None:
    facts = replace(ADULT, died_on=date(2027, 1, 10), holds=(hold(LAST, None, "PC-41"),))
    assert end_of(facts).until is None


@pytest.mark.parametrize(("days", "until"), [(1, date(2046, 3, 2)), (30, date(2046, 3, 31))])
def test_lifted_hold_gives_the_clock_its_days_back_and_says_so(days: int, until: date) -> None:
    """In words that fit one day and a court order too."""
    placed = date(2030, 1, 1)
    term = end_of(replace(ADULT, holds=(hold(placed, placed + timedelta(days=days)),)))
    assert term.until == until
    assert [line.say() for line in term.explanation][1:] == [
        f"A hold stopped this clock (days: {days}), which moves its end to {until}."
    ]


def test_overlapping_holds_count_their_days_once() -> None:
    holds = (
        hold(date(2030, 1, 1), date(2030, 1, 31)),
        hold(date(2030, 1, 11), date(2030, 2, 10)),
        hold(date(2030, 1, 5), date(2030, 1, 6)),
    )
    assert end_of(replace(ADULT, holds=holds)).until == date(2046, 4, 10)


@pytest.mark.parametrize(
    ("placed", "lifted"),
    [(date(2020, 1, 1), date(2026, 2, 1)), (date(2046, 3, 2), date(2047, 1, 1))],
)
def test_hold_outside_the_clock_does_not_lengthen_it(placed: date, lifted: date) -> None:
    assert end_of(replace(ADULT, holds=(hold(placed, lifted),))).until == date(2046, 3, 1)


def test_record_that_nothing_keeps_is_refused() -> None:
    with pytest.raises(ValueError, match="no retention rule applies"):
        latest([])


def test_file_says_why_in_the_readers_language() -> None:
    french = {
        "A medical file stays 20 years after the last consultation, held on %(since)s.": (
            "Un dossier médical reste 20 ans après la dernière consultation, le %(since)s."
        )
    }
    (why,) = end_of(ADULT).explanation
    assert why.say(french.__getitem__, lambda day: f"{day:%d/%m/%Y}") == (
        "Un dossier médical reste 20 ans après la dernière consultation, le 01/03/2026."
    )


# --- the algebra -------------------------------------------------------------------------------

DAYS = st.dates(date(2000, 1, 1), date(2070, 12, 31))
SPANS = st.tuples(DAYS, DAYS).map(sorted)
HOLDS = st.builds(
    lambda span, is_open, clocks: hold(span[0], None if is_open else span[1], *clocks),
    SPANS,
    st.booleans(),
    st.sets(st.sampled_from(["PC-41", "LAW-01", "LAW-02", "MD-20"]), max_size=2),
)
FACTS = st.builds(
    FileFacts,
    opened_on=DAYS,
    jurisdiction=st.sampled_from(Jurisdiction),
    last_consultation_on=st.none() | DAYS,
    last_exchange_on=st.none() | DAYS,
    birth_date=st.none() | DAYS,
    died_on=st.none() | DAYS,
    contract_ended_on=st.none() | DAYS,
    holds=st.lists(HOLDS, max_size=4).map(tuple),
)
BASES = st.sampled_from([rule for rule in RULES.values() if rule.length is not None]).flatmap(
    lambda rule: DAYS.map(lambda day: ends(rule, {rule.anchor: day}))
)


def far(until: date | None) -> date:
    return until or date.max


@given(st.lists(BASES, min_size=1, max_size=6), BASES)
def test_one_basis_more_never_brings_the_end_forward(bases: list[Basis], more: Basis) -> None:
    assert far(latest([*bases, more]).until) >= far(latest(bases).until)


@given(st.lists(BASES, min_size=1, max_size=6), st.randoms())
def test_end_does_not_depend_on_the_order_of_its_bases(bases: list[Basis], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(bases, len(bases))
    assert latest(shuffled) == latest(bases)


@given(FACTS, HOLDS)
def test_one_hold_more_never_brings_the_end_of_a_file_forward(facts: FileFacts, more: Hold) -> None:
    held = replace(facts, holds=(*facts.holds, more))
    assert far(end_of(held).until) >= far(end_of(facts).until)


@given(FACTS, st.randoms())
def test_end_of_a_file_does_not_depend_on_the_order_of_its_holds(facts: FileFacts, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = tuple(random.sample(facts.holds, len(facts.holds)))
    assert end_of(replace(facts, holds=shuffled)).until == end_of(facts).until


@given(FACTS, DAYS)
def test_later_consultation_never_brings_the_end_forward(facts: FileFacts, day: date) -> None:
    later = replace(facts, last_consultation_on=max(day, facts.last_seen_on), holds=())
    assert far(end_of(later).until) >= far(end_of(replace(facts, holds=())).until)


@given(FACTS)
def test_file_never_ends_before_its_legal_minimum(facts: FileFacts) -> None:
    until = far(end_of(facts).until)
    twenty = Period(years=20).after(facts.last_seen_on)
    if facts.died_on and facts.jurisdiction is Jurisdiction.FR:
        twenty = min(twenty, Period(years=10).after(facts.died_on))
    assert until >= twenty
    if facts.birth_date:
        assert until >= Period(years=28).after(facts.birth_date)


@given(FACTS)
def test_end_is_always_explained_and_active_part_lies_within(facts: FileFacts) -> None:
    term = end_of(facts)
    assert all(line.say() for line in term.explanation)
    assert term.rules
    assert far(term.active_until) <= far(term.until)
