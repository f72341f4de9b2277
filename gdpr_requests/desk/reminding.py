"""Whoever must answer is reminded of the limit, each time once: at half-time, three days before, on the day, and after."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from audit.actions import record_event
from audit.actors import Actor
from gdpr_requests.desk import mails
from gdpr_requests.desk.states import DONE
from gdpr_requests.models import Reminder, Request
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day

THREE_DAYS = timedelta(days=3)


class Kind(StrEnum):
    """The reminders, in the order in which they become true; a later one replaces the earlier."""

    HALF = "half"
    THREE_DAYS = "three_days"
    DUE = "due"
    OVERDUE = "overdue"


def reminder_due(received_on: date, limit_on: date, today: date) -> Kind | None:
    """The reminder that is true today, whether or not it was sent already. Pure; days are Paris days."""
    begins = {
        Kind.HALF: received_on + (limit_on - received_on) / 2,
        Kind.THREE_DAYS: limit_on - THREE_DAYS,
        Kind.DUE: limit_on,
        Kind.OVERDUE: limit_on + timedelta(days=1),
    }
    reached = [kind for kind, day in begins.items() if day <= today]
    return reached[-1] if reached else None


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Send all that is due, or only count it."""
    outcomes = {f"notice.request.{kind}": Outcome() for kind in Kind}
    for request_id, kind in due(now):
        outcome = outcomes[f"notice.request.{kind}"]
        outcome.due += 1
        if dry_run:
            continue
        outcome.done += send(request_id, by=by, now=now)
    return outcomes


def due(now: datetime) -> list[tuple[UUID, Kind]]:
    """Each open request with the reminder that is true and wasn't sent for its limit; two queries."""
    requests = list(Request.objects.exclude(state__in=DONE).order_by("due_on", "pk"))
    rows = Reminder.objects.filter(request_id__in=[one.pk for one in requests])
    sent = set(rows.values_list("request_id", "kind", "limit_on"))
    today = legal_day(now)
    true = ((one, reminder_due(legal_day(one.received_at), one.limit_on, today)) for one in requests)
    return [(one.pk, kind) for one, kind in true if kind and (one.pk, kind, one.limit_on) not in sent]


@transaction.atomic
def send(request_id: UUID, *, by: Actor, now: datetime) -> bool:
    """Send one reminder, asked again under the request's lock; False when none is due any more."""
    request = Request.objects.select_for_update().get(pk=request_id)
    kind = reminder_due(legal_day(request.received_at), request.limit_on, legal_day(now))
    known = Reminder.objects.filter(request_id=request_id, kind=kind, limit_on=request.limit_on)
    if not request.is_open or kind is None or known.exists():
        return False
    row = Reminder.objects.create(request_id=request_id, kind=kind, limit_on=request.limit_on, sent_at=now)
    record_event(
        by=by, verb="gdpr.request.reminded", object_type=Reminder._meta.label, object_id=row.pk,
        practice_id=request.practice_id, detail={"kind": kind.value, "request": request.number}, now=now,
    )  # fmt: skip
    mails.reminder(request, kind.value)
    return True
