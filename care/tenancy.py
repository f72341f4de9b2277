"""The scope of a transaction: the practices whose clinical rows PostgreSQL lets through.

The first wall is the query that knows who asks; this is the second. Without a scope every
clinical table is empty (it fails closed). The setting is local to the transaction, so nothing
outlives it in a pooled connection.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import connection, transaction

SETTING: Final = "praticonnect.scope"
ALL: Final = "all"
"""For the house's own work across practices (sweeps, promises, verification), never for a page."""


@contextmanager
def scope(practices: Iterable[UUID] | str) -> Iterator[None]:
    """Let the enclosed statements see the rows of ``practices``, or of all with :data:`ALL`.

    Opens a transaction, or a savepoint inside one; on an error its rollback restores the scope
    of before by itself. Raises ValueError for a word that isn't :data:`ALL`.
    """
    value = _as_setting(practices)
    with transaction.atomic():
        before = _exchange(value)
        yield
        if not connection.needs_rollback:
            _exchange(before)


def current() -> str:
    """The setting as it stands: "", "all" or practice ids with commas between."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), '')", [SETTING])
        return str(cursor.fetchone()[0])


def _as_setting(practices: Iterable[UUID] | str) -> str:
    if not isinstance(practices, str):
        return ",".join(sorted(str(practice) for practice in practices))
    if practices != ALL:
        raise ValueError(f"{practices!r} is no scope; give practice ids, or care.tenancy.ALL")
    return practices


def _exchange(value: str) -> str:
    """Set the scope and return the one before, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH before AS MATERIALIZED (SELECT coalesce(current_setting(%s, true), '') AS v)"
            " SELECT v, set_config(%s, %s, true) FROM before",
            [SETTING, SETTING, value],
        )
        return str(cursor.fetchone()[0])
