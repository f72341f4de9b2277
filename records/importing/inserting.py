"""Many rows in one statement: each column goes to PostgreSQL as one binary array (the imports' hot path)."""

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection, models

from vault.seal import Sealed


def insert_all(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model that are complete, ids included. Row security and constraints hold as ever."""
    if not rows:
        return
    meta = rows[0]._meta
    fields = meta.local_concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    arrays = ", ".join(f"%b::{field.db_type(connection)}[]" for field in fields)
    insert = f"INSERT INTO {quote(meta.db_table)} ({columns}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our own names
    values = [[_plain(getattr(row, field.attname)) for row in rows] for field in fields]
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(insert, values)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, Sealed) else value
