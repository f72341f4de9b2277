"""The one deletion door: whatever destroys a patient's file goes through it (PC-41, PC-50, LAW-03).

Two databases can't commit together. So the decision is committed first, and from then on every step can be
repeated: keys die, stored objects go with every version, then the rows go and the journal says so, in one
transaction. After a crash anywhere, :func:`finish_decided` goes on from what is left.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audit.actions import EventRow, record_events
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.models import Disposal
from lifecycle.retention import imports
from lifecycle.retention.children import FILE_TABLE, LOOSE, children
from lifecycle.retention.deciding import BATCH, Reason, decide
from lifecycle.retention.objects import remove_objects
from lifecycle.rights.journal import copy_new
from records.models import PatientFile
from records.training.leaving import forget_files
from vault import rings

__all__ = ["BATCH", "Reason", "decide", "destroy", "finish_decided"]
DECIDED = """
select file.id from records_patientfile file
 where file.leaving_at is not null and (%(wanted)s::uuid[] is null or file.id = any(%(wanted)s))
   and exists (select from lifecycle_disposal disposal where disposal.file_id = file.id)
 order by file.leaving_at, file.id limit %(limit)s for update skip locked
"""
TURN = "select pg_advisory_xact_lock(hashtext('lifecycle.retention.door'))"
NAMES = "select storage_name from records_document where file_id = any(%s)"


def destroy(
    file_ids: Iterable[UUID],
    *,
    reason: str,
    rule: str | None = None,
    by: Actor,
    now: datetime,
    run_id: UUID | None = None,
) -> list[UUID]:
    """Decide and destroy; returns the files that are gone, in the order of the decision. See :func:`decide`."""
    decided: list[UUID] = []
    wanted = list(file_ids)
    while some := decide(wanted, reason=reason, rule=rule, by=by, now=now, run_id=run_id):
        decided += some
    while finish_decided(wanted, by=by, now=now):
        pass
    return decided


def finish_decided(file_ids: Iterable[UUID] | None = None, *, by: Actor, now: datetime, limit: int = BATCH) -> int:
    """Carry out what was decided, up to ``limit`` files; returns how many are gone now. Safe to repeat or to cut off.

    Raises what a database or the storage raises; then nothing of the main database has changed, and the
    next call does it again.
    """
    wanted = None if file_ids is None else list(file_ids)
    if not _is_anything_decided(wanted):
        return 0
    copy_new()  # no key dies before the rights journal knows why: a restore could forget the decision (NEW-08)
    with transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        cursor.execute(TURN)
        cursor.execute(DECIDED, {"wanted": wanted, "limit": limit})
        files = [file_id for (file_id,) in cursor.fetchall()]
        if files:
            runs = imports.ending_with(files)
            forget_files(files, by=by, now=now)
            rings.destroy([*files, *_own_keys(files), *runs], now)
            cursor.execute(NAMES, [files])
            remove_objects(name for (name,) in cursor.fetchall())
            imports.forget_names(files)
            _delete_rows(files)
            imports.remove(runs)
            _journal(files, by, now)
    return len(files)


def _is_anything_decided(wanted: list[UUID] | None) -> bool:
    with scope(ALL):
        decided = PatientFile.objects.exclude(leaving_at=None)
        return (decided if wanted is None else decided.filter(pk__in=wanted)).exists()


def _own_keys(files: list[UUID]) -> list[UUID]:
    """Rows of the files that are sealed under a key of their own (holds): those keys die too."""
    found: list[UUID] = []
    for child in children():
        if child.has_own_key:
            found += _ids(f"select id from {child.table} where {child.column} = any(%s)", files)  # noqa: S608
    return found


def _delete_rows(files: list[UUID]) -> None:
    """All rows of the files, those that others point to last."""
    with connection.cursor() as cursor:
        for table, column in (*((child.table, child.column) for child in children()), *LOOSE, (FILE_TABLE, "id")):
            cursor.execute(f"delete from {table} where {column} = any(%s)", [files])  # noqa: S608 - our own names


def _journal(files: list[UUID], by: Actor, now: datetime) -> None:
    """One line a file: counts and the rule, nothing else (MD-44)."""
    rows = Disposal.objects.filter(file_id__in=files).values_list("file_id", "practice_id", "rule", "reason", "counts")
    lines = [
        EventRow(file_id, file_id, practice_id, {"rule": rule, "reason": reason, **_gone(counts)})
        for file_id, practice_id, rule, reason, counts in rows
    ]
    record_events(by=by, verb="lifecycle.file.destroyed", object_type=PatientFile._meta.label, rows=lines, now=now)


def _gone(counts: dict[str, int]) -> dict[str, int]:
    """Under names of their own: "consultations" in the journal counts those that an import made."""
    return {f"{kind}_gone": number for kind, number in counts.items()}


def _ids(sql: str, files: list[UUID]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [files])
        return [row_id for (row_id,) in cursor.fetchall()]
