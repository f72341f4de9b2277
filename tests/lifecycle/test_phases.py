"""Phases as a pure function of facts and the clock: exact at each boundary second (PC-30 to PC-33)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.access import Act
from lifecycle.allowed import ALLOWED, WHATEVER_THE_CONTRACT
from lifecycle.phases import Fact, Phase, phase_of, term_end
from lifecycle.rules import why_not_enter
from lifecycle.states import GRACE, MOVES, OF_CONTRACT, By, Event, Name, by_clock, move
from privacy.clocks import ZONES, Jurisdiction, Period, start_of

FR, IL = Jurisdiction.FR, Jurisdiction.IL
MONTH = Period(days=30)
SECOND = timedelta(seconds=1)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Paris"))


def trial(at: datetime, where: Jurisdiction = FR, length: Period = MONTH) -> Fact:
    return Fact(Event.TRIAL_STARTED, at, term_end(at, length, where), where)


def told(event: Event, at: datetime, where: Jurisdiction = FR) -> Fact:
    return Fact(event, at, None, where)


# (sign-up, calendar, midnight the trial ends at, midnight the grace ends at)
VECTORS = [
    (paris(2026, 3, 1, 9, 0), FR, paris(2026, 4, 1), paris(2026, 4, 8)),  # over the spring change
    (paris(2026, 10, 1, 0, 0, 1), FR, paris(2026, 11, 1), paris(2026, 11, 8)),  # over the autumn change
    (paris(2026, 10, 1, 23, 59, 59), FR, paris(2026, 11, 1), paris(2026, 11, 8)),  # the hour doesn't matter
    (paris(2028, 1, 31, 12, 0), FR, paris(2028, 3, 2), paris(2028, 3, 9)),  # 29 February is a day
    (paris(2027, 1, 31, 12, 0), FR, paris(2027, 3, 3), paris(2027, 3, 10)),  # and isn't there in a common year
    (paris(2026, 12, 15, 8, 0), FR, paris(2027, 1, 15), paris(2027, 1, 22)),  # over the year
    (
        datetime(2026, 3, 10, 22, 30, tzinfo=UTC), IL,  # 11 March in Jerusalem
        datetime(2026, 4, 11, tzinfo=ZONES[IL]), datetime(2026, 4, 18, tzinfo=ZONES[IL]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("begun", "where", "trial_ends", "grace_ends"), VECTORS)
def test_each_boundary_is_exact_to_the_second(
    begun: datetime, where: Jurisdiction, trial_ends: datetime, grace_ends: datetime
) -> None:
    facts = [trial(begun, where)]
    moments = [begun - SECOND, begun, trial_ends - SECOND, trial_ends, grace_ends - SECOND, grace_ends]
    assert [phase_of(facts, moment).name for moment in moments] == [
        Name.NONE, Name.TRIAL, Name.TRIAL, Name.GRACE, Name.GRACE, Name.FREE_LISTING,
    ]  # fmt: skip


def test_phase_says_since_when_and_until_when() -> None:
    begun, trial_ends, grace_ends = paris(2026, 3, 1, 9, 0), paris(2026, 4, 1), paris(2026, 4, 8)
    facts = [trial(begun)]
    assert phase_of(facts, begun) == Phase(Name.TRIAL, begun, trial_ends, FR)
    assert phase_of(facts, trial_ends) == Phase(Name.GRACE, trial_ends, grace_ends, FR)
    assert phase_of(facts, grace_ends) == Phase(Name.FREE_LISTING, grace_ends, None, FR)
    assert (phase_of(facts, begun).last_day, phase_of(facts, trial_ends).last_day) == (
        date(2026, 3, 31),
        date(2026, 4, 7),
    )
    assert (phase_of(facts, begun).then, phase_of(facts, grace_ends).then) == (Name.GRACE, None)


def test_years_without_a_sweep_change_nothing() -> None:
    facts = [trial(paris(2026, 3, 1, 9, 0))]
    assert phase_of(facts, paris(2051, 1, 1)) == Phase(Name.FREE_LISTING, paris(2026, 4, 8), None, FR)


@pytest.mark.parametrize("at", [paris(2026, 3, 2), paris(2026, 4, 3), paris(2027, 1, 1)])
def test_subscription_begins_from_trial_grace_and_free_listing(at: datetime) -> None:
    facts = [trial(paris(2026, 3, 1, 9, 0)), told(Event.SUBSCRIBED, at)]
    assert phase_of(facts, paris(2040, 1, 1)) == Phase(Name.SUBSCRIBED, at, None, FR)


def test_seven_days_of_grace_follow_the_end_of_a_subscription() -> None:
    facts = [
        trial(paris(2026, 3, 1, 9, 0)),
        told(Event.SUBSCRIBED, paris(2026, 3, 2)),
        told(Event.SUBSCRIPTION_ENDED, paris(2026, 3, 3, 15, 0)),
    ]
    ends = paris(2026, 3, 11)
    assert [phase_of(facts, moment).name for moment in (paris(2026, 3, 3, 15, 0), ends - SECOND, ends)] == [
        Name.GRACE, Name.GRACE, Name.FREE_LISTING,
    ]  # fmt: skip


def test_grace_that_begins_at_midnight_counts_its_first_day() -> None:
    assert term_end(paris(2026, 4, 1), GRACE, FR) == paris(2026, 4, 8)
    assert term_end(paris(2026, 4, 1, 0, 0, 1), GRACE, FR) == paris(2026, 4, 9)


def test_clock_never_waits_for_two_things() -> None:
    for name in Name:
        assert len([m for m in MOVES if m.start is name and m.by is By.CLOCK]) <= 1
    assert len({(m.start, m.event) for m in MOVES}) == len(MOVES)


def test_second_of_two_clicks_hears_that_it_is_done_already() -> None:
    """The later click may come first: the earlier one isn't told to give another moment."""
    facts = [trial(paris(2026, 3, 1, 9, 0)), told(Event.SUBSCRIBED, paris(2026, 3, 2, 9, 0, 1))]
    before = paris(2026, 3, 2, 9, 0, 0)
    refusals = [
        why_not_enter(event, phase_of(facts, before), facts, before)
        for event in (Event.SUBSCRIBED, Event.SUBSCRIPTION_ENDED)
    ]
    assert [refusal and refusal.code for refusal in refusals] == ["subscribed", "earlier"]


