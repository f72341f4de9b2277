"""Tells PostgreSQL's row security for which practices the current transaction works."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

ALL = "*"
_SET = "select set_config('praticonnect.scope', %s, true)"


@contextmanager
def scope(practices: Iterable[UUID] | str) -> Iterator[None]:
    """Open clinical rows of ``practices`` (or :data:`ALL`, for the house's own work), in a transaction.

    The setting is local to the transaction, so nothing outlives it in a pooled connection. With
    no scope set PostgreSQL shows no row at all.
    """
    wanted = practices if isinstance(practices, str) else ",".join(map(str, practices))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select coalesce(current_setting('praticonnect.scope', true), '')")
            before = cursor.fetchone()[0]
            cursor.execute(_SET, [wanted])
        yield
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(_SET, [before])
