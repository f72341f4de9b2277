"""The end of a closed account's identity, and the sweep that makes good what a crash cut off (PC-36, PC-40, PC-50)."""

from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from audit.actions import record_event
from audit.actors import Actor
from care.models import Membership
from lifecycle.erasure import finishing
from lifecycle.models import ClosedAccount
from lifecycle.sweeping import Outcome
from privacy.clocks import Jurisdiction, legal_day
from vault import rings

BATCH: Final = 500
RESUMED, ENDED = "PC-50.resume", "PC-40"
DESTROYS: Final = {ENDED: ClosedAccount._meta.label}


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Destroy the identities whose three years are over."""
    over = due(now)
    outcome = Outcome(due=over.count(), since=_oldest(over))
    if not dry_run:
        outcome.done = destroy_due(by=by, now=now)
    return {ENDED: outcome}


def resume_sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Finish the erasures that were cut off, up to the certificate that waits to be sent."""
    outcome = Outcome(due=len(set(finishing.unfinished(now))))
    if not dry_run:
        _resume(outcome, by, now)
    return {RESUMED: outcome}


def due(now: datetime) -> QuerySet[ClosedAccount]:
    """Closed accounts whose last day is past on their own calendar."""
    days = {where: legal_day(now, where) for where in Jurisdiction}
    late = ClosedAccount.objects.none()
    for where, today in days.items():
        late = late | ClosedAccount.objects.filter(jurisdiction=where.value, keep_until__lt=today)
    return late


def destroy_due(*, by: Actor, now: datetime) -> int:
    """Destroy them: first the key, then the row; returns how many. Safe to repeat, or to cut off anywhere.

    The memberships that say what the person was in which practice go with it: they are account data too.
    """
    done = 0
    while batch := _destroy_batch(by, now):
        done += batch
    return done


@transaction.atomic
def _destroy_batch(by: Actor, now: datetime) -> int:
    rows = list(due(now).order_by("keep_until", "pk").select_for_update(skip_locked=True)[:BATCH])
    rings.destroy([row.pk for row in rows], now)
    Membership.objects.filter(user_id__in=[row.account_id for row in rows]).exclude(until_at=None).delete()
    for row in rows:
        record_event(
            by=by, verb="lifecycle.account.forgotten", object_type="lifecycle.ClosedAccount", object_id=row.pk,
            subject_id=row.account_id, detail={"rule": ENDED}, now=now,
        )  # fmt: skip
    ClosedAccount.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def _resume(outcome: Outcome, by: Actor, now: datetime) -> None:
    """One that fails doesn't keep the others from being finished; it is tried again by the next sweep."""
    for erasure_id in dict.fromkeys(finishing.unfinished(now)):
        try:
            finishing.finish(erasure_id, by=by, now=now)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on; the page says it failed
            finishing.log.error("an erasure isn't finished and is tried again: %s", type(error).__name__)
            outcome.failed += 1
        else:
            outcome.done += 1


def _oldest(late: QuerySet[ClosedAccount]) -> date | None:
    return late.order_by("keep_until").values_list("keep_until", flat=True).first()