def test_every_phase_but_none_leads_back_to_subscribed() -> None:
    """PC-33: from any phase of a contract."""
    assert {name for name in Name if move(name, Event.SUBSCRIBED)} == set(OF_CONTRACT) - {Name.NONE, Name.SUBSCRIBED}


def test_rights_are_open_until_the_account_is_closed_and_care_in_three_phases() -> None:
    rights = frozenset({Act.PUBLIC, Act.ACCOUNT, Act.PRIVACY, Act.PORTAL, Act.SUBSCRIPTION})
    assert (rights, rights) == (WHATEVER_THE_CONTRACT, ALLOWED[Name.DELETION_PENDING])
    assert ALLOWED[Name.CLOSED] == {Act.PUBLIC}
    assert {name for name in Name if Act.CARE in ALLOWED[name]} == {Name.TRIAL, Name.GRACE, Name.SUBSCRIBED}
    assert set(ALLOWED) == set(Name)


@settings(max_examples=300)
@given(
    begun=st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware by timezones=
    days=st.integers(0, 400),
    where=st.sampled_from(Jurisdiction),
)
def test_boundaries_are_local_midnights_whole_days_later(begun: datetime, days: int, where: Jurisdiction) -> None:
    """Trial and grace end at midnights of the calendar, `days` + 1 and seven more days after the day of sign-up."""
    day = begun.astimezone(ZONES[where]).date()
    if begun == start_of(day, where):
        day -= timedelta(days=1)
    fact = trial(begun, where, Period(days=days))
    grace = phase_of([fact], fact.until)
    assert fact.until == start_of(day + timedelta(days=days + 1), where)
    assert (grace.name, grace.next_change) == (Name.GRACE, start_of(day + timedelta(days=days + 8), where))


class Life(RuleBasedStateMachine):
    """An account's events in any order, at any pace; a model that walks second by boundary beside it."""

    @initialize(where=st.sampled_from(Jurisdiction), days=st.integers(1, 60))
    def sign_up(self, where: Jurisdiction, days: int) -> None:
        self.now = datetime(2026, 1, 5, 7, 31, tzinfo=UTC)
        self.facts = [trial(self.now, where, Period(days=days))]
        self.where, self.name, self.since = where, Name.TRIAL, self.now
        self.ends: datetime | None = self.facts[0].until

    @rule(step=st.timedeltas(timedelta(0), timedelta(days=40)))
    def wait(self, step: timedelta) -> None:
        self._go(self.now + step)

    @rule(before=st.booleans())
    def go_to_the_boundary(self, before: bool) -> None:
        if self.ends is not None and self.ends - SECOND >= self.now:
            self._go(self.ends - SECOND if before else self.ends)

    @rule(event=st.sampled_from([Event.SUBSCRIBED, Event.SUBSCRIPTION_ENDED, Event.TRIAL_STARTED]))
    def happen(self, event: Event) -> None:
        refused = why_not_enter(event, phase_of(self.facts, self.now), self.facts, self.now)
        legal = {
            Event.SUBSCRIBED: self.name is not Name.SUBSCRIBED,
            Event.SUBSCRIPTION_ENDED: self.name is Name.SUBSCRIBED,
        }
        assert (refused is None) is legal.get(event, False)
        if refused is None:
            self.facts.append(told(event, self.now, self.where))
            to = Name.SUBSCRIBED if event is Event.SUBSCRIBED else Name.GRACE
            self._enter(to, self.now)

    def _go(self, moment: datetime) -> None:
        self.now = moment
        while self.ends is not None and self.ends <= self.now:
            self._enter(Name.GRACE if self.name is Name.TRIAL else Name.FREE_LISTING, self.ends)

    def _enter(self, name: Name, at: datetime) -> None:
        self.name, self.since = name, at
        first = (at - timedelta(microseconds=1)).astimezone(ZONES[self.where]).date()
        self.ends = start_of(first + timedelta(days=8), self.where) if name is Name.GRACE else None

    @invariant()
    def phase_is_the_model_s(self) -> None:
        if hasattr(self, "facts"):
            assert phase_of(self.facts, self.now) == Phase(self.name, self.since, self.ends, self.where)
            assert (by_clock(self.name) is None) is (self.ends is None)

    @invariant()
    def the_past_stays_as_it_was(self) -> None:
        """What was answered for a moment is answered again whatever came later."""
        if hasattr(self, "facts"):
            for number, fact in enumerate(self.facts, start=1):
                if number == len(self.facts) or self.facts[number].at > fact.at:
                    assert phase_of(self.facts, fact.at) == phase_of(self.facts[:number], fact.at)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
