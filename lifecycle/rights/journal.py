"""Copies the evidence of rights into the rights journal (NEW-08)."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from care.tenancy import ALL, scope
from lifecycle.models import RightsMark
from lifecycle.rights.streams import STREAMS, Stream
from vault import rights

# A row is dated when it is inserted, and seen when its transaction ends. So whatever is dated before this moment
# is seen by a later query: no transaction that has written began before it.
SEEN_UNTIL: Final = """
select least(clock_timestamp(), min(xact_start)) from pg_stat_activity
 where datname = current_database() and backend_xid is not null and pid <> pg_backend_pid()
"""

MARGIN: Final = timedelta(seconds=10)
"""Between a row's number, its date and its transaction's first write lie microseconds; a stalled process may need longer."""


def copy_new(*, everything: bool = False) -> int:
    """Copy what isn't in the journal yet; returns how many rows. Safe to run twice, at once, or after a crash.

    Only what is committed may be copied: raises RuntimeError inside a transaction. Whoever destroys a key calls
    this between the decision and the key's death, so that no restore forgets the decision. ``everything`` looks at
    all rows, not only at those since the last copying.
    """
    until = _seen_until()
    return sum(_copy(stream, until, everything) for stream in STREAMS)


def _seen_until() -> datetime:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(SEEN_UNTIL)
        found: datetime = cursor.fetchone()[0]
    return found


def _copy(stream: Stream, until: datetime, everything: bool) -> int:
    mark = RightsMark.objects.filter(stream=stream.table).first()
    since = mark.complete_until - MARGIN if mark and not everything else None
    newest: rights.Entry | None = None
    copied = 0
    with transaction.atomic(durable=True), scope(ALL):
        for batch in stream.newest_first(since):
            newest = newest or batch[0]
            copied += rights.append(batch)
    if mark is None or copied or everything:
        values = {"complete_until": until, "entry_id": newest and newest.id}
        RightsMark.objects.update_or_create(stream=stream.table, defaults=values)
    return copied
