"""Which tables hold the rows of a patient's file, read from the models themselves, so that none is forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from uuid import UUID

from django.db.models import Model

from privacy.ids import new_id
from records.models import PatientFile
from vault.fields import sealed_fields

FILE_TABLE = PatientFile._meta.db_table
LOOSE = (
    ("care_carerelationship", "patient_id"),
    ("care_portallink", "patient_id"),
    ("care_invitation", "patient_id"),
    ("care_staffconsent", "file_id"),
    ("care_emergencyaccess", "file_id"),
    ("adapters_outgoing", "file_id"),
)
"""Rows that name a file without a foreign key, since their table lies in a layer below."""


@dataclass(frozen=True, slots=True)
class Child:
    """A table whose rows belong to one file; ``has_own_key``: its sealed fields don't open with the file's key."""

    model: type[Model]
    column: str
    has_own_key: bool

    @property
    def table(self) -> str:
        """Its name in the database."""
        return self.model._meta.db_table


@cache
def children() -> tuple[Child, ...]:
    """Those tables, each before the ones its rows point to: the order in which rows can go."""
    columns = dict(_pointing_at_files())
    before = TopologicalSorter({model: _pointing_at(model, columns) for model in columns})
    return tuple(Child(model, columns[model], _has_own_key(model)) for model in before.static_order())


def _pointing_at_files() -> Iterator[tuple[type[Model], str]]:
    for relation in PatientFile._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one):
            yield relation.related_model, relation.field.column  # type: ignore[union-attr,misc]


def _pointing_at(model: type[Model], among: dict[type[Model], str]) -> set[type[Model]]:
    """The tables with a foreign key to ``model``: their rows go first."""
    return {
        other
        for other in among
        if other is not model and any(field.related_model is model for field in other._meta.local_fields)
    }


def _has_own_key(model: type[Model]) -> bool:
    if not sealed_fields(model):
        return False
    row_id, file_id = new_id(), new_id()
    sealed_under: UUID = model(id=row_id, file_id=file_id).sealed_file_id  # type: ignore[attr-defined]
    return sealed_under == row_id
