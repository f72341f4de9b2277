"""Giving every file the end of the schedule in force (NEW-05): batch by batch, safe to stop anywhere.

A file carries the version its end was computed under; what carries an older one is due. Where the
change only lengthens, PostgreSQL moves the ends itself and no file is opened. Else the sealed days
decide with it, and the files that have some are opened, each with its line in the access journal.
A file that can't be opened keeps the later of both ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.holds.queries import on_clocks
from lifecycle.schedule.formula import NEW_ENDS, parameters
from lifecycle.schedule.queries import in_force, numbered
from lifecycle.schedule.rules import OF_FILES
from lifecycle.sweeping import Outcome
from privacy.purposes import Purpose
from privacy.retention import CONTRACT, DEATH, EXCHANGE, MEDICAL, MINOR, Hold
from privacy.schedule import Change, Schedule, changes
from records.clock import CLOCK_FIELDS, set_clock
from records.models import PatientFile
from vault import access
from vault.handles import HandleSet

RULE: Final = "NEW-05"
BATCH: Final = 5_000
PIECE: Final = 500

STALE: Final = """
SELECT file.id, file.practice_id, file.birth_date IS NOT NULL, file.died_on IS NOT NULL,
       EXISTS (SELECT FROM lifecycle_hold hold WHERE hold.file_id = file.id AND hold.lifted_at IS NOT NULL)
FROM records_patientfile file
WHERE file.schedule_version = %s AND file.leaving_at IS NULL
ORDER BY file.id LIMIT %s FOR UPDATE OF file SKIP LOCKED
"""
MOVE: Final = f"""
WITH ends AS ({NEW_ENDS.format(where="file.id = ANY (%(ids)s)")}), moved AS (
  UPDATE records_patientfile file
  SET retain_until = greatest(ends.retain_until, ends.new_until), schedule_version = %(number)s,
      retention_rule = CASE WHEN ends.new_until < ends.retain_until THEN ends.retention_rule ELSE ends.new_rule END,
      active_until = CASE WHEN file.archived_at IS NULL
                          THEN greatest((ends.seen + %(active)s::interval)::date, file.reopened_until)
                          ELSE file.active_until END
  FROM ends WHERE file.id = ends.id
  RETURNING ends.new_until > ends.retain_until AS later
)
SELECT count(*) FILTER (WHERE later), count(*) FROM moved
"""  # noqa: S608 - both are texts of this program


@dataclass(frozen=True, slots=True)
class Stale:
    """A locked file whose end was computed under an older version, and what it depends on."""

    file_id: UUID
    practice_id: UUID
    has_birth: bool
    has_death: bool
    was_held: bool


@dataclass(slots=True)
class Moves:
    """Of one batch: how many files, how many of them end later or earlier, how many were opened."""

    files: int = 0
    later: int = 0
    earlier: int = 0
    opened: int = 0


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Files that don't follow the schedule in force yet; a re-dating that was stopped is finished here."""
    return {RULE: Outcome(due=due()) if dry_run else redate_all(by=by, now=now)}


def due() -> int:
    """How many files carry an older version than the one in force."""
    with scope(ALL):
        return waiting(in_force()).count()


def redate_all(*, by: Actor, now: datetime) -> Outcome:
    """Give every file the end of the schedule in force. Files locked by others wait for the next sweep."""
    schedule = in_force()
    outcome = Outcome(due=due())
    for number in _older(schedule):
        while files := redate_batch(number, schedule, by=by, now=now):
            outcome.done += files
    return outcome


def waiting(schedule: Schedule) -> QuerySet[PatientFile]:
    """The files that follow an older version than ``schedule``; call in a scope."""
    return PatientFile.objects.filter(schedule_version__lt=schedule.number, leaving_at=None)


@transaction.atomic
def redate_batch(number: int, schedule: Schedule, *, by: Actor, now: datetime, limit: int = BATCH) -> int:
    """Move at most ``limit`` files from version ``number`` to ``schedule``, in one transaction; returns how many."""
    before = numbered(number)
    moved = [change for change in changes(before.rules, schedule.rules) if change.rule in OF_FILES]
    with scope(ALL):
        stale = _lock(number, limit)
        if not stale:
            return 0
        plain = [file.file_id for file in stale if not needs_facts(file, moved)]
        done = _move(plain, before, schedule)
        done = _compute([file for file in stale if needs_facts(file, moved)], schedule, done, by, now)
    _journal(schedule, done, by, now)
    return len(stale)


