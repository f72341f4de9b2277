"""The signed versions of destroyed files: ciphertext nobody can open goes as soon as the file is gone (PC-41, PC-50)."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

from django.db import connection

from audit.actors import Actor
from audit.calendar import expire_rows
from care.tenancy import ALL, scope
from lifecycle.sweeping import Outcome

TABLE: Final = "records_consultationversion"
RULE: Final = "PC-41.versions"
BATCH: Final = 5_000
LEFT_BEHIND: Final = """
SELECT disposal.rule, version.seq FROM records_consultationversion version
JOIN lifecycle_disposal disposal ON disposal.file_id = version.file_id
WHERE NOT EXISTS (SELECT FROM records_patientfile file WHERE file.id = version.file_id)
  AND (%(files)s::uuid[] IS NULL OR version.file_id = ANY(%(files)s)) ORDER BY disposal.rule, version.seq LIMIT %(limit)s
"""
COUNT: Final = f"SELECT count(*) FROM ({LEFT_BEHIND}) AS found"  # noqa: S608 - a fixed text


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """All of them; what was decided for their files was decided for them."""
    if dry_run:
        with scope(ALL), connection.cursor() as cursor:
            cursor.execute(COUNT, {"files": None, "limit": None})
            return {RULE: Outcome(due=cursor.fetchone()[0])}
    gone = expire_versions(by=by, now=now)
    return {RULE: Outcome(due=gone, done=gone)}


def expire_versions(file_ids: Iterable[UUID] | None = None, *, by: Actor, now: datetime) -> int:
    """Let the versions of destroyed files go (of these, when given); returns how many left. Safe to repeat or to cut off."""
    wanted = None if file_ids is None else list(file_ids)
    gone = 0
    while found := _left_behind(wanted):
        for rule, rows in groupby(found, key=itemgetter(0)):
            gone += expire_rows(table=TABLE, numbers=[number for _, number in rows], rule=rule, by=by, now=now)
    return gone


def _left_behind(wanted: list[UUID] | None) -> list[tuple[str, int]]:
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(LEFT_BEHIND, {"files": wanted, "limit": BATCH})
        return list(cursor.fetchall())
