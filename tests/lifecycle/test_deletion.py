"""Requests to delete an account: instants, withdrawal, waiver, shield against takeover (PC-34)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor
from lifecycle.deletion.actions import request_deletion, stop_after_change, waive_wait, withdraw_deletion
from lifecycle.deletion.forecasts import accounts_to_delete
from lifecycle.deletion.queries import due, leaving, leaving_among, standing_at
from lifecycle.deletion.rules import SHIELD, State, execution_of
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent
from privacy.deadlines import DataClass, Right, deadline
from privacy.forecast import Leaving
from privacy.refusals import Refused
from tests.accounts.factories import make_account, make_staff
from tests.lifecycle.helpers import PARIS, make_trial
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")

ASKED = datetime(2026, 9, 20, 12, 0, tzinfo=PARIS)
ENDS = datetime(2026, 10, 20, 12, 0, tzinfo=PARIS)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


def ask(user: User, now: datetime = ASKED) -> None:
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=actor_of(user), now=now)


def withdraw(user: User, now: datetime) -> None:
    withdraw_deletion(account_id=user.pk, by=actor_of(user), now=now)


def refused(act: object, *args: object) -> str:
    with pytest.raises(Refused) as caught:
        act(*args)  # type: ignore[operator]
    return caught.value.refusal.code


def state(user: User, now: datetime) -> State:
    return standing_at(user.pk, now).state


def change(user: User, at: datetime, kind: str = "factor.added") -> None:
    record_security(by=actor_of(user), kind=kind, account_id=user.pk, now=at)


DATES = [date(2026, 1, 1) + timedelta(days=n) for n in range((date(2037, 1, 1) - date(2026, 1, 1)).days)]


@pytest.mark.parametrize("hour", [time(0, 0), time(0, 30), time(2, 30), time(12, 0), time(23, 59, 59, 999999)])
def test_execution_is_never_after_the_legal_deadline(hour: time) -> None:
    """For every date of 2026 to 2036 (reference M1); and never later than thirty days on."""
    late = []
    for day in DATES:
        asked = datetime.combine(day, hour, PARIS)
        legal = deadline(Right.ERASURE, DataClass.ORDINARY, asked)
        instant = execution_of(asked)
        on = instant.astimezone(PARIS).date()
        if not (asked < instant < legal.due_at and on <= legal.due_on and on <= day + timedelta(days=30)):
            late.append(day)
    assert late == []


@pytest.mark.parametrize(
    ("asked", "instant"),
    [
        (datetime(2027, 1, 31, 9, 0, tzinfo=PARIS), datetime(2027, 3, 1, 9, 0, tzinfo=PARIS)),
        (datetime(2028, 1, 31, 9, 0, tzinfo=PARIS), datetime(2028, 2, 29, 9, 0, tzinfo=PARIS)),
        (datetime(2027, 1, 29, 9, 0, tzinfo=PARIS), datetime(2027, 2, 28, 9, 0, tzinfo=PARIS)),
        (datetime(2026, 12, 1, 9, 0, tzinfo=PARIS), datetime(2026, 12, 31, 9, 0, tzinfo=PARIS)),
        (datetime(2026, 7, 31, 22, 30, tzinfo=UTC), datetime(2026, 8, 30, 22, 30, tzinfo=UTC)),
        (datetime(2026, 10, 10, 12, 0, tzinfo=PARIS), datetime(2026, 11, 9, 12, 0, tzinfo=PARIS)),
    ],
)
def test_execution_falls_on_the_vectors(asked: datetime, instant: datetime) -> None:
    """Appendix B: month ends, a leap year, the zone, a change of the clocks."""
    assert execution_of(asked) == instant


def test_request_waits_until_its_instant_then_is_due(me: User) -> None:
    ask(me)
    found = [state(me, now) for now in (ASKED - INSTANT, ASKED, ENDS - INSTANT, ENDS)]
    assert found == [State.NONE, State.PENDING, State.PENDING, State.DUE]
    assert (list(due(ENDS - INSTANT)), list(due(ENDS))) == ([], [(me.pk, ENDS)])
    assert standing_at(me.pk, ENDS).plan_sha256 == plan_for_account(me.pk, ASKED).sha256


def test_withdrawal_wins_until_the_last_moment_and_never_after(me: User) -> None:
    ask(me)
    withdraw(me, ENDS - INSTANT)
    assert (state(me, ENDS), list(due(ENDS)), list(leaving(ENDS))) == (State.NONE, [], [])
    ask(me, ENDS)
    later = standing_at(me.pk, ENDS).execute_at
    assert later is not None
    assert refused(withdraw, me, later) == "too_late"
    assert (state(me, later), list(leaving(later))) == (State.DUE, [me.pk])


def test_second_request_changes_nothing_and_says_so(me: User) -> None:
    ask(me)
    assert refused(ask, me, ASKED + timedelta(days=3)) == "pending"
    assert (DeletionEvent.objects.count(), standing_at(me.pk, ASKED + timedelta(days=4)).execute_at) == (1, ENDS)


def test_waiver_makes_it_due_at_once_and_once(me: User) -> None:
    ask(me)
    now = ASKED + timedelta(hours=1)
    waive = lambda: waive_wait(user=me, by=actor_of(me), now=now)  # noqa: E731
    waive()
    assert (state(me, now), refused(waive), refused(withdraw, me, now)) == (State.DUE, "waived", "too_late")


def test_nothing_to_waive_or_withdraw(me: User) -> None:
    assert refused(withdraw, me, ASKED) == "nothing"
    assert refused(lambda: waive_wait(user=me, by=actor_of(me), now=ASKED)) == "nothing"


def test_nothing_is_entered_before_what_is_on_record(me: User) -> None:
    ask(me)
    withdraw(me, ASKED + timedelta(days=2))
    assert refused(ask, me, ASKED + timedelta(days=1)) == "earlier"


def test_withdrawal_of_one_request_leaves_a_newer_one(me: User) -> None:
    """A link is bound to its request."""
    ask(me)
    first = standing_at(me.pk, ASKED).request
    withdraw(me, ASKED + timedelta(days=1))
    ask(me, ASKED + timedelta(days=2))
    old = lambda: withdraw_deletion(  # noqa: E731
        account_id=me.pk, by=actor_of(me), now=ASKED + timedelta(days=3), request=first
    )
    assert (refused(old), state(me, ASKED + timedelta(days=3))) == ("nothing", State.PENDING)


@pytest.mark.parametrize(
    ("before", "stopped"), [(SHIELD + INSTANT, False), (SHIELD, True), (INSTANT, True), (timedelta(0), False)]
)
def test_change_in_the_last_seven_days_stops(me: User, before: timedelta, stopped: bool) -> None:
    ask(me)
    assert stop_after_change(account_id=me.pk, by=actor_of(me), now=ENDS - before) is stopped
    assert state(me, ENDS) is (State.NONE if stopped else State.DUE)


@pytest.mark.parametrize("kind", ["email.changed", "factor.removed", "factor.added"])
def test_no_request_and_no_waiver_in_the_seven_days_after_a_change(me: User, kind: str) -> None:
    change(me, ASKED, kind)
    assert refused(ask, me, ASKED + SHIELD - INSTANT) == "changed"
    ask(me, ASKED + SHIELD)
    change(me, ASKED + SHIELD + INSTANT, kind)
    waive = lambda now: waive_wait(user=me, by=actor_of(me), now=now)  # noqa: E731
    assert refused(waive, ASKED + SHIELD + timedelta(hours=1)) == "changed"
    waive(ASKED + 2 * SHIELD + INSTANT)


def test_setting_up_a_new_account_is_no_change(me: User) -> None:
    change(me, me.created_at + timedelta(hours=3))
    now = me.created_at + timedelta(days=2)
    ask(me, now)
    assert state(me, now) is State.PENDING


def test_only_practitioners_without_office_rights_ask_this_way() -> None:
    assert refused(ask, make_staff("dpo@example.org")) == "staff"
    assert refused(ask, make_account("plain@example.org")) == "no_contract"


def test_events_stay_as_they_were_written(me: User) -> None:
    ask(me)
    for statement in ("update lifecycle_deletionevent set kind = 'withdrawn'", "delete from lifecycle_deletionevent"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert state(me, ASKED) is State.PENDING


def test_leaving_narrows_to_those_asked_for(me: User) -> None:
    other = make_trial("other@example.org")
    ask(me)
    ask(other)
    assert (set(leaving(ASKED)), leaving_among([other.pk], ASKED)) == ({me.pk, other.pk}, [other.pk])


def test_accounts_to_delete_are_forecast(me: User) -> None:
    """NEW-04: in the month of their instant, those that wait only."""
    withdrawn = make_trial("other@example.org")
    ask(me)
    ask(withdrawn)
    withdraw(withdrawn, ASKED + timedelta(days=1))
    today = date(2026, 9, 25)
    found = [list(accounts_to_delete(today, until)) for until in (date(2026, 10, 19), date(2026, 10, 20))]
    assert found == [[], [Leaving(date(2026, 10, 1), "PC-34", "accounts.User", 1)]]


def test_operations_enter_a_request_too(me: User) -> None:
    plan = plan_for_account(me.pk, ASKED).sha256
    request_deletion(user=me, plan_sha256=plan, by=Actor.operations("account request-deletion"), now=ASKED)
    row = DeletionEvent.objects.get()
    assert (row.actor_id, row.actor_role, row.channel, row.request) == (None, "operations", "command", 1)
