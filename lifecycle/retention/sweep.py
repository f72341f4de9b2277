"""The engine's part of a sweep: what is due goes to the archive, then what is past its end is destroyed (PC-41)."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.retention import archiving
from lifecycle.retention.deciding import BATCH, Reason, decide, is_past
from lifecycle.retention.door import finish_decided
from lifecycle.sweeping import Outcome
from vault import rings

ARCHIVE, DESTROY = "PC-41.archive", "PC-41"
DESTROYS = {DESTROY: "records.PatientFile"}
PIECE = 100
"""Files tried together once a whole batch failed."""

TO_ARCHIVE = """
select count(*), min(file.active_until) from records_patientfile file
  join care_practice practice on practice.id = file.practice_id
 where file.archived_at is null and file.leaving_at is null and {past}
   and not exists (select from records_restriction r where r.file_id = file.id and r.lifted_at is null)
"""
TO_DESTROY = """
select count(*) filter (where not kept), min(retain_until) filter (where not kept), count(*) filter (where kept)
  from (select file.retain_until, file.leaving_at is null and (
               file.id = any(%(restricted)s)
               or exists (select from records_restriction r where r.file_id = file.id and r.lifted_at is null)
               or exists (select from lifecycle_hold hold
                           where hold.file_id = file.id and hold.lifted_at is null)) kept
          from records_patientfile file join care_practice practice on practice.id = file.practice_id
         where {past}
         union all
        select file.retain_until, false from records_patientfile file
          join care_practice practice on practice.id = file.practice_id
         where file.leaving_at is not null and not ({past})) file
"""
LEFT = "select id from records_patientfile where leaving_at is not null order by leaving_at, id limit %s"
_log = logging.getLogger(__name__)


def archive(*, by: Actor, now: datetime, dry_run: bool = True, batch: int = BATCH) -> dict[str, Outcome]:
    """Move the keys of files whose time of daily use is over, or counts them. Dry unless told otherwise."""
    past, values = is_past("active_until", now)
    count, oldest = _one_row(TO_ARCHIVE.format(past=past), values)
    outcome = Outcome(due=count, since=_day_after(oldest))
    if not dry_run:
        while archiving.activate_due(by=by, now=now, limit=batch):
            pass
        while count and (moved := archiving.archive_due(by=by, now=now, limit=batch)):
            outcome.done += moved
    return {ARCHIVE: outcome}


def destroy(*, by: Actor, now: datetime, dry_run: bool = True, batch: int = BATCH) -> dict[str, Outcome]:
    """Destroy the files that are past their end and finish what was decided before, or count them. Dry unless told."""
    past, values = is_past("retain_until", now)
    count, oldest, held = _one_row(TO_DESTROY.format(past=past), {**values, "restricted": list(rings.all_restricted())})
    outcome = Outcome(due=count, held=held, since=_day_after(oldest))
    if count and not dry_run:
        _finish(outcome, by, now, batch)
        while decide(None, reason=Reason.TERM, by=by, now=now, run_id=_run_of(by), limit=batch):
            _finish(outcome, by, now, batch)
    return {DESTROY: outcome}


def _finish(outcome: Outcome, by: Actor, now: datetime, batch: int) -> None:
    """Carry out all that is decided. One file that can't go (its object can't be deleted) doesn't keep the others."""
    try:
        while gone := finish_decided(by=by, now=now, limit=batch):
            outcome.done += gone
    except Exception as error:  # noqa: BLE001 - tried again in small pieces, then by the next sweep
        _log.error("a batch of decided files couldn't be destroyed whole: %s", type(error).__name__)
        _finish_apart(outcome, by, now, batch)


def _finish_apart(outcome: Outcome, by: Actor, now: datetime, batch: int) -> None:
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(LEFT, [batch])
        left = [file_id for (file_id,) in cursor.fetchall()]
    for start in range(0, len(left), PIECE):
        piece = left[start : start + PIECE]
        outcome.done += gone if (gone := _tried(piece, by, now)) is not None else _one_by_one(piece, outcome, by, now)


def _one_by_one(piece: list[UUID], outcome: Outcome, by: Actor, now: datetime) -> int:
    done = 0
    for file_id in piece:
        gone = _tried([file_id], by, now)
        outcome.failed += gone is None
        done += gone or 0
    return done


def _tried(file_ids: Iterable[UUID], by: Actor, now: datetime) -> int | None:
    """How many of the files are gone now; None when it failed."""
    try:
        return finish_decided(file_ids, by=by, now=now)
    except Exception as error:  # noqa: BLE001 - counted as failed, and tried again by the next sweep
        _log.error("decided files couldn't be destroyed: %s", type(error).__name__)
        return None


def _run_of(by: Actor) -> UUID | None:
    """The run of the sweep, which goes by as the request's id."""
    try:
        return UUID(by.request_id)
    except ValueError:
        return None


def _one_row(sql: str, values: dict[str, Any]) -> Any:
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


def _day_after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day else None
