"""Writes to the keys that aren't an opening: the rotation of the master key."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from audit.actions import record_security
from audit.actors import Actor
from vault import master
from vault.models import FileKey, IndexKey, SystemKey, WrappedKey

BATCH = 500
KEY_TABLES: tuple[type[WrappedKey], ...] = (FileKey, SystemKey, IndexKey)


@dataclass(frozen=True)
class Rotation:
    """How many keys were wrapped anew, by table, and under which master key."""

    master_id: str
    rewrapped: dict[str, int]


def stale(model: type[WrappedKey]) -> QuerySet[WrappedKey]:
    """Living keys that an older master key still wraps."""
    return model._default_manager.exclude(master_id=master.current_id()).exclude(wrapped=b"")


def rotate(*, by: Actor, now: datetime) -> Rotation:
    """Wrap every key under the current master key, in batches. What is sealed with them stays as it is.

    Safe to stop, repeat or run twice at once: a batch is locked, and a key already done is passed
    over. Raises KeyUnreadable when an older master key is missing from PRATICONNECT_MASTER_KEYS.
    """
    done = {model._meta.label: _rotate_table(model) for model in KEY_TABLES}
    rotation = Rotation(master.current_id(), done)
    if any(done.values()):
        detail: dict[str, str | int] = {"master_id": rotation.master_id, **done}
        record_security(by=by, kind="keys.rotated", detail=detail, now=now)
    return rotation


def _rotate_table(model: type[WrappedKey]) -> int:
    count = 0
    while batch := _rotate_batch(model):
        count += batch
    return count


def _rotate_batch(model: type[WrappedKey]) -> int:
    with transaction.atomic(using="keys"):
        rows = list(stale(model).select_for_update().order_by("pk")[:BATCH])
        for row in rows:
            master.wrap(master.unwrap(row), row)
        model._default_manager.bulk_update(rows, ["wrapped", "master_id"])
    return len(rows)
