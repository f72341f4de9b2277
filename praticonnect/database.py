"""Two databases, two roles.

The keys live in a database of their own (NEW-08). The application works as ``praticonnect_app``,
which can't alter, truncate or pass row security; only ``manage.py migrate`` works as the owner.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

# Before the first migration there is no such role yet; /readyz says no until it is taken.
_TAKE = "select set_config('role', %s, false) from pg_roles where rolname = %s"
_owner = ContextVar("as_owner", default=False)


class KeysApart:
    """Routes the vault's tables to the keys database and everything else away from it."""

    def db_for_read(self, model: type[models.Model], **hints: object) -> str | None:
        """The keys database for the vault's models; no opinion otherwise."""
        return "keys" if model._meta.app_label == "vault" else None

    db_for_write = db_for_read

    def allow_relation(self, one: models.Model, other: models.Model, **hints: object) -> bool:
        """No relation crosses the two databases."""
        return (one._meta.app_label == "vault") == (other._meta.app_label == "vault")

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """Vault tables in ``keys`` only, all others in ``default`` only."""
        return (app_label == "vault") == (db == "keys")


def take_role(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Give up the owner's rights as soon as a connection to the main database opens."""
    if connection.alias == "default" and settings.DATABASE_ROLE and not _owner.get():
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [settings.DATABASE_ROLE, settings.DATABASE_ROLE])


@contextmanager
def as_owner() -> Iterator[None]:
    """Work with the rights of the login itself: migrations, and tests that attack as the owner."""
    connection = connections["default"]
    token = _owner.set(True)
    if connection.connection is not None:
        with connection.cursor() as cursor:
            cursor.execute("reset role")
    try:
        yield
    finally:
        _owner.reset(token)
        if connection.connection is not None and not connection.needs_rollback:
            take_role(connection)
