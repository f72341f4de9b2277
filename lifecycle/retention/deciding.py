"""The decision that files are destroyed: one transaction, from whose commit on there is no way back.

It locks the files, and only then reads the holds: whoever places a hold locks the file too, so that
no hold can be missed and none placed after it (LAW-03).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.models import Disposal
from lifecycle.retention.aggregates import count_departed
from lifecycle.schedule.queries import pinned
from privacy.clocks import Jurisdiction, legal_day
from privacy.ids import new_id
from vault import rings

BATCH = 5_000
"""Files that one transaction decides or destroys."""

Reason = Disposal.Reason

NOT_HELD = """not exists (select from lifecycle_hold hold where hold.file_id = file.id and hold.lifted_at is null)
   and not exists (select from records_restriction kept where kept.file_id = file.id and kept.lifted_at is null)"""
NAMED = "file.id = any(%(wanted)s)"
LOCK = """
select file.id from records_patientfile file join care_practice practice on practice.id = file.practice_id
 where file.leaving_at is null and {which}
 order by file.retain_until, file.id limit %(limit)s
   for update of file skip locked
"""
HELD = """
select file_id from lifecycle_hold where file_id = any(%(files)s) and lifted_at is null
 union select file_id from records_restriction where file_id = any(%(files)s) and lifted_at is null
"""
WRITE = """
insert into lifecycle_disposal (id, file_id, practice_id, rule, until, reason, counts, decided_at, run_id,
                                actor_id, actor_role)
select named.id, file.id, file.practice_id, coalesce(%(rule)s, file.retention_rule), file.retain_until, %(reason)s,
       jsonb_build_object('consultations', coalesce(consultation.n, 0), 'measures', coalesce(measure.n, 0),
                          'documents', coalesce(document.n, 0), 'versions', coalesce(version.n, 0)),
       %(now)s, %(run)s, %(actor)s, %(role)s
  from unnest(%(ids)s::uuid[], %(files)s::uuid[]) as named (id, file_id)
  join records_patientfile file on file.id = named.file_id
  left join (select file_id, count(*) n from records_consultation where file_id = any(%(files)s) group by 1)
    consultation on consultation.file_id = file.id
  left join (select file_id, count(*) n from records_measure where file_id = any(%(files)s) group by 1)
    measure on measure.file_id = file.id
  left join (select file_id, count(*) n from records_document where file_id = any(%(files)s) group by 1)
    document on document.file_id = file.id
  left join (select file_id, count(*) n from records_consultationversion where file_id = any(%(files)s) group by 1)
    version on version.file_id = file.id
"""
LEAVE = "update records_patientfile set leaving_at = %s where id = any(%s)"


def decide(
    file_ids: Iterable[UUID] | None,
    *,
    reason: str,
    rule: str | None = None,
    by: Actor,
    now: datetime,
    run_id: UUID | None = None,
    limit: int = BATCH,
) -> list[UUID]:
    """Decide that files are destroyed, and return those that are: never a held or a restricted one.

    None stands for all whose last day is past on their practice's calendar; named ones must be past it
    too where the ``reason`` is "term". A file that somebody else holds locked waits for the next call,
    and one whose end is of an older schedule until it is re-dated (NEW-05).
    A replay after a restore repeats what was decided then, whatever is stored now (NEW-07).
    """
    with transaction.atomic(), scope(ALL):
        files = _due(file_ids, reason, now, limit)
        if files:
            _write(files, reason, rule, by, now, run_id)
    return files


def is_past(column: str, now: datetime) -> tuple[str, dict[str, Any]]:
    """SQL that says whether a day of ``file`` is past where its ``practice`` is, and its values (PC-41)."""
    days = {where: legal_day(now, where) for where in Jurisdiction}
    cases = " ".join(f"when '{where.value}' then %(day_{where.value})s" for where in days)
    values = {f"day_{where.value}": day for where, day in days.items()}
    sql = f"file.{column} < %(latest)s and file.{column} < (case practice.jurisdiction {cases} end)::date"
    return sql, {**values, "latest": max(days.values())}


def _due(file_ids: Iterable[UUID] | None, reason: str, now: datetime, limit: int) -> list[UUID]:
    """The next files to decide; those that are kept don't stand before the others."""
    wanted = None if file_ids is None else list(file_ids)
    passed_over: list[UUID] = []
    while locked := _lock(wanted, passed_over, reason, now, limit):
        if files := _without_kept(locked, reason):
            return files
        passed_over += locked
    return []


def _lock(wanted: list[UUID] | None, passed_over: list[UUID], reason: str, now: datetime, limit: int) -> list[UUID]:
    past, values = is_past("retain_until", now)
    conditions = ["file.id <> all(%(passed_over)s)"]
    if reason != Reason.REPLAY:
        conditions.append("file.schedule_version >= %(version)s")
        values["version"] = pinned()
    if wanted is None or reason == Reason.TERM:
        conditions.append(past)
    conditions.append(NOT_HELD if wanted is None else NAMED)
    values |= {"wanted": wanted, "passed_over": passed_over}
    with connection.cursor() as cursor:
        cursor.execute(LOCK.format(which=" and ".join(conditions)), {**values, "limit": limit})
        return [file_id for (file_id,) in cursor.fetchall()]


def _without_kept(files: list[UUID], reason: str) -> list[UUID]:
    """Read the holds again, now that the files are locked, and the restrictions."""
    if not files or reason == Reason.REPLAY:
        return files
    with connection.cursor() as cursor:
        cursor.execute(HELD, {"files": files})
        kept = {file_id for (file_id,) in cursor.fetchall()} | rings.restricted(files)
    return [file_id for file_id in files if file_id not in kept]


def _write(files: list[UUID], reason: str, rule: str | None, by: Actor, now: datetime, run_id: UUID | None) -> None:
    ids = [new_id() for _ in files]
    values = {
        "ids": ids,
        "files": files,
        "rule": rule,
        "reason": reason,
        "now": now,
        "run": run_id,
        "actor": by.account_id,
        "role": by.role,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, values)
        cursor.execute(LEAVE, [now, files])
    count_departed(files, now)
    record_event(
        by=by, verb="lifecycle.disposal.decided", object_type=Disposal._meta.label, object_id=run_id or ids[0],
        detail={"disposals": len(files), "reason": reason}, now=now,
    )  # fmt: skip
