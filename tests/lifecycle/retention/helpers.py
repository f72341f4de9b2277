"""Files for the retention engine's tests, and how they stand."""

from datetime import UTC, date, datetime
from uuid import UUID

from accounts.models import User
from audit.actors import Actor
from care.models import CareRelationship
from care.tenancy import ALL, scope
from lifecycle.retention.children import children
from records.models import PatientFile
from tests.records.factories import make_consultation, make_document, make_file, make_measure
from vault.models import FileKey

BY = Actor.system("sweep")
LAST_DAY = date(2046, 11, 18)
DUE = datetime(2046, 11, 18, 23, 0, tzinfo=UTC)
"""Midnight in Paris after the last day of a file whose last consultation was on NOW's day."""
ARCHIVED = datetime(2031, 11, 18, 23, 0, tzinfo=UTC)
"""Midnight in Paris after its last day in daily use."""


def make_full_file(practitioner: User) -> PatientFile:
    """With a consultation, a measure and a document."""
    file = make_file(practitioner)
    make_consultation(file, practitioner, signed=True)
    make_measure(file, practitioner)
    make_document(file, practitioner)
    return file


def rows_of(file_id: UUID) -> dict[str, int]:
    """How many rows of each kind there are of a file, kinds without any left out."""
    with scope(ALL):
        found = {
            child.model.__name__: child.model._default_manager.filter(**{child.column: file_id}).count()
            for child in children()
        }
        found["CareRelationship"] = CareRelationship.objects.filter(patient_id=file_id).count()
        found["PatientFile"] = PatientFile.objects.filter(pk=file_id).count()
    return {name: number for name, number in found.items() if number}


def stored(file_id: UUID) -> PatientFile:
    """The row as it now is."""
    with scope(ALL):
        return PatientFile.objects.get(pk=file_id)


def ring_of(file_id: UUID) -> str:
    """Where its key hangs, or "dead"."""
    key = FileKey.objects.get(file_id=file_id)
    return "dead" if key.destroyed_at else key.ring
