"""The mark on the key follows the record. Two databases can't commit together: the record decides, this makes it even.

A key that is closed without any record stays closed: its record may have been lost in a restore (NEW-08).
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import CharField, Exists, Max, OuterRef
from django.db.models.functions import Cast

from audit.actors import Actor
from audit.models import EventEntry
from care.tenancy import ALL, scope
from records.actions.journal import journal
from records.models import PatientFile, Restriction
from records.restriction.queries import live, restricted
from vault import rings

IN_FORCE = "restriction.in_force"


def settle(file_ids: Iterable[UUID], now: datetime) -> int:
    """Close and open the keys of these files as their records say; returns how many moved. Safe to repeat or cut off.

    The files are locked, so that no restriction begins or ends between the reading and the move.
    """
    wanted = sorted(set(file_ids))
    with transaction.atomic(), scope(ALL):
        files = PatientFile.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
        there = list(files.values_list("pk", flat=True))
        shut = restricted(there)
        moved = rings.restrict(shut, now) + rings.unrestrict(_freed(there) - shut, now)
        _note_in_force(shut, now)
    return moved


def astray() -> set[UUID]:
    """The files whose key and record differ."""
    with scope(ALL):
        recorded = set(live().values_list("file_id", flat=True))
        closed = rings.restricted_since()
        return (recorded - closed.keys()) | (_freed(closed) - recorded)


def _note_in_force(file_ids: Iterable[UUID], now: datetime) -> None:
    """Journal of each restriction, once, that it is in force. The line is written after its commit: whoever opens the
    file later by the database's clock, does so in spite of it (the promise PC-63 counts from there)."""
    noted = EventEntry.objects.filter(
        verb=f"records.{IN_FORCE}", object_type=Restriction._meta.label, object_id=Cast(OuterRef("pk"), CharField())
    )
    for row in live().filter(file_id__in=file_ids).exclude(Exists(noted)):
        journal(row, IN_FORCE, file_id=row.file_id, by=Actor.system("restriction"), now=now)


def _freed(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those whose closed key belongs to a record that was lifted since."""
    closed = rings.restricted_since()
    ids = [file_id for file_id in file_ids if file_id in closed]
    ends = (
        Restriction.objects.filter(file_id__in=ids, lifted_at__isnull=False)
        .values("file_id")
        .annotate(end=Max("lifted_at"))
    )
    return {row["file_id"] for row in ends if row["end"] >= closed[row["file_id"]]}
