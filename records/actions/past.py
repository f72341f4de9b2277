"""What an import brings: consultations and measures of the past, many at once, in few queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actors import Actor
from privacy.ids import new_id
from privacy.refusals import require
from records.actions.consultations import build_version, move_clock
from records.actions.journal import journal, person
from records.actions.measures import build_measure
from records.fields import CONSULTATION_FIELDS, clean
from records.models import (
    Consultation,
    ConsultationStatus,
    ConsultationVersion,
    Measure,
    Origin,
    PatientFile,
)
from records.rules import why_not_started_at, why_not_taken_at
from vault.handles import Handle


@dataclass(frozen=True, slots=True)
class PastConsultation:
    """A consultation that took place elsewhere or before; ``id`` so that measures can name it."""

    started_at: datetime
    content: Mapping[str, str | None]
    kind: str = "other"
    id: UUID = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class PastMeasure:
    """A value measured elsewhere or before."""

    taken_at: datetime
    label: str
    value: str
    unit: str = ""
    code: str = ""
    consultation_id: UUID | None = None
    id: UUID = field(default_factory=new_id)


@transaction.atomic
def bring_past(
    *,
    file: PatientFile,
    handle: Handle,
    consultations: Iterable[PastConsultation] = (),
    measures: Iterable[PastMeasure] = (),
    by: Actor,
    now: datetime,
) -> tuple[list[Consultation], list[Measure]]:
    """Add what is past to ``file``: consultations signed as version 1 by whoever imports.

    ``handle`` is the open file (from ``make_file`` or ``vault.access.open``), whose journal row
    covers it all. The clock moves once. Raises Refused for a moment in the future.
    """
    pairs = [_consultation(file, handle, past, by, now) for past in consultations]
    Consultation.objects.bulk_create([row for row, _ in pairs])
    ConsultationVersion.objects.bulk_create([version for _, version in pairs])
    values = [_measure(file, handle, past, by, now) for past in measures]
    Measure.objects.bulk_create(values)
    if pairs:
        move_clock(file, handle, now)
    journal(
        file,
        "file.imported",
        file_id=file.id,
        by=by,
        now=now,
        consultations=len(pairs),
        measures=len(values),
    )
    return [row for row, _ in pairs], values


def _consultation(
    file: PatientFile, handle: Handle, past: PastConsultation, by: Actor, now: datetime
) -> tuple[Consultation, ConsultationVersion]:
    require(why_not_started_at(past.started_at, now=now))
    row = Consultation(
        id=past.id,
        practice_id=file.practice_id,
        file=file,
        author_id=person(by),
        created_at=now,
        changed_at=now,
        started_at=past.started_at,
        kind=past.kind,
        origin=Origin.IMPORTED,
        status=ConsultationStatus.SIGNED,
        signed_at=now,
        signed_by_id=person(by),
    )
    content = {name: clean(past.content.get(name)) for name in CONSULTATION_FIELDS}
    handle.write(row, **content)
    return row, build_version(handle, row, content, number=1, by=by, now=now)


def _measure(file: PatientFile, handle: Handle, past: PastMeasure, by: Actor, now: datetime) -> Measure:
    require(why_not_taken_at(past.taken_at, now=now))
    measure = build_measure(
        file, handle, label=past.label, value=past.value, unit=past.unit, code=past.code,
        taken_at=past.taken_at, by=by, now=now, origin=Origin.IMPORTED,
    )  # fmt: skip
    measure.consultation_id = past.consultation_id
    return measure
