"""Orders of authorities: their patients are told as soon as the law lets it, and what they say goes three years after their end.

Three years, as the lines of the access journal that they explain (PC-46b). The row stays as the proof that nobody read
alone: whom it named goes with its key, its document with the storage.
"""

from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Least

from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.expiring.terms import ONE_DAY, ended_by, last_day
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day, start_of
from privacy.retention import Anchor
from records.actions.documents import stored_before
from records.authority.actions import FOLDER, tell_patients
from records.authority.queries import to_tell
from records.models import AuthorityOrder
from records.objects import remove_objects
from vault import rings

BATCH: Final = 200
RULE: Final = "PC-46b"
TELLING, FORGETTING = "MD-43.told", "PC-46b.orders"
DESTROYS: Final = {FORGETTING: AuthorityOrder._meta.label}
OVER: Final = Least("until_at", "ended_at")
"""When an order stopped opening anything; PostgreSQL leaves out what is empty."""


def tell(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Write to the patients whom an order no longer keeps from knowing. Who has no account here is told by the practice."""
    with scope(ALL):
        outcome = Outcome(due=to_tell(now).count())
        if not dry_run:
            outcome.done = tell_patients(by=by, now=now)
            outcome.held = outcome.due - outcome.done
    return {TELLING: outcome}


def forget(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Destroy key and document of the orders whose term is over."""
    with scope(ALL):
        over = due(now)
        outcome = Outcome(due=over.count(), since=_since(over))
    while not dry_run and (batch := _forget_batch(by, now)):
        outcome.done += batch
    if not dry_run:
        remove_objects(strays(now))
    return {FORGETTING: outcome}


def strays(now: datetime) -> list[str]:
    """Documents in the storage whose order was never written: the process died in between."""
    old = stored_before(FOLDER, now=now)
    with scope(ALL):
        known = set(AuthorityOrder.objects.filter(storage_name__in=old).values_list("storage_name", flat=True))
    return [name for name in old if name not in known]


def due(now: datetime) -> QuerySet[Any]:
    """Orders that ended so long ago that their term is over today. Call inside a scope of all practices."""
    past = ended_by(RULE, Anchor.EVENT, legal_day(now))
    return left().filter(over_at__lt=start_of(past + ONE_DAY))


def left() -> QuerySet[Any]:
    """Orders whose words are there still, with the moment at which each ended or ends."""
    return AuthorityOrder.objects.filter(forgotten_at=None).annotate(over_at=OVER)


def _forget_batch(by: Actor, now: datetime) -> int:
    """Key and document first, then the row: after a crash anywhere the next sweep does it again."""
    with transaction.atomic(), scope(ALL):
        rows = list(due(now).order_by("until_at", "pk").select_for_update(skip_locked=True)[:BATCH])
        rings.destroy([row.pk for row in rows], now)
        remove_objects(row.storage_name for row in rows if row.storage_name)
        for row in rows:
            row.forgotten_at, row.storage_name, row.email = now, "", ""
            row.save(update_fields=["forgotten_at", "storage_name", "email"])
            record_event(
                by=by, verb="records.order.forgotten", object_type=row._meta.label, object_id=row.pk,
                practice_id=row.practice_id, detail={"rule": RULE}, now=now,
            )  # fmt: skip
    return len(rows)


def last_day_of(ended_at: datetime) -> date:
    """The last day on which the words of an order that ended then are kept."""
    return last_day(RULE, Anchor.EVENT, legal_day(ended_at))


def _since(over: QuerySet[Any]) -> date | None:
    oldest = over.order_by("over_at").values_list("over_at", flat=True).first()
    return last_day_of(oldest) + ONE_DAY if oldest else None
