"""``manage.py flush`` is refused: evidence only grows. Test databases alone may be emptied.

Between two tests only what the first of them wrote is taken out. What a migration leaves (texts, permissions) is known
row by row since the first time, and stays; where a test changed one of those rows, all is emptied and written anew.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as FlushCommand
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper

from praticonnect.database import as_owner
from vault.rest import forget_key

GUARDS = """
select format('alter table %%s ', tgrelid::regclass) || string_agg(format('disable trigger %%I', tgname), ', '),
       format('alter table %%s ', tgrelid::regclass) || string_agg(format('enable %%s trigger %%I',
              case tgenabled when 'A' then 'always' else '' end, tgname), ', ')
  from pg_trigger
 where not tgisinternal and tgparentid = 0 and tgenabled <> 'D'
   and (tgrelid = any(%s::regclass[]) or tgrelid in (select inhrelid from pg_inherits where inhparent = any(%s::regclass[])))
 group by tgrelid
"""
ROWS = "select coalesce(array_agg(md5(r::text)), '{{}}') from {} r"
OTHERS = "delete from {} r where md5(r::text) <> all(%s)"

_left_by_migration: dict[str, dict[str, list[str]]] = {}
"""By database and table: a hash of each row that is there when no test has run."""


class Command(FlushCommand):
    """Empties a test database between tests; refuses any other."""

    def handle(self, **options: Any) -> None:
        """Empty the test database ``options['database']``."""
        alias = options["database"]
        name = str(connections[alias].settings_dict["NAME"])
        if not name.startswith("test_"):
            raise CommandError("flush is refused: evidence only grows. Drop the database instead.")
        if options.get("inhibit_post_migrate"):
            self.empty(options)
        elif name not in _left_by_migration or not take_out(alias, _left_by_migration[name]):
            self.empty(options)
            # With the guards back: what is written after a migration (published texts) is evidence too.
            emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)
            _left_by_migration[name] = rows_of(alias)
        forget_key()  # it went with its row; else what is sealed next could never be opened again

    def empty(self, options: dict[str, Any]) -> None:
        """Take all rows out of all tables."""
        with at_all_tables(options["database"]) as (cursor, tables), unguarded(cursor, tables):
            super().handle(**{**options, "inhibit_post_migrate": True})


@contextmanager
def at_all_tables(alias: str) -> Iterator[tuple[CursorWrapper, list[str]]]:
    """A transaction of the owner that sees every row, and the names of the models' tables."""
    connection = connections[alias]
    with as_owner(), transaction.atomic(using=alias), connection.cursor() as cursor:
        cursor.execute("select set_config('praticonnect.scope', 'all', true)")
        yield cursor, connection.introspection.django_table_names(only_existing=True, include_views=False)


@contextmanager
def unguarded(cursor: CursorWrapper, tables: Iterable[str]) -> Iterator[None]:
    """The guards of these tables and of their partitions are off meanwhile."""
    cursor.execute(GUARDS, [list(tables)] * 2)
    guards = cursor.fetchall()
    run(cursor, (off for off, _on in guards))
    yield
    run(cursor, ("set constraints all immediate", *(on for _off, on in guards)))


def run(cursor: CursorWrapper, statements: Iterable[str]) -> None:
    """All of them in one go."""
    if said := ";".join(statements):
        cursor.execute(said)


def filled(cursor: CursorWrapper, tables: Iterable[str]) -> list[str]:
    """Those of the tables that hold a row."""
    cursor.execute(" union all ".join(f"select '{table}' where exists (select from {table})" for table in tables))  # noqa: S608 - names of tables
    return [table for (table,) in cursor.fetchall()]


def rows_of(alias: str) -> dict[str, list[str]]:
    """A hash of each row, by table."""
    found = {}
    with at_all_tables(alias) as (cursor, tables):
        for table in filled(cursor, tables):
            cursor.execute(ROWS.format(table))
            found[table] = cursor.fetchone()[0]
    return found


def take_out(alias: str, stays: dict[str, list[str]]) -> bool:
    """Take out all rows but those that stay. False if one of those is missing, or isn't as it was."""
    with at_all_tables(alias) as (cursor, tables):
        here = filled(cursor, tables)
        with unguarded(cursor, here):
            for table in here:
                cursor.execute(OTHERS.format(table), [stays.get(table, [])])
        left = {}
        for table in stays:
            cursor.execute(f"select count(*) from {table}")  # noqa: S608 - a name of a table
            left[table] = cursor.fetchone()[0]
        return left == {table: len(rows) for table, rows in stays.items()}
