"""Holds placed and lifted in any order never bring an end forward; a file is held exactly while one is on (LAW-03)."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from care.tenancy import ALL, scope
from lifecycle.holds import queries
from lifecycle.holds.promises import held_files_stay, stored_ends_are_the_latest
from lifecycle.models import Hold
from privacy.refusals import Refused
from privacy.retention import FileFacts, end_of
from privacy.retention import Hold as ClockHold
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.test_holds import current, is_held, lift, place
from tests.records.factories import NOW, make_file
from tests.together import together

DAYS = st.dates(date(2024, 1, 1), date(2050, 12, 31))


class Holding(RuleBasedStateMachine):
    """The algebra alone: one file, holds placed and lifted as the days go by."""

    @initialize(opened=DAYS, birth=st.none() | st.dates(date(1990, 1, 1), date(2023, 12, 31)))
    def open_file(self, opened: date, birth: date | None) -> None:
        self.facts = FileFacts(opened_on=opened, birth_date=birth)
        self.today, self.live, self.lifted = opened, {}, []
        self.bare = self.end = end_of(self.facts).until
        self.number = 0

    @rule(days=st.integers(0, 4000))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule()
    def place(self) -> None:
        self.number += 1
        self.live[self.number] = ClockHold(str(self.number), self.today, self.today + timedelta(days=90))

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        gone = self.live.pop(data.draw(st.sampled_from(sorted(self.live))))
        self.lifted.append(ClockHold(gone.case, gone.placed_on, gone.review_on, lifted_on=self.today))

    def ruled(self) -> date:
        until = end_of(
            FileFacts(self.facts.opened_on, birth_date=self.facts.birth_date, holds=tuple(self.lifted))
        ).until
        assert until is not None
        return until

    @invariant()
    def open_exactly_while_a_hold_is_on(self) -> None:
        holds = (*self.lifted, *self.live.values())
        term = end_of(FileFacts(self.facts.opened_on, birth_date=self.facts.birth_date, holds=holds))
        assert (term.until is None) == bool(self.live)

    @invariant()
    def end_never_comes_forward(self) -> None:
        ruled = self.ruled()
        assert self.bare is not None
        assert self.end is not None
        assert ruled >= self.end >= self.bare
        self.end = ruled

    @invariant()
    def no_day_is_given_back_twice(self) -> None:
        assert self.bare is not None
        held = {
            hold.placed_on + timedelta(days=n)
            for hold in self.lifted
            for n in range((hold.lifted_on - hold.placed_on).days)
        }
        assert (self.ruled() - self.bare).days <= len(held)


Holding.TestCase.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
TestHolding = Holding.TestCase

STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=7)


@pytest.mark.django_db(databases=["default", "keys"])
@settings(max_examples=8, deadline=None)
@given(steps=STEPS)
def test_real_rows_follow_whatever_the_order(steps: list[tuple[bool, int, int]]) -> None:
    """By the actions: held iff a live hold is on, the stored end never earlier, both promises kept."""
    practitioner = make_practitioner(now=LONG_AGO)
    file = make_file(practitioner)
    live: list[Hold] = []
    now, end = NOW, file.retain_until
    for placing, days, which in steps:
        now += timedelta(days=days)
        if placing or not live:
            live.append(place(file, now=now, review_on=(now + timedelta(days=90)).date()))
        else:
            lift(live.pop(which % len(live)), now=now)
        stored = current(file).retain_until
        assert (is_held(file), stored >= end) == (bool(live), True)
        end = stored
    assert (held_files_stay(now).kept, stored_ends_are_the_latest(now).kept) == (True, True)


def _delete(file: PatientFile) -> int:
    with scope(ALL):
        return PatientFile.objects.filter(pk=file.pk)._raw_delete("default")


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_placing_and_lifting_at_once_leave_one_answer() -> None:
    """Two lifts of one hold and a placing, at once: one lift is refused, the file stays held, the clock is right."""
    file = make_file(make_practitioner(now=LONG_AGO))
    hold, later = place(file), NOW + timedelta(days=40)
    found = together(lambda: lift(hold, now=later), lambda: lift(hold, now=later), lambda: place(file, now=later))
    assert [type(one) for one in found].count(Refused) == 1
    with scope(ALL):
        assert queries.holds_on([file.pk]).count() == 1
    assert (is_held(file), current(file).retain_until) == (True, file.retain_until + timedelta(days=40))
    assert stored_ends_are_the_latest(later).kept is True


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_deleting_and_placing_at_once_never_lose_a_held_file() -> None:
    """Whoever comes first: the file is gone and the hold was refused, or the file is held and still there."""
    practitioner = make_practitioner(now=LONG_AGO)
    for _turn in range(4):
        file = make_file(practitioner)
        gone, held = together(lambda f=file: _delete(f), lambda f=file: place(f))
        if isinstance(held, Hold):
            assert (isinstance(gone, Exception), is_held(file)) == (True, True)
        else:
            assert (gone, isinstance(held, PatientFile.DoesNotExist)) == (1, True)