def needs_facts(file: Stale, moved: Iterable[Change]) -> bool:
    """Whether the new end of a file depends on more than its stored end and the day of its last consultation."""
    return any(
        (change.rule == MEDICAL.id and (_is_sooner(change) or file.has_death or file.was_held))
        or (change.rule == MINOR.id and file.has_birth)
        or (change.rule == DEATH.id and file.has_death)
        or change.rule in (EXCHANGE.id, CONTRACT.id)
        for change in moved
    )


def _is_sooner(change: Change) -> bool:
    """Whether files could end sooner; their part in daily use depends on no sealed day but a death."""
    return change.part == "length" and change.shortens


def _older(schedule: Schedule) -> list[int]:
    with scope(ALL):
        found = waiting(schedule).order_by("schedule_version").values_list("schedule_version", flat=True).distinct()
        return list(found)


def _lock(number: int, limit: int) -> list[Stale]:
    with connection.cursor() as cursor:
        cursor.execute(STALE, [number, limit])
        return [Stale(*row) for row in cursor.fetchall()]


def _move(file_ids: list[UUID], before: Schedule, schedule: Schedule) -> Moves:
    """Move the ends in PostgreSQL; none comes sooner."""
    if not file_ids:
        return Moves()
    asked = parameters(before.rules, schedule.rules, held_days=False)
    asked |= {"ids": file_ids, "number": schedule.number}
    with connection.cursor() as cursor:
        cursor.execute(MOVE, asked)
        later, files = cursor.fetchone()
    return Moves(files, later)


def _compute(stale: list[Stale], schedule: Schedule, done: Moves, by: Actor, now: datetime) -> Moves:
    """Compute the ends from all facts, opening the files that have sealed ones; adds to ``done``."""
    stale.sort(key=lambda file: (file.practice_id, file.file_id))
    for practice_id, files in groupby(stale, key=lambda file: file.practice_id):
        of_practice = list(files)
        for start in range(0, len(of_practice), PIECE):
            _compute_piece(of_practice[start : start + PIECE], practice_id, schedule, done, by, now)
    return done


def _compute_piece(
    piece: list[Stale], practice_id: UUID, schedule: Schedule, done: Moves, by: Actor, now: datetime
) -> None:
    ids = [one.file_id for one in piece]
    sealed = [one.file_id for one in piece if one.has_birth or one.has_death]
    keys = access.open_many(
        sealed, by=by, purpose=Purpose.LEGAL, part="clock", practice_id=practice_id, now=now, from_archive=True
    )
    holds = on_clocks(ids)
    files = list(PatientFile.objects.select_related("practice").filter(pk__in=ids))
    for file in files:
        was = file.retain_until
        _set(file, keys, holds.get(file.pk, ()), schedule)
        done.later += file.retain_until > was
        done.earlier += file.retain_until < was
    PatientFile.objects.bulk_update(files, CLOCK_FIELDS)
    done.files += len(files)
    done.opened += len(sealed) - len(keys.refused)


def _set(file: PatientFile, keys: HandleSet, holds: Iterable[Hold], schedule: Schedule) -> None:
    """The file's new clock. What left daily use stays in the archive; what can't be opened ends no sooner than before."""
    was = (file.retain_until, file.retention_rule, file.active_until)
    handle = None if file.pk in keys.refused or not _is_sealed(file) else keys[file.pk]
    born, died = (handle.read(file, "birth_date"), handle.read(file, "died_on")) if handle else (None, None)
    set_clock(file, born, holds, died_on=died, schedule=schedule)
    if file.archived_at:
        file.active_until = was[2]
    if file.pk in keys.refused and file.retain_until <= was[0]:
        file.retain_until, file.retention_rule, file.active_until = was


def _is_sealed(file: PatientFile) -> bool:
    return file.birth_date is not None or file.died_on is not None


def _journal(schedule: Schedule, done: Moves, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb="lifecycle.schedule.applied", object_type="lifecycle.ScheduleVersion", object_id=schedule.number,
        detail={"number": schedule.number, "files": done.files, "later": done.later, "earlier": done.earlier, "opened": done.opened}, now=now,
    )  # fmt: skip
