"""Where the keys of files hang: in daily use, in the archive, or nowhere any more. Set-based, safe to repeat (PC-41).

Who may ask is decided above, where holds and clocks are known: here is only the act on the keys.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from vault.models import FileKey

MOVE = "update vault_filekey set ring = %s where file_id = any(%s) and ring <> %s and destroyed_at is null"
DESTROY = "update vault_filekey set wrapped = '', destroyed_at = %s where file_id = any(%s) and destroyed_at is null"
DEAD = "select file_id from vault_filekey where file_id = any(%s) group by 1 having every(destroyed_at is not null) order by 1"
CLOSE = """
update vault_filekey set restricted_at = %s
 where file_id = any(%s) and restricted_at is null and destroyed_at is null
"""
REOPEN = """
update vault_filekey set restricted_at = null
 where file_id = any(%s) and restricted_at is not null and destroyed_at is null
"""
RESTRICTED = """
select distinct file_id from vault_filekey
 where file_id = any(%s) and restricted_at is not null and destroyed_at is null
"""


def archive(file_ids: Iterable[UUID], now: datetime) -> int:
    """Take the keys out of daily use. Returns how many moved; those archived or dead already stay as they are."""
    return _change(MOVE, [FileKey.Ring.ARCHIVE.value, list(file_ids), FileKey.Ring.ARCHIVE.value])


def activate(file_ids: Iterable[UUID], now: datetime) -> int:
    """Bring the keys back into daily use. Returns how many moved; a dead key stays dead."""
    return _change(MOVE, [FileKey.Ring.ACTIVE.value, list(file_ids), FileKey.Ring.ACTIVE.value])


def destroy(file_ids: Iterable[UUID], now: datetime) -> int:
    """Empty the keys, all generations, for good. Returns how many died now; a second call finds none."""
    return _change(DESTROY, [now, list(file_ids)])


def restrict(file_ids: Iterable[UUID], now: datetime) -> int:
    """Close the keys to all but storage (Art. 18). Returns how many; one closed already keeps its moment."""
    return _change(CLOSE, [now, list(file_ids)])


def unrestrict(file_ids: Iterable[UUID], now: datetime) -> int:
    """Open the keys again. Returns how many; whether any restriction is left is known above."""
    return _change(REOPEN, [list(file_ids)])


def restricted_since() -> dict[UUID, datetime]:
    """Every file that is only stored, with the latest moment since which."""
    rows = FileKey.objects.exclude(restricted_at=None).filter(destroyed_at=None).order_by("restricted_at")
    return {file_id: since for file_id, since in rows.values_list("file_id", "restricted_at") if since}


def restricted(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the files that are only stored, because the processing is restricted (Art. 18)."""
    with connections["keys"].cursor() as cursor:
        cursor.execute(RESTRICTED, [list(file_ids)])
        return {file_id for (file_id,) in cursor.fetchall()}


def all_restricted() -> set[UUID]:
    """All files that are only stored."""
    return set(FileKey.objects.exclude(restricted_at=None).filter(destroyed_at=None).values_list("file_id", flat=True))


def dead(file_ids: Iterable[UUID]) -> list[UUID]:
    """Those of the files that had a key and have none any more, in no generation."""
    with connections["keys"].cursor() as cursor:
        cursor.execute(DEAD, [list(file_ids)])
        return [file_id for (file_id,) in cursor.fetchall()]


def _change(sql: str, values: list[Any]) -> int:
    with transaction.atomic(using="keys"), connections["keys"].cursor() as cursor:
        cursor.execute(sql, values)
        changed: int = cursor.rowcount
    return changed
