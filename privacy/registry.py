"""Finds the declarations of every installed app and answers questions about them.

Everything derived from the declarations (check, register, retention table, promises) walks the
registry through these functions, and no app is ever imported by name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.module_loading import autodiscover_modules

from privacy.declare import REGISTRY, FieldDeclaration, ModelDeclaration

if TYPE_CHECKING:
    AnyField = Field[Any, Any]
else:
    AnyField = Field


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """A personal field with the table it stands in."""

    table: ModelDeclaration
    name: str
    field: FieldDeclaration

    def __str__(self) -> str:
        return f"{self.table.label}.{self.name}"


def discover() -> None:
    """Import ``<app>.personal_data`` of every installed app, which fills the registry."""
    autodiscover_modules("personal_data")


def installed_models() -> list[type[Model]]:
    """Every table of the installed apps, many-to-many tables included; proxies hold no fields."""
    return [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]


def own_fields(model: type[Model]) -> list[AnyField]:
    """The fields that are columns of the table of ``model`` itself."""
    return list(model._meta.local_concrete_fields)


def declared_tables() -> list[ModelDeclaration]:
    """The declarations of the tables that are installed."""
    installed = {model._meta.label for model in installed_models()}
    return [table for label, table in REGISTRY.items() if label in installed]


def personal_fields() -> Iterator[DeclaredField]:
    """Every declared personal field of a table that is installed."""
    for table in declared_tables():
        for name, field in table.fields.items():
            if field.personal:
                yield DeclaredField(table, name, field)
