"""Answered requests are closed in time, and closed ones leave three years later, key first (PC-52)."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model, QuerySet

from audit.actions import record_event
from audit.actors import Actor
from audit.calendar import expire_rows
from gdpr_requests.desk import steps
from gdpr_requests.desk.rules import Refused
from gdpr_requests.desk.states import State
from gdpr_requests.models import Exchange, IdentityDocument, RecipientTold, Rectified, Reminder, Request
from lifecycle.expiring.terms import ONE_DAY, ended_by, last_day
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day, start_of
from privacy.retention import Anchor
from records.objects import remove_objects
from vault import rings

BATCH: Final = 200
TERM: Final = "PC-52"
RULE: Final = "PC-52.requests"
CLOSE: Final = "PC-52.close"
DESTROYS: Final = {RULE: Request._meta.label}
NUMBERS: Final = "SELECT seq FROM {table} WHERE request_id = ANY(%s)"
OVERDUE: Final = timedelta(days=1)
"""Sweeps run hourly: what was due yesterday and is still there is late."""
SETTLED_AFTER: Final = timedelta(days=60)
"""An answer that nobody came back to within this is settled: the request is closed, and its three years run."""


def close_sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Close what was answered 60 days ago and never closed by hand."""
    settled = Request.objects.filter(state=State.ANSWERED, decided_at__lte=now - SETTLED_AFTER)
    found = list(settled.order_by("decided_at", "pk").values_list("pk", flat=True))
    outcome = Outcome(due=len(found))
    for request_id in () if dry_run else found:
        try:
            steps.close(request_id=request_id, by=by, now=now)
        except Refused:  # somebody closed it meanwhile
            continue
        outcome.done += 1
    return {CLOSE: outcome}


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Let go the requests whose last day is past."""
    over = due(now)
    outcome = Outcome(due=over.count(), since=_since(over))
    while not dry_run and (batch := _destroy_batch(by, now)):
        outcome.done += batch
    return {RULE: outcome}


def due(now: datetime) -> QuerySet[Request]:
    """Requests closed so long ago that their term is over today."""
    past = ended_by(TERM, Anchor.REQUEST_CLOSED, legal_day(now))
    return Request.objects.filter(closed_at__lt=start_of(past + ONE_DAY))


@transaction.atomic
def _destroy_batch(by: Actor, now: datetime) -> int:
    """Key and objects first, then the rows: after a crash anywhere the next sweep does it again."""
    rows = list(due(now).order_by("closed_at", "pk").select_for_update(skip_locked=True)[:BATCH])
    ids = [row.pk for row in rows]
    papers = IdentityDocument.objects.filter(request__in=ids)
    rings.destroy([*ids, *papers.values_list("pk", flat=True)], now)
    remove_objects(papers.exclude(storage_name="").values_list("storage_name", flat=True))
    _expire(Exchange, ids, by, now)
    for table in (Reminder, Rectified, RecipientTold):
        _expire(table, ids, by, now)
    papers.delete()
    for row in rows:
        record_event(
            by=by, verb="gdpr.request.forgotten", object_type=Request._meta.label, object_id=row.pk,
            practice_id=row.practice_id, detail={"request": row.number, "rule": TERM}, now=now,
        )  # fmt: skip
    Request.objects.filter(pk__in=ids).delete()
    return len(ids)


def _expire(model: type[Model], ids: list[UUID], by: Actor, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NUMBERS.format(table=model._meta.db_table), [ids])
        numbers = [number for (number,) in cursor.fetchall()]
    expire_rows(table=model._meta.db_table, numbers=numbers, rule=TERM, by=by, now=now)


def _since(over: QuerySet[Request]) -> date | None:
    oldest = over.order_by("closed_at").values_list("closed_at", flat=True).first()
    return last_day(TERM, Anchor.REQUEST_CLOSED, legal_day(oldest)) + ONE_DAY if oldest else None
