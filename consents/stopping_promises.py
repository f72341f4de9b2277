"""PC-17: a withdrawal stops the future. Queued work is dropped before it runs, and how long it took is read from rows."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Avg, Count, F, Max, Q

from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.outbox import Undeliverable, attempt, enqueue, finish, handles
from adapters.states import State
from consents.models import Stop
from consents.stopping import STOPPABLE
from consents.trial import Trial, trial
from privacy.consent_keys import KEYS
from privacy.promises import Measure, promise

CHECKED: Final = "tests/consents/test_stopping.py"
OVERDUE_AFTER: Final = timedelta(hours=1)
TRIAL: Final = "trial"
# The switch, the key above it, or the patient's own: what a withdrawal takes the ground from.
RESTS_ON: Final = """
(said.subject_id = row.subject_id
   and (row.slot = said.key || case when said.child = '' then '' else '.' || said.child end
        or said.child = '' and starts_with(row.slot, said.key || '.'))
 or said.subject_id = row.file_id and row.wish = said.key)
"""
STILL_WAITING: Final = f"""
select count(*) from adapters_outgoing as row
 where row.state = 'waiting' and row.claimed_at is null and exists (
   select from consents_consentevent as said
    where {RESTS_ON} and said.action = 'withdrawn' and said.at > row.queued_at)
"""  # noqa: S608 - a fixed text
SENT_AFTER: Final = f"""
select count(*) from adapters_outgoing as row
 where row.state = 'done' and exists (
   select from consents_consentevent as said
    where {RESTS_ON} and said.action = 'withdrawn' and said.at < row.claimed_at and not exists (
      select from consents_consentevent as again
       where again.subject_id = said.subject_id and again.key = said.key and again.child = said.child
         and again.number > said.number and again.at <= row.claimed_at and again.action in ('given', 'renewed')))
"""  # noqa: S608 - a fixed text
# Since there are rows of stops at all.
UNSTOPPED: Final = """
select count(*) from consents_consentevent as said
 where said.action = 'withdrawn' and said.kind = any(%s)
   and said.at >= (select applied from django_migrations where app = 'consents' and name = '0007_stop')
   and not exists (select from consents_stop as stop where stop.event_id = said.id)
"""


@handles(TRIAL)
def _never_sent(row: Outgoing, ground: object, now: datetime) -> None:
    """What a trial queues says by its failure that it would have been sent."""
    raise Undeliverable("sent")


@promise("PC-17", checked_by=CHECKED)
def queued_work_is_dropped_before_it_runs(now: datetime) -> Measure:
    """On a trial, messages are queued on each switch: withdrawn, they are dropped, and a worker that comes too late sends nothing."""
    with trial(now) as somebody:
        slots = [key for key, law in KEYS.items() if law.kind in STOPPABLE and not law.children]
        sent = [slot for slot in slots if _is_sent(somebody, slot)]
    waiting, after = _count(STILL_WAITING), _count(SENT_AFTER)
    figures = {
        "switches_tried": len(slots),
        "sent_after_the_withdrawal_on_trial": sent,
        "messages_dropped": Outgoing.objects.filter(state=State.DROPPED).count(),
        "waiting_although_withdrawn": waiting,
        "sent_after_the_withdrawal": after,
    }
    return Measure(bool(slots) and not sent and not waiting and not after, figures)


@promise("PC-17", checked_by=CHECKED)
def what_was_withdrawn_has_stopped(now: datetime) -> Measure:
    """Each withdrawal has its rows; all have stopped, none is late or failed. The times are from the click to the last place."""
    counts = Stop.objects.aggregate(
        withdrawals=Count("event_id", distinct=True),
        places=Count("pk"),
        failed=Count("pk", filter=Q(state=State.FAILED)),
        overdue=Count("pk", filter=Q(state=State.WAITING, asked_at__lt=now - OVERDUE_AFTER)),
    )
    done = Stop.objects.filter(state=State.DONE).exclude(ended_at=None)
    took = (
        done.values("event_id")
        .annotate(took=Max(F("ended_at") - F("asked_at")))
        .aggregate(mean=Avg("took"), longest=Max("took"))
    )
    unstopped = _count(UNSTOPPED, [kind.value for kind in STOPPABLE])
    figures = {
        **counts,
        "withdrawals_without_rows": unstopped,
        "seconds_to_stopped_everywhere_mean": _seconds(took["mean"]),
        "seconds_to_stopped_everywhere_longest": _seconds(took["longest"]),
    }
    return Measure(not (counts["failed"] or counts["overdue"] or unstopped), figures)


def _is_sent(somebody: Trial, slot: str) -> bool:
    """Whether anything queued on a switch is sent after its withdrawal: what waited then, or what a worker held already."""
    somebody.turn(slot, on=True)
    ref = GroundRef.consent(somebody.subject_id, slot)
    waited, held = (enqueue(kind=TRIAL, payload={}, ground=ref, now=somebody.now) for _row in range(2))
    later = somebody.now + timedelta(minutes=1)
    Outgoing.objects.filter(pk=held.pk).update(claimed_at=somebody.now, attempts=1, due_at=later)
    held.refresh_from_db()
    somebody.turn(slot, on=False)
    finish(held, attempt(held, now=somebody.now), now=somebody.now)
    states = set(Outgoing.objects.filter(pk__in=[waited.pk, held.pk]).values_list("state", flat=True))
    return states != {State.DROPPED.value}


def _count(sql: str, *values: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


def _seconds(took: timedelta | None) -> float | None:
    return round(took.total_seconds(), 1) if took is not None else None
