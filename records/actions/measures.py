"""Measured values: added, and struck when wrong."""

from datetime import datetime

from django.db import transaction

from audit.actors import Actor
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import require
from records.actions.journal import journal, person
from records.fields import clean
from records.models import Consultation, Measure, Origin, PatientFile
from records.restriction.rules import why_not_process
from records.rules import why_not_strike, why_not_taken_at
from vault import access
from vault.handles import Handle


@transaction.atomic
def add_measure(
    *,
    file: PatientFile,
    label: str,
    value: str,
    unit: str = "",
    code: str = "",
    taken_at: datetime,
    consultation: Consultation | None = None,
    by: Actor,
    now: datetime,
) -> Measure:
    """A value with its unit; ``code`` is a LOINC code where there is one."""
    require(why_not_taken_at(taken_at, now=now))
    handle = _open(file, "create", by, now)
    measure = build_measure(
        file, handle, label=label, value=value, unit=unit, code=code, taken_at=taken_at,
        consultation=consultation, by=by, now=now,
    )  # fmt: skip
    measure.save(force_insert=True)
    journal(measure, "measure.added", file_id=file.id, by=by, now=now)
    return measure


@transaction.atomic
def strike_measure(*, measure: Measure, by: Actor, now: datetime) -> Measure:
    """Mark a wrong value as struck: it stays readable, and counts no more."""
    row = Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
    require(why_not_process(row.file_id))
    require(why_not_strike(row))
    row.struck_at = now
    row.struck_by_id = person(by)
    row.save(update_fields=["struck_at", "struck_by"])
    journal(row, "measure.struck", file_id=row.file_id, by=by, now=now)
    return row


def build_measure(
    file: PatientFile,
    handle: Handle,
    *,
    label: str,
    value: str,
    unit: str,
    code: str,
    taken_at: datetime,
    by: Actor,
    now: datetime,
    consultation: Consultation | None = None,
    origin: str = Origin.WRITTEN,
) -> Measure:
    """An unsaved measure, sealed."""
    measure = Measure(
        id=new_id(),
        practice_id=file.practice_id,
        file=file,
        consultation=consultation,
        recorded_at=now,
        recorded_by_id=person(by),
        origin=origin,
        taken_at=taken_at,
    )
    handle.write(measure, label=clean(label), value=clean(value), unit=clean(unit), code=clean(code))
    return measure


def _open(file: PatientFile, action: str, by: Actor, now: datetime) -> Handle:
    return access.open(
        file.id,
        by=by,
        purpose=Purpose.CARE,
        part="measures",
        practice_id=file.practice_id,
        now=now,
        action=action,
    )
