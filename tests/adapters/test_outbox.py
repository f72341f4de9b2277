"""The outbox: rows stand and fall with the act, the ground is asked when they are sent, and each comes to an end."""

# ruff: noqa: F811
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from adapters import outbox, tasks
from adapters.boxes.deciding import give_up, try_again
from adapters.boxes.models import Outgoing
from adapters.boxes.queue import FIRST_WAIT, LEASE, LONGEST_WAIT, MOST_ATTEMPTS, Outcome, mend_clocks, wait_after
from adapters.boxes.refs import GroundRef
from adapters.calls import Answer
from adapters.faults import Broken, Busy, Closed, Fault, Rejected, TimedOut
from adapters.outbox import TryLater, Undeliverable
from adapters.states import INCOMING, OUTGOING, STOP, By, Event, State, move
from audit.actors import Actor
from audit.models import EventEntry
from launcher.processes import read_procfile
from praticonnect.celery import app
from privacy.ids import new_id
from privacy.refusals import Refused
from tests.adapters.factories import KIND, SLOT, Receiver, agreeing, queued, receiver, work  # noqa: F401 - a fixture
from tests.consents.factories import NOON, choose, person
from vault.unsealed import Unsealed

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
OFFICE = Actor(account_id=new_id(), role="dpo")


def test_a_message_is_sent_once_with_its_content_and_then_holds_none(receiver: Receiver) -> None:
    row = queued()
    said = row.content
    assert (work(), work(NOON + LEASE * 2)) == (1, 0)
    row.refresh_from_db()
    assert (receiver.keys, receiver.contents) == ([str(row.pk)], [said])
    assert (row.state, row.payload, row.ended_at, row.attempts) == (State.DONE, None, NOON, 1)


def test_payload_is_sealed_at_rest(receiver: Receiver) -> None:
    with transaction.atomic():
        row = outbox.enqueue(kind=KIND, payload={"to": "Zyklamen"}, ground=GroundRef.consent(new_id(), SLOT), now=NOON)
    with connection.cursor() as cursor:
        cursor.execute("select to_jsonb(row)::text from adapters_outgoing as row where id = %s", [row.pk])
        assert "Zyklamen" not in cursor.fetchone()[0]


