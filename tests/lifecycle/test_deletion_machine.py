"""Requests, waivers, withdrawals, changes of factors, executions and the clock in any order: one end, and only one (PC-34)."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from accounts.models import User
from audit.actions import record_security
from lifecycle.deletion import rules
from lifecycle.deletion.actions import (
    record_execution,
    request_deletion,
    stop_after_change,
    waive_wait,
    withdraw_deletion,
)
from lifecycle.deletion.queries import facts_of, standing_at
from lifecycle.deletion.rules import SHIELD, Fact, Kind, State, standing_of
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent
from lifecycle.queries import contract_at, phase_at
from lifecycle.states import LEAVING, Name
from privacy.deadlines import DataClass, Right, deadline
from privacy.refusals import Refused
from tests.lifecycle.helpers import IN, PARIS, make_trial
from tests.records.factories import actor_of
from tests.together import together

INSTANT = timedelta(microseconds=1)
ENDING = {Kind.WITHDRAWN, Kind.STOPPED, Kind.EXECUTED}


class Requests(RuleBasedStateMachine):
    """The rules alone; beside them a model that only knows an instant, or none, and whether it is over for good."""

    @initialize(start=st.datetimes(datetime(2026, 1, 1), datetime(2036, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
    def sign_up(self, start: datetime) -> None:
        self.now, self.facts = start, []
        self.instant: datetime | None = None
        self.asked: datetime | None = None
        self.changed: datetime | None = None
        self.gone = False

    @property
    def waits(self) -> bool:
        return self.instant is not None and self.now < self.instant

    @rule(step=st.timedeltas(timedelta(0), timedelta(days=12)))
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(before=st.booleans())
    def go_to_the_instant(self, before: bool) -> None:
        if self.waits:
            assert self.instant is not None
            self.now = max(self.now, self.instant - INSTANT if before else self.instant)

    @rule()
    def request(self) -> None:
        refused = rules.why_not_request(self.standing(), self.changed, self.now)
        assert (refused is None) is (self.instant is None and not self.gone and not self.shielded())
        if refused is None:
            self.asked, self.instant = self.now, rules.execution_of(self.now)
            self.enter(Kind.REQUESTED, self.instant)

    @rule()
    def waive(self) -> None:
        refused = rules.why_not_waive(self.standing(), self.changed, self.now)
        assert (refused is None) is (self.waits and not self.shielded())
        if refused is None:
            self.instant = self.now
            self.enter(Kind.WAIVED, self.now)

    @rule()
    def withdraw(self) -> None:
        refused = rules.why_not_withdraw(self.standing())
        assert (refused is None) is self.waits
        if refused is None:
            self.end(Kind.WITHDRAWN)

    @rule()
    def change(self) -> None:
        late = self.waits and self.instant is not None and self.now >= self.instant - SHIELD
        assert rules.stops(self.standing(), self.now) is late
        self.changed = self.now
        if late:
            self.end(Kind.STOPPED)

    @rule()
    def execute(self) -> None:
        refused = rules.why_not_execute(self.standing())
        assert (refused is None) is (self.instant is not None and not self.waits)
        if refused is None:
            self.gone = True
            self.end(Kind.EXECUTED)

    @invariant()
    def is_where_the_model_is(self) -> None:
        expected = State.NONE if self.instant is None else State.PENDING if self.waits else State.DUE
        assert self.standing().state is (State.EXECUTED if self.gone else expected)

    @invariant()
    def each_request_has_one_end(self) -> None:
        ends = [fact.kind for fact in self.facts if fact.kind in ENDING]
        asked = [fact.kind for fact in self.facts if fact.kind is Kind.REQUESTED]
        assert len(asked) - len(ends) == (self.instant is not None)
        assert ends.count(Kind.EXECUTED) == self.gone

    @invariant()
    def is_never_later_than_the_law(self) -> None:
        if self.instant and self.asked:
            assert self.instant < deadline(Right.ERASURE, DataClass.ORDINARY, self.asked).due_at

    def standing(self) -> rules.Standing:
        return standing_of(self.facts, self.now)

    def shielded(self) -> bool:
        return self.changed is not None and self.now - self.changed < SHIELD

    def end(self, kind: Kind) -> None:
        self.instant = None
        self.enter(kind)

    def enter(self, kind: Kind, execute_at: datetime | None = None) -> None:
        self.facts.append(Fact(len(self.facts) + 1, kind, self.now, execute_at))


Requests.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestRequests = Requests.TestCase


def ask(user: User, now: datetime) -> None:
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=actor_of(user), now=now)


def change(user: User, now: datetime) -> None:
    """As a change of a factor comes in: a row of the security journal, then what hangs on it."""
    record_security(by=actor_of(user), kind="factor.added", account_id=user.pk, now=now)
    stop_after_change(account_id=user.pk, by=actor_of(user), now=now)


def withdraw(user: User, now: datetime) -> None:
    withdraw_deletion(account_id=user.pk, by=actor_of(user), now=now)


def execute(user: User, now: datetime) -> None:
    record_execution(account_id=user.pk, plan_sha256="0" * 64, by=actor_of(user), now=now)


ACTS: dict[str, Callable[[User, datetime], object]] = {
    "ask": ask,
    "waive": lambda user, now: waive_wait(user=user, by=actor_of(user), now=now),
    "withdraw": withdraw,
    "change": change,
    "execute": execute,
}
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 35 * 24)), min_size=1, max_size=8
)  # act, hours waited before it


@pytest.mark.django_db(databases=["default", "keys"])
@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_real_rows_follow_whatever_the_order(steps: list[tuple[str, int]]) -> None:
    """By the actions: at most one end of each request, executed only when due, and the contract's phase beneath."""
    user = make_trial()
    now = IN[Name.TRIAL]
    for act, hours in steps:
        now += timedelta(hours=hours)
        before = standing_at(user.pk, now).state
        try:
            ACTS[act](user, now)
        except Refused:
            assert standing_at(user.pk, now).state is before
        facts, after = facts_of(user.pk), standing_at(user.pk, now)
        executed = [fact for fact in facts if fact.kind is Kind.EXECUTED]
        assert len(executed) <= 1
        assert not executed or facts[-1] == executed[0]
        assert (act == "execute" and before is State.DUE) or before is State.EXECUTED or not executed
        assert (phase_at(user.pk, now).name in LEAVING) is after.runs
        assert after.runs or phase_at(user.pk, now) == contract_at(user.pk, now)
    numbers = DeletionEvent.objects.filter(account_id=user.pk).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


