"""The result of the scan after an erasure: counts per kind of store, never a word (NEW-07)."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actions import record_event
from audit.actors import Actor
from lifecycle.models import ResidueScan
from lifecycle.residue.scanning import STORES, scan
from lifecycle.residue.spelling import SHORTEST, fold


def searchable(tokens: Collection[str]) -> list[str]:
    """Those of a person's words that are long enough to tell the person from others."""
    return [token for token in dict.fromkeys(tokens) if len(fold(token.strip())) >= SHORTEST]


def record_scan(*, subject_id: UUID, tokens: Collection[str], by: Actor, now: datetime) -> ResidueScan:
    """Search every store for the words of an erased person and keep how many places were found, by store.

    Words too short to say anything are left out; raises ValueError when none is left,
    :class:`~lifecycle.residue.scanning.ScanIncomplete` when a place can't be looked into.
    """
    words = searchable(tokens)
    if not words:
        raise ValueError("no word of this person is long enough to be searched for")
    places = Counter(one.store for one in scan(words))
    with transaction.atomic():
        row = ResidueScan.objects.create(
            subject_id=subject_id, at=now, tokens=len(words), is_clean=not places,
            counts={store: places[store] for store in STORES},
        )  # fmt: skip
        record_event(
            by=by, verb="lifecycle.residue_scanned", object_type="lifecycle.ResidueScan", object_id=row.pk,
            subject_id=subject_id, detail={"places": sum(places.values())}, now=now,
        )  # fmt: skip
    return row
