"""Copies the evidence of rights into the rights journal (NEW-08)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from care.tenancy import ALL, scope
from lifecycle.models import RightsMark
from lifecycle.rights.streams import STREAMS, Stream
from vault import rights


def copy_new(*, everything: bool = False) -> int:
    """Copy what isn't in the journal yet; returns how many rows. Safe to run twice, at once, or after a crash.

    Only what is committed may be copied: raises RuntimeError inside a transaction. Whoever destroys a key calls
    this between the decision and the key's death, so that no restore forgets the decision. ``everything`` looks at
    all rows, not only at those since the newest copied one.
    """
    return sum(_copy(stream, everything) for stream in STREAMS)


def _copy(stream: Stream, everything: bool) -> int:
    copied = 0
    since = None if everything else rights.look_again_from(stream.table)
    newest: rights.Entry | None = None
    with transaction.atomic(durable=True), scope(ALL):
        for batch in stream.newest_first(since):
            newest = newest or batch[0]
            copied += rights.append(batch)
    if newest is not None:
        _mark(stream, newest, timezone.now())
    return copied


def _mark(stream: Stream, newest: rights.Entry, now: datetime) -> None:
    """Remember how far the journal has come, when it has come further."""
    moved = RightsMark.objects.filter(stream=stream.table).exclude(entry_id=newest.id)
    if not moved.update(entry_id=newest.id, copied_at=now):
        RightsMark.objects.get_or_create(stream=stream.table, defaults={"entry_id": newest.id, "copied_at": now})
