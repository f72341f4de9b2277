"""What was corrected in a file: its own fields with their old values, and the signed consultations that were amended (PC-61)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from records.clock import birth_words
from records.fields import LABELS, SEXES
from records.models import ConsultationVersion, Correction, PatientFile
from vault.handles import Handle

DIED_ON = "died_on"


@dataclass(frozen=True, slots=True)
class Made:
    """One correction, in words that name fields and no values. ``id`` is the row's that proves it."""

    id: UUID
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Before:
    """One correction with what stood there before."""

    row: Correction
    texts: list[tuple[Any, str]]


def corrections_of(file: PatientFile) -> QuerySet[Correction]:
    """Those of a file that was fetched for somebody, the latest first."""
    return Correction.objects.filter(file=file).order_by("-corrected_at", "-pk")


def opened(handle: Handle, row: Correction) -> Before:
    """A correction with the old values in words."""
    before = handle.read(row, "before") or {}
    return Before(row, [(label_of(name), _shown(name, before.get(name))) for name in row.fields])


def made_since(file_id: UUID, since: datetime) -> list[Made]:
    """What was corrected in a file from ``since`` on, the latest first: its fields, and its signed consultations."""
    fields = Correction.objects.filter(file=file_id, corrected_at__gte=since)
    versions = ConsultationVersion.objects.filter(file_id=file_id, signed_at__gte=since, number__gt=1)
    found = [Made(row.pk, row.corrected_at, ", ".join(str(label_of(name)) for name in row.fields)) for row in fields]
    found += [Made(row.pk, row.signed_at, _("a signed consultation, version %d") % row.number) for row in versions]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def label_of(name: str) -> Any:
    """A field of a file in words."""
    return _("Day of death") if name == DIED_ON else LABELS[name]


def _shown(name: str, text: str | None) -> str:
    if not text:
        return _("nothing")
    return birth_words(text) if name == "birth_date" else str(SEXES.get(text, text)) if name == "sex" else text
