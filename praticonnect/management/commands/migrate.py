"""``manage.py migrate`` as the owner, leaving the application's role exactly its rights."""

from time import sleep
from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import Error, connections, transaction

from praticonnect.database import as_owner
from privacy.declare import Category, Erase, FieldDeclaration
from privacy.live import columns

ROLE_EXISTS = """
select exists (select from pg_roles where rolname = %s),
       exists (select from pg_roles where rolname = %s) and pg_has_role(current_user, %s, 'member')
"""

RIGHTS = (
    "grant usage on schema public to {role}",
    "grant select, insert, update, delete on all tables in schema public to {role}",
    "grant usage, select on all sequences in schema public to {role}",
    "grant execute on all functions in schema public to {role}",
    "revoke insert, update, delete on django_migrations from {role}",
)


# ANALYZE keeps samples of a column's values, which outlive the rows. None are taken of words about people; a column's
# samples of before go when its type is set again, which changes nothing else.
REMEMBERED = """
select format('alter table %%I alter column %%I set statistics 0, alter column %%I type %%s%%s', c.relname, a.attname, a.attname,
              format_type(a.atttypid, a.atttypmod), coalesce(' collate ' || quote_ident(l.collname), ''))
  from unnest(%s::text[], %s::text[]) as named (tab, col)
  join pg_class c on c.relname = named.tab and c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
  join pg_attribute a on a.attrelid = c.oid and a.attname = named.col
  join pg_type t on t.oid = a.atttypid and (t.typcategory = 'S' or t.typname in ('json', 'jsonb'))
  left join pg_collation l on l.oid = a.attcollation and l.collname <> 'default'
 where a.attstattarget is distinct from 0
"""


class Command(MigrateCommand):
    """Migrates, then grants; the application never owns a table."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the migrations of one database as its owner."""
        if options["database"] != "default" or not settings.DATABASE_ROLE:
            super().handle(*args, **options)
            return
        with as_owner():
            _ensure_role()
            super().handle(*args, **options)
            _grant()
            remember_no_words()


def _ensure_role(tries: int = 5) -> None:
    """Make the role; two databases of one server may try at once, so try again."""
    name = settings.DATABASE_ROLE
    connection = connections["default"]
    role = connection.ops.quote_name(name)
    for attempt in range(tries):
        with connection.cursor() as cursor:
            cursor.execute(ROLE_EXISTS, [name, name, name])
            exists, member = cursor.fetchone()
            if exists and member:
                return
            try:
                with transaction.atomic():
                    if not exists:
                        cursor.execute(f"create role {role} nologin")
                    cursor.execute(f"grant {role} to current_user")
                return
            except Error:
                if attempt == tries - 1:
                    raise
                sleep(0.2)


def _grant() -> None:
    connection = connections["default"]
    role = connection.ops.quote_name(settings.DATABASE_ROLE)
    with connection.cursor() as cursor:
        for right in RIGHTS:
            cursor.execute(right.replace("{role}", role))


def remember_no_words() -> None:
    """Keep PostgreSQL's statistics free of what people are called, so that an erasure leaves no sample behind (NEW-07)."""
    words = [column for column in columns(["default"]) if _is_a_word(column.field)]
    with connections["default"].cursor() as cursor:
        cursor.execute(REMEMBERED, [[column.table for column in words], [column.name for column in words]])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


def _is_a_word(field: FieldDeclaration | None) -> bool:
    """Whether an erasure takes what the column says; codes and references are left to the planner."""
    goes = field is not None and field.erase in (Erase.DELETE, Erase.BLANK) and not field.sealed
    return goes and field is not None and field.category is not Category.REFERENCE