def test_a_message_falls_with_the_act_it_belongs_to(receiver: Receiver) -> None:
    with transaction.atomic():
        queued()
        transaction.set_rollback(True)
    assert (work(), receiver.keys) == (0, [])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"kind": "nobody.does"}, LookupError),
        ({"payload": {"to": object()}}, TypeError),
        ({"payload": {"to": "x" * outbox.LARGEST}}, ValueError),
        ({"payload": {"to": [{"note": Unsealed("asthma")}]}}, TypeError),
    ],
)
def test_what_can_never_be_sent_is_refused_at_once(
    receiver: Receiver, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        outbox.enqueue(
            **{"kind": KIND, "payload": {}, "ground": GroundRef.consent(new_id(), SLOT), "now": NOON, **wrong}
        )


def test_a_necessity_that_isnt_in_the_register_names_no_ground() -> None:
    with pytest.raises(LookupError, match="login_code"):
        GroundRef.necessary("because we want to")


def test_postgresql_refuses_a_row_without_a_ground(receiver: Receiver) -> None:
    row = queued()
    with pytest.raises(IntegrityError), transaction.atomic():
        Outgoing.objects.filter(pk=row.pk).update(slot="")


def test_a_necessity_is_sent_whatever_anybody_withdraws(receiver: Receiver) -> None:
    by = person()
    queued(ground=GroundRef.necessary("login_code", subject_id=by.account_id))
    choose(by, SLOT, now=NOON)
    choose(by, SLOT, False, now=NOON)
    assert (work(), len(receiver.keys)) == (1, 1)


def test_the_same_word_twice_is_one_message(receiver: Receiver) -> None:
    first, again = queued(dedupe="2026-11"), queued(dedupe="2026-11")
    other = queued(dedupe="2026-12")
    assert (again.pk, other.pk != first.pk, work()) == (first.pk, True, 2)


def test_a_message_waits_for_its_hour(receiver: Receiver) -> None:
    queued(due_at=NOON + timedelta(days=14))
    assert [work(NOON + timedelta(days=days)) for days in (0, 13, 14)] == [0, 0, 1]


def test_a_worker_drops_what_was_queued_on_a_consent_withdrawn_meanwhile(receiver: Receiver) -> None:
    """A message whose transaction ended after the withdrawal's: no withdrawal could see it."""
    subject = agreeing()
    choose(person(subject), SLOT, False, now=NOON)
    row = queued(subject)
    work()
    row.refresh_from_db()
    assert (receiver.keys, row.state, row.problem, row.payload) == ([], State.DROPPED, "no_grant", None)


def test_what_fails_is_tried_again_later_and_later_then_is_the_office_s(receiver: Receiver) -> None:
    """Each time with the same key; the wait doubles up to an hour; after the last attempt nobody tries any more."""
    receiver.then = lambda row: 1 / 0
    row, moment, waits = queued(), NOON, []
    while work(moment):
        row.refresh_from_db()
        waits.append(row.due_at - moment)
        moment = row.due_at
        if row.state == State.FAILED:
            break
    assert waits[:-1] == [wait_after(attempt) for attempt in range(1, MOST_ATTEMPTS)]
    assert (waits[0], max(waits[:-1])) == (FIRST_WAIT, LONGEST_WAIT)
    assert (len(receiver.keys), set(receiver.keys)) == (MOST_ATTEMPTS, {str(row.pk)})
    assert (row.state, row.problem, work(moment + timedelta(days=9))) == (State.FAILED, "ZeroDivisionError", 0)
    assert row.content


def raising(error: Exception) -> Any:
    def then(row: Outgoing) -> None:
        raise error

    return then


def test_a_refusal_for_good_isnt_tried_again(receiver: Receiver) -> None:
    receiver.then = raising(Undeliverable("no_such_number"))
    row = queued()
    work()
    row.refresh_from_db()
    assert (row.state, row.problem, work(NOON + timedelta(days=1))) == (State.FAILED, "no_such_number", 0)


@pytest.mark.parametrize(("asked", "waits"), [(90, 90), (1, 10), (90_000, 3600)])
def test_the_other_side_says_how_long_to_wait_within_bounds(receiver: Receiver, asked: int, waits: int) -> None:
    receiver.then = raising(TryLater("busy", timedelta(seconds=asked)))
    row = queued()
    work()
    row.refresh_from_db()
    assert (row.state, row.due_at - NOON, row.claimed_at) == (State.WAITING, timedelta(seconds=waits), None)


def test_a_closed_way_uses_up_no_attempts(receiver: Receiver) -> None:
    """However long the office keeps it closed, nothing is lost; each round counts as none."""
    receiver.then = raising(Closed("resend", "office", "closed"))
    row = queued()
    for hour in range(MOST_ATTEMPTS * 2):
        work(NOON + timedelta(hours=hour))
    row.refresh_from_db()
    assert (row.state, row.problem, row.attempts) == (State.WAITING, "closed", 0)


@pytest.mark.parametrize(
    ("fault", "state", "problem", "seconds"),
    [
        (Busy("resend", 429, timedelta(seconds=90)), State.WAITING, "busy", 90),
        (Busy("resend", 429, None), State.WAITING, "busy", 10),
        (TimedOut("resend", "read", sent=True), State.WAITING, "timed_out", 10),
        (Broken("resend", "empty", sent=True, status=502), State.WAITING, "broken", 10),
        (Rejected("resend", Answer("resend", 422, {}, b""), "invalid"), State.FAILED, "rejected", None),
        (Rejected("resend", Answer("resend", 401, {}, b""), "missing_api_key"), State.WAITING, "rejected", 10),
        (Rejected("resend", Answer("resend", 403, {}, b""), "invalid_api_key"), State.WAITING, "rejected", 10),
        (Closed("resend", "office", "closed"), State.WAITING, "closed", 300),
        (Closed("resend", "breaker", "rests", NOON + timedelta(seconds=480)), State.WAITING, "closed", 480),
        (Closed("resend", "breaker", "rests", NOON - timedelta(seconds=1)), State.WAITING, "closed", 10),
    ],
)
def test_each_fault_of_the_door_leads_where_it_says(
    receiver: Receiver, fault: Fault, state: State, problem: str, seconds: int | None
) -> None:
    receiver.then = raising(fault)
    row = queued()
    work()
    row.refresh_from_db()
    waits = (row.due_at - NOON).total_seconds() if state is State.WAITING else None
    assert (row.state, row.problem, waits) == (state, problem, seconds)


def test_a_row_that_kills_its_workers_is_given_out(receiver: Receiver) -> None:
    """Claimed again and again and never ended, as a worker leaves it that is killed at once."""
    row, moment = queued(), NOON
    for _ in range(MOST_ATTEMPTS):
        assert Outgoing.claim(moment)
        moment += LEASE
    assert work(moment) == 1
    row.refresh_from_db()
    assert (row.state, row.problem, receiver.keys) == (State.FAILED, "worker_lost", [])


def test_a_row_nobody_handles_any_more_waits_and_then_shows(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = queued()
    monkeypatch.delitem(outbox._handlers, KIND)
    work()
    row.refresh_from_db()
    assert (row.state, row.problem) == (State.WAITING, "no_handler")


def test_a_held_row_is_nobody_else_s_until_its_lease_is_over(receiver: Receiver) -> None:
    queued()
    first = Outgoing.claim(NOON)
    assert first
    assert (Outgoing.claim(NOON + LEASE - timedelta(seconds=1)), first.is_under_way(NOON)) == (None, True)
    second = Outgoing.claim(NOON + LEASE)
    assert second
    assert (second.pk, second.idempotency_key) == (first.pk, first.idempotency_key)
    done = Outcome(Event.DO)
    assert (outbox.finish(first, done, now=NOON + LEASE), outbox.finish(second, done, now=NOON + LEASE)) == (
        False,
        True,
    )


@pytest.mark.parametrize("jump", [timedelta(days=400), -timedelta(days=400)])
def test_a_clock_that_jumps_loses_no_message(receiver: Receiver, jump: timedelta) -> None:
    """A worker with a wrong clock takes a row and dies; once clocks are right, the row is sent, and none before its hour."""
    later = queued(due_at=NOON + timedelta(days=500))
    row = queued(due_at=NOON + min(jump, timedelta()))
    assert Outgoing.claim(NOON + jump)
    mend_clocks(Outgoing, NOON)
    assert (work(), receiver.keys) == (1, [str(row.pk)])
    later.refresh_from_db()
    assert (later.state, later.due_at) == (State.WAITING, NOON + timedelta(days=500))


def failed(receiver: Receiver) -> Outgoing:
    receiver.then = raising(Undeliverable("refused"))
    row = queued()
    work()
    receiver.then = lambda row: None
    return row


def test_the_office_tries_again_with_the_same_key(receiver: Receiver) -> None:
    row = failed(receiver)
    try_again(model=Outgoing, row_id=row.pk, by=OFFICE, now=NOON)
    work()
    row.refresh_from_db()
    assert (row.state, receiver.keys) == (State.DONE, [str(row.pk)] * 2)
    assert EventEntry.objects.get(object_id=str(row.pk)).verb == "adapters.outgoing.tried_again"
    with pytest.raises(Refused):
        try_again(model=Outgoing, row_id=row.pk, by=OFFICE, now=NOON)


def test_the_office_gives_up_with_a_reason_and_the_content_goes(receiver: Receiver) -> None:
    row = failed(receiver)
    with pytest.raises(Refused):
        give_up(model=Outgoing, row_id=row.pk, reason=" ", by=OFFICE, now=NOON)
    give_up(model=Outgoing, row_id=row.pk, reason="The number was wrong.", by=OFFICE, now=NOON)
    row.refresh_from_db()
    assert (row.state, row.payload, row.reason) == (State.DROPPED, None, "The number was wrong.")


def test_tables_of_moves_have_one_way_from_each_state_by_each_event() -> None:
    for table in (OUTGOING, INCOMING, STOP):
        assert len({(one.start, one.event) for one in table}) == len(table)
        assert not [one for one in table if one.start in (State.DONE, State.DROPPED)]
    assert move(STOP, State.FAILED, Event.GIVE_UP, By.OFFICE) is None
    assert move(OUTGOING, State.WAITING, Event.DO, By.OFFICE) is None


def test_a_move_that_isnt_in_the_table_is_refused(receiver: Receiver) -> None:
    row = queued()
    with pytest.raises(ValueError, match="no move"):
        row.end(Event.NOT_KNOW, NOON)


def test_ten_thousand_waiting_messages_are_dropped_by_index(receiver: Receiver) -> None:
    """The statement of a withdrawal reads the subject's own rows, however many others wait."""
    subject = agreeing()
    queued(subject)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into adapters_outgoing (id, state, due_at, attempts, problem, kind, ground, subject_id, slot, wish,"
            " necessity, payload, dedupe, queued_at, reason) select gen_random_uuid(), 'waiting', %s, 0, '', 'other', 'consent',"
            " gen_random_uuid(), %s, '', '', '', '', %s, '' from generate_series(1, 3000)",
            [NOON, SLOT, NOON],
        )
        cursor.execute("analyze adapters_outgoing")
    rows = Outgoing.objects.filter(subject_id=subject, slot__in=[SLOT])
    assert "outgoing_of_subject" in rows.explain()
    assert outbox.drop(rows, now=NOON) == 1


def test_bell_rings_once_for_many_messages(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(outbox, "_send", rung.append)
    subject = agreeing()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            queued(subject)
        queued(subject, due_at=NOON + timedelta(days=1))
    assert rung == ["adapters.send"]


def test_a_broker_that_is_away_undoes_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(task: str) -> None:
        raise DatabaseError("no broker")

    monkeypatch.setattr(outbox, "_send", away)
    with django_capture_on_commit_callbacks(execute=True):
        queued()
    assert work() == 1


@pytest.mark.parametrize(("urgent_only", "looks"), [(False, 2), (True, 1)])
def test_a_claim_chooses_its_row_once_however_postgresql_joins(urgent_only: bool, looks: int) -> None:
    """As a nested loop's inner side the choice would run anew for each row, and lease rows that nobody sends."""
    with connection.cursor() as cursor:
        asked = Outgoing.claim_sql(urgent_only=urgent_only)
        cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off")
        cursor.execute("explain " + asked, {"now": NOON, "lease": NOON + LEASE})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert ("CTE due" in plan, plan.count("LockRows"), plan.count("InitPlan")) == (True, looks, looks)
    assert (plan.count("using outgoing_code_due"), plan.count("using outgoing_due")) == (1, looks - 1)


CODE = GroundRef.necessary("login_code", subject_id=new_id())


def test_a_code_is_claimed_before_all_that_has_waited_longer(receiver: Receiver) -> None:
    bulk = [queued(now=NOON - timedelta(hours=hour)) for hour in (1, 2)]
    late = queued(ground=CODE, due_at=NOON + timedelta(minutes=1))
    code = queued(ground=CODE)
    assert [row.pk for row in iter(lambda: Outgoing.claim(NOON), None)] == [code.pk, bulk[1].pk, bulk[0].pk]
    late.refresh_from_db()
    assert (late.attempts, late.claimed_at) == (0, None)


def test_the_worker_of_codes_takes_nothing_else(receiver: Receiver) -> None:
    """So that no call of a minute is before a code, whatever the other workers do."""
    queued(now=NOON - timedelta(hours=1))
    code = queued(ground=CODE)
    assert [row.pk for row in iter(lambda: Outgoing.claim(NOON, urgent_only=True), None)] == [code.pk]


def test_a_code_rings_for_the_worker_that_sends_nothing_else(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(outbox, "_send", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        queued(ground=CODE)
    assert rung == ["adapters.send_codes"]


def test_its_worker_sends_codes_and_leaves_the_rest(receiver: Receiver) -> None:
    rest, code = queued(now=NOON), queued(ground=CODE)
    assert (tasks.send_codes(), receiver.keys) == (1, [str(code.pk)])
    rest.refresh_from_db()
    assert rest.attempts == 0


def test_each_task_goes_to_a_queue_that_a_line_of_the_procfile_serves() -> None:
    """Messages in a queue that nobody reads would wait for ever."""
    lines = read_procfile(Path(settings.BASE_DIR) / "Procfile")
    served = {
        name: re.findall(r"--queues (\S+)", line) or [app.conf.task_default_queue] for name, line in lines.items()
    }
    sent = {name: app.amqp.router.route({}, name)["queue"].name for name in ("adapters.send", "adapters.send_codes")}
    assert (served["codes"], served["worker"]) == ([sent["adapters.send_codes"]], [sent["adapters.send"]])
    assert sent["adapters.send"] != sent["adapters.send_codes"]


@pytest.mark.parametrize(
    ("ended", "free"),
    [
        ({"state": State.FAILED, "attempts": MOST_ATTEMPTS}, True),
        ({"state": State.DROPPED, "payload": None}, True),
        ({"state": State.FAILED, "attempts": 1}, False),
        ({"state": State.DONE, "payload": None}, False),
    ],
    ids=["worn out", "dropped", "refused for good", "sent"],
)
def test_only_what_never_left_is_asked_for_anew(receiver: Receiver, ended: dict[str, Any], free: bool) -> None:
    first = queued(dedupe="2026-11")
    Outgoing.objects.filter(pk=first.pk).update(ended_at=NOON, **ended)
    assert queued(dedupe="2026-11").pk == first.pk
    second = queued(dedupe="2026-11", anew=True)
    first.refresh_from_db()
    assert (second.pk != first.pk, first.state == State.DROPPED, first.dedupe == "") == (free, free, free)
    assert (first.payload is None, work()) == (ended["state"] != State.FAILED or free, int(free))
