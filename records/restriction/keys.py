"""The mark on the key follows the record. Two databases can't commit together: the record decides, this makes it even.

A key that is closed without any record stays closed: its record may have been lost in a restore (NEW-08).
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from care.tenancy import ALL, scope
from records.models import PatientFile, Restriction
from records.restriction.queries import live, restricted
from vault import rings


def settle(file_ids: Iterable[UUID], now: datetime) -> int:
    """Close and open the keys of these files as their records say; returns how many moved. Safe to repeat or cut off.

    The files are locked, so that no restriction begins or ends between the reading and the move.
    """
    wanted = sorted(set(file_ids))
    with transaction.atomic(), scope(ALL):
        files = PatientFile.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
        there = list(files.values_list("pk", flat=True))
        shut = restricted(there)
        return rings.restrict(shut, now) + rings.unrestrict(_freed(there) - shut, now)


def astray() -> set[UUID]:
    """The files whose key and record differ."""
    with scope(ALL):
        recorded = set(live().values_list("file_id", flat=True))
        closed = rings.restricted_since()
        return (recorded - closed.keys()) | (_freed(closed) - recorded)


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
