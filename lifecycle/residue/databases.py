"""Every column of every table, in both databases, as the server itself stores them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import psycopg
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from care.tenancy import ALL, SETTING
from lifecycle.residue.searching import Hit, Search
from lifecycle.residue.unpacking import PIECE
from vault.rest import PREFIX, opened

RELATIONS: Final = """
select c.oid, n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm', 'f') and c.relpersistence <> 't' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
 order by 2, 3
"""
# As stored for what holds text or bytes; in words for the rest (dates, numbers, identifiers, addresses, ranges).
COLUMNS: Final = """
select a.attname,
       case when coalesce(e.typname, t.typname) in ('text', 'varchar', 'bpchar', 'bytea', 'json', 'name', 'xml')
            then quote_ident(a.attname) else quote_ident(a.attname) || '::text' end
  from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
 where a.attrelid = %s and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
# What the planner remembers of columns outlives the rows until the next ANALYZE.
STATISTICS: Final = """
select format('%I.%I', tablename, attname),
       concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text)
  from pg_stats where schemaname !~ '^pg_' and schemaname <> 'information_schema'
"""
LARGE: Final = "select oid from pg_largeobject_metadata order by oid"
SIGNATURE: Final = b"PGCOPY\n\xff\r\n\x00"
AT_REST: Final = PREFIX.encode()
HEADER_BYTES: Final = len(SIGNATURE) + 8
NAMES: Final = {"default": "database", "keys": "keys"}


class ScanIncomplete(Exception):
    """A place couldn't be looked into: what was found is no answer. The message names the place."""


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"


def scan_databases(search: Search) -> Iterator[Hit]:
    """Hits in tables, large objects and the planner's statistics. Raises ScanIncomplete for a table that can't be read."""
    for alias in connections:
        with transaction.atomic(using=alias):
            connection = connections[alias]
            _open_all_rows(connection)
            yield from _scan_tables(connection, search)
            yield from _scan_statistics(connection, search)
            yield from _scan_large_objects(connection, search)


def _open_all_rows(connection: BaseDatabaseWrapper) -> None:
    """Row security must not hide a row; the setting ends with the transaction."""
    if connection.alias == "default":
        with connection.cursor() as cursor:
            cursor.execute("select set_config(%s, %s, true)", [SETTING, ALL])


def _scan_tables(connection: BaseDatabaseWrapper, search: Search) -> Iterator[Hit]:
    for table in _tables(connection):
        found: Counter[tuple[str, str]] = Counter()
        try:
            for block in _blocks(_rows(connection, table)):
                found += _in_block(block, table, search)
        except psycopg.Error as refused:
            raise ScanIncomplete(f"table {table} can't be read: {type(refused).__name__}") from refused
        for (column, token), times in sorted(found.items()):
            yield Hit(NAMES.get(connection.alias, connection.alias), f"{table}.{column}", token, times)


def _tables(connection: BaseDatabaseWrapper) -> list[_Table]:
    with connection.cursor() as cursor:
        cursor.execute(RELATIONS)
        relations = cursor.fetchall()
        tables = []
        for oid, schema, name in relations:
            cursor.execute(COLUMNS, [oid])
            tables.append(_Table(schema, name, tuple(cursor.fetchall())))
    return tables


def _rows(connection: BaseDatabaseWrapper, table: _Table) -> Iterator[bytes]:
    """The rows in PostgreSQL's binary form, one message each."""
    quote = connection.ops.quote_name
    wanted = ", ".join(expression for _name, expression in table.columns) or "null"
    sql = f"copy (select {wanted} from {quote(table.schema)}.{quote(table.name)}) to stdout (format binary)"  # noqa: S608
    cursor: Any
    with connection.cursor() as cursor, cursor.copy(sql) as rows:
        for row in rows:
            data = bytes(row)
            yield data[HEADER_BYTES:] if data.startswith(SIGNATURE) else data


def _blocks(rows: Iterator[bytes]) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    size = 0
    for row in rows:
        block.append(row)
        size += len(row)
        if size >= PIECE:
            yield block
            block, size = [], 0
    if block:
        yield block


def _in_block(block: list[bytes], table: _Table, search: Search) -> Counter[tuple[str, str]]:
    """Hits by column and token: the block as a whole first, its values only if it is suspect.

    Sealed at rest isn't gone: the house can open it, so that a copy left there is found too. (What a dead key sealed is gone.)
    """
    found: Counter[tuple[str, str]] = Counter()
    joined = b"".join(block)
    if AT_REST in joined or search.is_suspect(joined):
        for value, (column, _expression) in chain.from_iterable(
            zip(_values(row), table.columns, strict=False) for row in block
        ):
            said = opened(f"{table.name}|{column}", value)
            found.update((column, token) for token in search.tokens_in(said))
    return found


def _values(row: bytes) -> Iterator[bytes]:
    """The values of one row: a count, then each with its length before it; -1 is null."""
    place, count = 2, int.from_bytes(row[:2], "big", signed=True)
    for _ in range(count):
        length = int.from_bytes(row[place : place + 4], "big", signed=True)
        place += 4
        yield row[place : place + max(length, 0)]
        place += max(length, 0)


def _scan_statistics(connection: BaseDatabaseWrapper, search: Search) -> Iterator[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(STATISTICS)
        for column, values in cursor.fetchall():
            for token in sorted(search.tokens_in(values.encode())):
                yield Hit("statistics", column, token)


def _scan_large_objects(connection: BaseDatabaseWrapper, search: Search) -> Iterator[Hit]:
    with connection.cursor() as cursor:
        cursor.execute(LARGE)
        for (oid,) in cursor.fetchall():
            cursor.execute("select lo_get(%s)", [oid])
            for token in sorted(search.tokens_in(bytes(cursor.fetchone()[0]))):
                yield Hit(NAMES.get(connection.alias, connection.alias), f"large object {oid}", token)
