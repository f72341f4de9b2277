"""``manage.py migrate`` as the owner, leaving the application's role exactly its rights."""

from time import sleep
from typing import Any

from django.conf import settings
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import Error, connections, transaction

from praticonnect.database import as_owner

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
