"""From daily use to the archive: the key moves to the archive ring (PC-41).

Who may open what follows from the stored day and the clock; the sweep moves keys, never rights. Keys move
before the main transaction commits: cut off in between, the next run finds the file due again and no key to move.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from audit.actions import EventRow, record_events
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.retention.deciding import BATCH, is_past
from privacy.clocks import Jurisdiction, legal_day
from records.models import PatientFile
from vault import rings

DUE = """
select file.id, file.practice_id from records_patientfile file
  join care_practice practice on practice.id = file.practice_id
 where file.archived_at is null and file.leaving_at is null and {past} and {free}
 order by file.active_until, file.id limit %(limit)s for update of file skip locked
"""
BACK = """
select file.id, file.practice_id from records_patientfile file
  join care_practice practice on practice.id = file.practice_id
 where file.archived_at is not null and file.leaving_at is null
   and file.active_until >= %(earliest)s and not ({past}) and {free}
 order by file.active_until, file.id limit %(limit)s for update of file skip locked
"""
SHORTEN = """
update records_patientfile file set active_until = least(file.active_until, case practice.jurisdiction {days} end),
       reopened_until = null
  from care_practice practice
 where practice.id = file.practice_id and file.id = any(%(files)s) and file.leaving_at is null
"""
FREE = "not exists (select from records_restriction r where r.file_id = file.id and r.lifted_at is null)"
"""A restricted file is only stored, where it lies (PC-63)."""
ARCHIVED = "update records_patientfile set archived_at = %s where id = any(%s)"


def archive_due(*, by: Actor, now: datetime, limit: int = BATCH) -> int:
    """Move the keys of files whose time of daily use is over; returns how many files. Safe to repeat or to cut off."""
    return _move(DUE, "archived", by, now, limit)


def activate_due(*, by: Actor, now: datetime, limit: int = BATCH) -> int:
    """Bring back the keys of files whose time of daily use was lengthened; returns how many files."""
    return _move(BACK, "activated", by, now, limit)


def archive_files(file_ids: Iterable[UUID], *, by: Actor, now: datetime) -> int:
    """End the daily use of these files now, whatever their clocks allow; returns how many went to the archive.

    Their last day in daily use becomes yesterday at the latest, and a reopening ends.
    """
    days = {where: legal_day(now, where) - timedelta(days=1) for where in Jurisdiction}
    cases = " ".join(f"when '{where.value}' then %(day_{where.value})s" for where in days)
    values = {f"day_{where.value}": day for where, day in days.items()}
    files = list(file_ids)
    with transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        cursor.execute(SHORTEN.format(days=cases), {**values, "files": files})
        cursor.execute(
            "select id, practice_id from records_patientfile"
            " where id = any(%s) and archived_at is null and leaving_at is null order by id for update",
            [files],
        )
        return _note(list(cursor.fetchall()), "archived", by, now)


def _move(sql: str, word: str, by: Actor, now: datetime, limit: int) -> int:
    past, values = is_past("active_until", now)
    earliest = min(legal_day(now, where) for where in Jurisdiction)
    with transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        cursor.execute(sql.format(past=past, free=FREE), {**values, "earliest": earliest, "limit": limit})
        return _note(list(cursor.fetchall()), word, by, now)


def _note(rows: list[tuple[UUID, UUID]], word: str, by: Actor, now: datetime) -> int:
    """Move the keys, then write where they hang, and one journal line a file."""
    if not rows:
        return 0
    files = [file_id for file_id, _practice in rows]
    archived = word == "archived"
    (rings.archive if archived else rings.activate)(files, now)
    with connection.cursor() as cursor:
        cursor.execute(ARCHIVED, [now if archived else None, files])
    lines = [EventRow(file_id, file_id, practice_id, {}) for file_id, practice_id in rows]
    record_events(by=by, verb=f"lifecycle.file.{word}", object_type=PatientFile._meta.label, rows=lines, now=now)
    return len(rows)
