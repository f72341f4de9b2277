"""Real connections: two workers at once, one that is killed between the call and its note, a withdrawal during a call."""

# ruff: noqa: F811
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from adapters import outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.queue import LEASE
from adapters.boxes.refs import GroundRef
from adapters.states import State
from praticonnect.database import as_owner
from privacy.ids import new_id
from tests.adapters.factories import KIND, SLOT, Receiver, agreeing, queued, receiver, work  # noqa: F401 - a fixture
from tests.consents.factories import NOON, choose, person
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys"])


def test_two_workers_take_each_row_once(receiver: Receiver) -> None:
    """While one is inside a call, the other takes the rest: nobody waits, nothing is taken twice."""
    subject = agreeing()
    keys = {str(queued(subject).pk) for _ in range(12)}
    both_inside = threading.Barrier(2)
    receiver.then = lambda row: both_inside.wait(20)
    taken = together(work, work)
    assert (sum(map(int, taken)), sorted(receiver.keys)) == (12, sorted(keys))  # type: ignore[call-overload]
    assert Outgoing.objects.filter(state=State.DONE).count() == 12


def test_a_worker_killed_after_the_call_leaves_a_row_that_is_sent_again_with_the_same_key(receiver: Receiver) -> None:
    """PostgreSQL ends the worker's session while it is inside the call: what it would have noted is lost."""
    row = queued()

    def dies(_row: Outgoing) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            pids.append(cursor.fetchone()[0])
        called.set()

    pids: list[int] = []
    receiver.then = dies

    def worker() -> bool:
        held = Outgoing.claim(NOON)
        assert held
        outcome = outbox.attempt(held, now=NOON)
        ended.wait(20)
        return outbox.finish(held, outcome, now=NOON)

    def killer() -> None:
        assert called.wait(20)
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("select pg_terminate_backend(%s)", pids)
        ended.set()

    called, ended = threading.Event(), threading.Event()
    lost, _ = together(worker, killer)
    row.refresh_from_db()
    assert (type(lost), row.state, row.attempts) == (OperationalError, State.WAITING, 1)
    receiver.then = lambda row: None
    assert (work(NOON + LEASE - timedelta(seconds=1)), work(NOON + LEASE)) == (0, 1)
    row.refresh_from_db()
    assert (row.state, row.attempts, receiver.keys) == (State.DONE, 2, [str(row.pk)] * 2)


def test_a_withdrawal_waits_for_no_call_and_a_failed_call_isnt_repeated(receiver: Receiver) -> None:
    """The click returns while a worker is inside a call; the call fails, and the row is dropped without another."""
    subject = agreeing()
    row, waiting = queued(subject), queued(subject)
    called, withdrawn = threading.Event(), threading.Event()

    def slow(_row: Outgoing) -> None:
        called.set()
        assert withdrawn.wait(20)
        raise TimeoutError

    def worker() -> None:
        held = Outgoing.claim(NOON)
        assert held
        outbox.finish(held, outbox.attempt(held, now=NOON), now=NOON)

    def click() -> None:
        assert called.wait(20)
        choose(person(subject), SLOT, False, now=NOON)
        withdrawn.set()

    receiver.then = slow
    assert together(worker, click) == [None, None]
    assert work(NOON + timedelta(hours=1)) == 1
    ended = dict(Outgoing.objects.values_list("pk", "problem"))
    assert (ended, receiver.keys) == ({row.pk: "no_grant", waiting.pk: "withdrawn"}, [str(row.pk)])


def test_outside_of_a_transaction_nothing_is_queued(receiver: Receiver) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        outbox.enqueue(kind=KIND, payload={}, ground=GroundRef.consent(new_id(), SLOT), now=NOON)
    assert Outgoing.objects.count() == 0
