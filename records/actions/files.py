"""Making and changing a patient's file."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actors import Actor
from care.actions import begin_care
from care.models import Practice
from privacy.clocks import Jurisdiction, legal_day
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refusal, require
from records.actions.corrections import keep_old
from records.actions.journal import journal, person
from records.clock import day_of, parse_birth_date, set_clock
from records.fields import FILE_FIELDS, SEARCHED, clean
from records.models import FileStatus, Origin, PatientFile
from records.portal.guardians import follow_birth_date
from records.restriction.rules import why_not_process
from records.rules import (
    why_not_birth_date,
    why_not_death,
    why_not_end_now,
    why_not_named,
    why_not_revision,
    why_not_status,
)
from records.search import tokens_of
from vault import access
from vault.handles import Handle


def create_file(
    *,
    practice: Practice,
    by: Actor,
    now: datetime,
    identity: Mapping[str, str | None],
    origin: str = Origin.WRITTEN,
) -> PatientFile:
    """A new file with its own key, treated by ``by``. See :func:`make_file`."""
    return make_file(practice=practice, by=by, now=now, identity=identity, origin=origin)[0]


@transaction.atomic
def make_file(
    *,
    practice: Practice,
    by: Actor,
    now: datetime,
    identity: Mapping[str, str | None],
    origin: str = Origin.WRITTEN,
    file_id: UUID | None = None,
    died_on: str | None = None,
) -> tuple[PatientFile, Handle]:
    """A new file and the handle to go on writing in it (an import does).

    ``identity`` maps names of :data:`records.fields.FILE_FIELDS` to texts; ``died_on`` is known of
    somebody who died before (LAW-02). Raises
    :class:`privacy.refusals.Refused` for a file without a name or with an impossible birth date.
    """
    values = cleaned(identity)
    require(_why_not(values, practice, now))
    require(why_not_death(died_on, values.get("birth_date"), legal_day(now, Jurisdiction(practice.jurisdiction))))
    file = PatientFile(
        id=file_id or new_id(),
        practice=practice,
        created_at=now,
        created_by_id=person(by),
        changed_at=now,
        origin=origin,
    )
    handle = access.new_file(file_id=file.id, by=by, practice_id=practice.id, purpose=Purpose.CARE, now=now)
    handle.write(file, **values, died_on=clean(died_on))
    file.search_tokens = tokens_of(practice.id, values)
    set_clock(file, values.get("birth_date"), holds=(), died_on=clean(died_on))
    file.save(force_insert=True)
    begin_care(
        practice_id=practice.id,
        practitioner_id=person(by),
        patient_id=file.id,
        by=by,
        now=now,
    )
    filled = [name for name in FILE_FIELDS if values.get(name)]
    journal(file, "file.created", file_id=file.id, by=by, now=now, fields=filled)
    return file, handle


@transaction.atomic
def change_file(
    *,
    file: PatientFile,
    changes: Mapping[str, str | None],
    revision: int | None = None,
    may_end: bool = False,
    by: Actor,
    now: datetime,
) -> PatientFile:
    """Write ``changes`` (name of field to text) and journal the names of those that differ.

    ``revision`` is the one the person saw; a later one is refused, so that nobody overwrites
    what they haven't read. A birth date that ends the file's term at once needs ``may_end``.
    Returns the row as it now is.
    """
    row = PatientFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    require(why_not_revision(row, revision))
    handle = access.open(
        row.id,
        by=by,
        purpose=Purpose.CARE,
        part="file",
        practice_id=row.practice_id,
        now=now,
        action="change",
    )
    before = {name: value or None for name, value in handle.reveal(row).items()}
    wanted = cleaned(changes)
    differing = {name: value for name, value in wanted.items() if value != before[name]}
    after = before | differing
    require(_why_not(after, row.practice, now))
    if not differing:
        return row
    handle.write(row, **differing)
    if differing.keys() & set(SEARCHED):
        row.search_tokens = tokens_of(row.practice_id, after)
    term_before = row.retain_until
    set_clock(row, after["birth_date"], died_on=after["died_on"])
    require(why_not_end_now(row, before=term_before, today=day_of(row, now), confirmed=may_end))
    row.changed_at = now
    row.revision += 1
    row.save()
    changed = [name for name in FILE_FIELDS if name in differing]
    journal(row, "file.changed", file_id=row.id, by=by, now=now, fields=changed)
    keep_old(handle, row, before, changed, by=by, now=now)
    if "birth_date" in differing:
        follow_birth_date(file=row, birth_date=after["birth_date"], by=by, now=now)
    return row


def close_file(*, file: PatientFile, by: Actor, now: datetime) -> PatientFile:
    """Take the file out of everyday use; it stays readable, and its clock goes on."""
    return _move(file, FileStatus.CLOSED, "file.closed", by, now)


def reopen_file(*, file: PatientFile, by: Actor, now: datetime) -> PatientFile:
    """Bring a closed file back into everyday use."""
    return _move(file, FileStatus.OPEN, "file.reopened", by, now)


def cleaned(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Texts in NFC, blanks as None. Raises ValueError for a field that no file has."""
    if unknown := values.keys() - set(FILE_FIELDS):
        raise ValueError(f"a patient's file has no field {sorted(unknown)}")
    return {name: clean(value) for name, value in values.items()}


@transaction.atomic
def _move(file: PatientFile, status: FileStatus, verb: str, by: Actor, now: datetime) -> PatientFile:
    row = PatientFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    require(why_not_process(row.pk))
    require(why_not_status(row, status))
    row.status = status
    row.changed_at = now
    row.save(update_fields=["status", "changed_at"])
    journal(row, verb, file_id=row.id, by=by, now=now)
    return row


def _why_not(values: Mapping[str, str | None], practice: Practice, now: datetime) -> Refusal | None:
    if refusal := why_not_named(values):
        return refusal
    born = parse_birth_date(values.get("birth_date"))
    today = legal_day(now, Jurisdiction(practice.jurisdiction))
    return why_not_birth_date(born, today=today) if born else None
