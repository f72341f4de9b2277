"""What the live databases really hold: tables and columns, read from PostgreSQL's own catalogue.

The declarations describe the code; this compares them with what is stored, so that a column added
by hand, or a seal that was undone, is seen (PC-02, PC-03, PC-04, MD-05).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections, router
from django.db.models import Model

from privacy.declare import REGISTRY, Category, FieldDeclaration, ModelDeclaration, Subject
from privacy.registry import DeclaredField, installed_models, own_fields

BOOKKEEPING = frozenset({"django_migrations"})
"""Tables that belong to no model and hold nothing about a person."""

KEPT_BY_DATABASE: dict[str, frozenset[str]] = {}
"""Columns by table that triggers fill and no model writes: number, clock and hash of evidence."""

COLUMNS = """
    SELECT c.relname, a.attname, t.typname
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relnamespace = current_schema()::regnamespace
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A stored column, with its declaration if it has one."""

    table: str
    name: str
    type: str
    declared: DeclaredField | None = None

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def subject(self) -> Subject | None:
        """Whose data its table holds, when it is declared."""
        return self.declared.table.subject if self.declared else None

    @property
    def field(self) -> FieldDeclaration | None:
        """What its declaration says of it."""
        return self.declared.field if self.declared else None


def columns(of: Iterable[str] | None = None) -> list[Column]:
    """Every column stored in the databases (or in those named), with its declaration."""
    aliases = list(connections if of is None else of)
    known = {alias: _declared(alias) for alias in aliases}
    return [
        Column(table, name, kind, known[alias].get(table, {}).get(name))
        for alias in aliases
        for table, name, kind in _stored(alias)
        if table not in BOOKKEEPING and name not in KEPT_BY_DATABASE.get(table, ())
    ]


def strangers(stored: Iterable[Column]) -> list[str]:
    """The stored columns nobody declared, by name."""
    return sorted(str(column) for column in stored if column.field is None)


def about(stored: Iterable[Column], *subjects: Subject) -> list[Column]:
    """The personal columns of tables about ``subjects``."""
    return [c for c in stored if c.subject in subjects and c.field and c.field.personal]


def by_category(stored: Iterable[Column]) -> dict[Category, list[Column]]:
    """Personal columns by category of data."""
    groups: defaultdict[Category, list[Column]] = defaultdict(list)
    for column in stored:
        if column.field and column.field.category:
            groups[column.field.category].append(column)
    return dict(groups)


def _stored(alias: str) -> list[tuple[str, str, str]]:
    with connections[alias].cursor() as cursor:
        cursor.execute(COLUMNS)
        return [(table, name, kind) for table, name, kind in cursor.fetchall()]


def _declared(alias: str) -> dict[str, dict[str, DeclaredField]]:
    """Table and column to declaration, for the tables of the database ``alias``."""
    return {
        model._meta.db_table: _of_table(model, REGISTRY[model._meta.label])
        for model in installed_models()
        if model._meta.label in REGISTRY and router.db_for_read(model) == alias
    }


def _of_table(model: type[Model], table: ModelDeclaration) -> dict[str, DeclaredField]:
    return {
        str(field.column): DeclaredField(table, field.name, table.fields[field.name])
        for field in own_fields(model)
        if field.name in table.fields
    }
