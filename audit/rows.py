"""Reads evidence for the verifier: rows as PostgreSQL's own canonical text, and the guards on their table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from audit.models import Seal, SealLeaves
from audit.months import begins, later, month_of

CHUNK = 2_000
GUARDS = ("audit_append", "audit_keep", "audit_refuse")

# What audit_append hashed, written with PostgreSQL's built-in functions only.
TEXT = """
(select jsonb_object_agg(key, value)::text from jsonb_each(to_jsonb(entry))
  where value <> 'null'::jsonb and key <> 'leaf')
"""
ROWS = """
select seq, leaf, {text} from {table} entry where written_at >= %s and written_at < %s order by seq, written_at
"""
ONE_ROW = "select seq, leaf, {text} from {table} entry where seq = %s"
ID = "select coalesce(to_jsonb(entry) ->> 'id', '') from {table} entry where seq = %s"
NUMBERS = "select seq from {table} where column = any(%s) order by seq"
OUT_OF_TIME = """
select seq, date_trunc('month', written_at at time zone 'UTC')::date from (
  select seq, written_at, max(written_at) over (order by seq rows between unbounded preceding and 1 preceding) as before
    from {table}) as dated
 where written_at < before - interval '1 hour' order by seq
"""
LOOSE_GUARDS = """
select part.oid::regclass::text || '.' || wanted.name
  from (select %s::regclass::oid as oid union select inhrelid from pg_inherits where inhparent = %s::regclass) as part
 cross join unnest(%s::text[]) as wanted(name)
  left join pg_trigger on tgrelid = part.oid and tgname = wanted.name
 where tgenabled is distinct from 'A' order by 1
"""


@dataclass(frozen=True)
class Row:
    """One stored entry: its number, the hash beside it, and the text that was hashed."""

    number: int
    leaf: bytes
    text: bytes


def rows_of(table: str, month: date) -> Iterator[Row]:
    """The entries of a month by number, a few at a time. Needs a transaction."""
    _fix_output()
    with connection.chunked_cursor() as cursor:
        cursor.execute(_sql(ROWS, table), [begins(month), begins(later(month, 1))])
        while rows := cursor.fetchmany(CHUNK):
            yield from (Row(number, bytes(leaf), text.encode()) for number, leaf, text in rows)


def row_of(table: str, number: int) -> Row | None:
    """One entry by its number."""
    _fix_output()
    with connection.cursor() as cursor:
        cursor.execute(_sql(ONE_ROW, table), [number])
        found = cursor.fetchone()
    return Row(found[0], bytes(found[1]), found[2].encode()) if found else None


def id_of(table: str, number: int) -> str:
    """The model's own id of the entry with this number; empty if the number is its id, or the entry is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_sql(ID, table), [number])
        found = cursor.fetchone()
    return str(found[0]) if found else ""


def numbers_of(table: str, column: str, values: Iterable[object]) -> list[int]:
    """The numbers of the entries whose ``column`` is one of ``values``, for :func:`audit.calendar.expire_rows`."""
    with connection.cursor() as cursor:
        cursor.execute(_sql(NUMBERS, table).replace("column", connection.ops.quote_name(column)), [list(values)])
        return [number for (number,) in cursor.fetchall()]


def out_of_time(table: str) -> list[tuple[int, date]]:
    """Entries dated over an hour before one with a lower number: number and date are given at the same moment."""
    with connection.cursor() as cursor:
        cursor.execute(_sql(OUT_OF_TIME, table))
        return list(cursor.fetchall())


def stored_months(table: str) -> tuple[date, date] | None:
    """The first and last month that has entries."""
    with connection.cursor() as cursor:
        cursor.execute(_sql("select min(written_at), max(written_at) from {table}", table))
        first: datetime | None
        first, last = cursor.fetchone()
    return (month_of(first), month_of(last)) if first else None


def loose_guards(table: str) -> list[str]:
    """Triggers of the table or a partition that are missing or not always on."""
    with connection.cursor() as cursor:
        cursor.execute(LOOSE_GUARDS, [table, table, list(GUARDS)])
        return [name for (name,) in cursor.fetchall()]


def stored_tables() -> set[str]:
    """The tables there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"
        )
        return {name for (name,) in cursor.fetchall()}


def sealed_leaves(seals: Iterable[Seal]) -> dict[int, list[bytes]]:
    """The leaf hashes under each seal, by the seal's number."""
    numbers = [seal.number for seal in seals]
    return {found.number: found.hashes() for found in SealLeaves.objects.filter(number__in=numbers)}


def _sql(template: str, table: str) -> str:
    return template.format(table=connection.ops.quote_name(table), text=TEXT)


def _fix_output() -> None:
    """Text as the trigger made it, whatever the session was set to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true),"
            " set_config('extra_float_digits', '1', true), set_config('intervalstyle', 'postgres', true)"
        )
