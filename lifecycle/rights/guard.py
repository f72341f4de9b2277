"""Nothing starts on a main database that is older than the rights journal, or beside a journal that lost entries (NEW-08)."""

from typing import Final

from django.db import OperationalError, connection, transaction

from care.tenancy import ALL, scope
from lifecycle.models import RightsMark, RightsReplay
from lifecycle.rights.streams import STREAMS
from vault import rights

LOOKED_AT: Final = 50
"""Of the newest entries of each table: a restore loses the newest first."""

OLDER: Final = (
    "the main database is older than the rights journal (it was restored): run manage.py rights replay, which carries out"
    " again what people decided since"
)
UNFINISHED: Final = "a replay of the rights journal wasn't finished: run manage.py rights replay again"
MISSING: Final = (
    "the rights journal is missing, and this main database had copied to it: restore the keys database first;"
    " if the journal is lost for good, manage.py rights replay --rebuild writes it anew from this database"
)
BEHIND: Final = (
    "the rights journal is older than the main database (the keys database was restored): run manage.py rights replay,"
    " which completes it and lets keys die again"
)


def why_not_start() -> str | None:
    """The one line that says why nothing may start, or None.

    A database that doesn't answer or was never migrated says nothing here: /readyz asks again.
    """
    try:
        if not _is_migrated():
            return None
        with transaction.atomic(), scope(ALL):
            return journal_lost() or main_is_older() or _unfinished()
    except OperationalError:
        return None


def journal_lost() -> str | None:
    """Whether entries that were copied to the journal aren't in it."""
    copied = {found for found in RightsMark.objects.values_list("entry_id", flat=True) if found}
    if not copied:
        return None
    if not rights.exists() or rights.is_empty():
        return MISSING
    return BEHIND if copied - rights.known(copied) else None


def main_is_older() -> str | None:
    """Whether the journal knows of a decision that the main database doesn't. Needs the scope of every practice."""
    if not rights.exists():
        return None
    return OLDER if any(stream.missing(rights.newest(stream.table, LOOKED_AT)) for stream in STREAMS) else None


def _unfinished() -> str | None:
    return UNFINISHED if RightsReplay.objects.filter(finished_at=None).exists() else None


def _is_migrated() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", [RightsReplay._meta.db_table])
        return bool(cursor.fetchone()[0])