ASKED = IN[Name.TRIAL]
ENDS = datetime(2026, 10, 20, 12, 0, tzinfo=PARIS)


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_withdrawing_and_executing_at_once_have_one_winner() -> None:
    """The withdrawal came in a microsecond before the instant, the execution at it; both are at work at the same time."""
    winners = set()
    for turn in range(12):
        user = make_trial()
        ask(user, ASKED)
        acts = [lambda u=user: withdraw(u, ENDS - INSTANT), lambda u=user: execute(u, ENDS)]
        found = together(*(acts if turn % 2 else reversed(acts)))
        assert sorted(isinstance(one, Refused) for one in found) == [False, True]
        kinds = [fact.kind for fact in facts_of(user.pk)]
        assert kinds in ([Kind.REQUESTED, Kind.WITHDRAWN], [Kind.REQUESTED, Kind.EXECUTED])
        winners.add(kinds[-1])
    assert winners <= {Kind.WITHDRAWN, Kind.EXECUTED}


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
@pytest.mark.parametrize("first", ["withdraw", "execute"])
def test_who_comes_second_sees_what_the_first_decided(first: str) -> None:
    """Both orders by force: the first has written and not committed when the second begins; the second waits, and loses."""
    user = make_trial()
    ask(user, ASKED)
    written = threading.Event()
    acts = {"withdraw": lambda: withdraw(user, ENDS - INSTANT), "execute": lambda: execute(user, ENDS)}
    second = next(name for name in acts if name != first)

    def leads() -> None:
        with transaction.atomic():
            acts[first]()
            written.set()
            threading.Event().wait(0.4)

    def follows() -> None:
        assert written.wait(20)
        acts[second]()

    led, followed = together(leads, follows)
    assert (led, isinstance(followed, Refused)) == (None, True)
    ended = {"withdraw": Kind.WITHDRAWN, "execute": Kind.EXECUTED}[first]
    assert [fact.kind for fact in facts_of(user.pk)] == [Kind.REQUESTED, ended]


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_requests_at_once_make_one() -> None:
    """Two tabs, clicked together."""
    for _turn in range(4):
        user = make_trial()
        found = together(*[lambda u=user: ask(u, ASKED)] * 3)
        assert sorted(isinstance(one, Refused) for one in found) == [False, True, True]
        assert DeletionEvent.objects.filter(account_id=user.pk).count() == 1


@pytest.mark.database
@pytest.mark.django_db(databases=["default", "keys"], transaction=True)
def test_change_of_factor_and_execution_at_once_never_both_count() -> None:
    """A change in the last microsecond stops it, or comes after what is done."""
    for _turn in range(6):
        user = make_trial()
        ask(user, ASKED)
        together(lambda u=user: change(u, ENDS - INSTANT), lambda u=user: execute(u, ENDS))
        kinds = [fact.kind for fact in facts_of(user.pk)]
        assert kinds in ([Kind.REQUESTED, Kind.STOPPED], [Kind.REQUESTED, Kind.EXECUTED])
