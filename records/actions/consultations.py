"""A consultation's life: started, drafted, signed, amended, struck (see records.states)."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from audit.actors import Actor
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import require
from records.actions.journal import journal, person
from records.clock import CLOCK_FIELDS, day_of, set_clock
from records.fields import CONSULTATION_FIELDS, KINDS, clean
from records.models import Consultation, ConsultationStatus, ConsultationVersion, PatientFile, SuggestionState
from records.rules import (
    why_not_amend,
    why_not_end_now,
    why_not_move,
    why_not_revision,
    why_not_sign,
    why_not_started_at,
    why_not_strike_consultation,
    why_not_write,
)
from records.states import Event
from vault import access, rings
from vault.handles import Handle

Content = Mapping[str, str | None]


@transaction.atomic
def start_consultation(
    *,
    file: PatientFile,
    by: Actor,
    now: datetime,
    started_at: datetime | None = None,
    kind: str = "follow_up",
) -> Consultation:
    """An empty draft in ``file``; the patient has been seen, so the file's clock moves at once."""
    began = started_at or now
    require(why_not_started_at(began, now=now))
    consultation = Consultation(
        id=new_id(),
        practice_id=file.practice_id,
        file=file,
        author_id=person(by),
        created_at=now,
        changed_at=now,
        started_at=began,
        kind=_kind(kind),
    )
    handle = _open(consultation, "create", by, now)
    consultation.save(force_insert=True)
    move_clock(file, handle, now)
    journal(consultation, "consultation.started", file_id=file.id, by=by, now=now)
    return consultation


@transaction.atomic
def save_draft(
    *,
    consultation: Consultation,
    content: Content,
    revision: int | None,
    by: Actor,
    now: datetime,
    started_at: datetime | None = None,
    kind: str | None = None,
) -> Consultation:
    """Keep the draft as typed. Raises Refused when it was signed, or saved elsewhere, meanwhile."""
    row = _locked(consultation)
    require(why_not_move(row, Event.SAVE, by=by))
    require(why_not_revision(row, revision))
    require(why_not_started_at(started_at or row.started_at, now=now))
    handle = _open(row, "change", by, now)
    differing = _write(handle, row, content)
    if moved := started_at is not None and started_at != row.started_at:
        row.started_at = started_at or row.started_at
        differing.append("started_at")
    if kind is not None and kind != row.kind:
        row.kind = _kind(kind)
        differing.append("kind")
    if not differing:
        return row
    _save(row, now)
    if moved:
        move_clock(row.file, handle, now)
    journal(row, "consultation.saved", file_id=row.file_id, by=by, now=now, fields=differing)
    return row


@transaction.atomic
def sign(*, consultation: Consultation, by: Actor, now: datetime, revision: int | None = None) -> ConsultationVersion:
    """Make the draft immutable as version 1. A second click at once finds it already signed."""
    row = _locked(consultation)
    require(why_not_move(row, Event.SIGN, by=by))
    require(why_not_revision(row, revision))
    handle = _open(row, "sign", by, now)
    content = read_content(handle, row)
    require(why_not_sign(row, content, by=by))
    row.status = ConsultationStatus.SIGNED
    row.signed_at = now
    row.signed_by_id = person(by)
    _save(row, now)
    _leave_suggestions(row, now)
    version = build_version(handle, row, content, number=1, by=by, now=now)
    version.save(force_insert=True)
    journal(row, "consultation.signed", file_id=row.file_id, by=by, now=now, version=1)
    return version


@transaction.atomic
def amend(
    *,
    consultation: Consultation,
    content: Content,
    reason: str,
    started_at: datetime | None = None,
    may_end: bool = False,
    revision: int | None = None,
    by: Actor,
    now: datetime,
) -> ConsultationVersion:
    """A further version with the reason for it; the earlier ones stay as they were signed.

    A corrected ``started_at`` moves the file's clock to where it belongs, back too (P18). Raises
    Refused when that would end the file's term at once and ``may_end`` doesn't say that it may.
    """
    row = _locked(consultation)
    require(why_not_move(row, Event.AMEND, by=by))
    require(why_not_revision(row, revision))
    require(why_not_started_at(started_at or row.started_at, now=now))
    handle = _open(row, "amend", by, now)
    differing = _write(handle, row, content)
    if moved := started_at is not None and started_at != row.started_at:
        row.started_at = started_at or row.started_at
        differing.append("started_at")
    require(why_not_amend(row, reason, changed=bool(differing), by=by))
    _save(row, now)
    if moved:
        _correct_clock(row.file, handle, now=now, may_end=may_end)
    number = _last_number(row) + 1
    version = build_version(handle, row, read_content(handle, row), number=number, by=by, now=now, reason=reason)
    version.save(force_insert=True)
    journal(
        row,
        "consultation.amended",
        file_id=row.file_id,
        by=by,
        now=now,
        fields=differing,
        version=number,
    )
    return version


@transaction.atomic
def strike_consultation(
    *, consultation: Consultation, reason: str, may_end: bool = False, by: Actor, now: datetime
) -> ConsultationVersion:
    """Mark a signed consultation as one that never took place; it stays readable, with the reason as last version.

    The file's clock goes back to the consultation before (P18). Raises Refused as :func:`amend` does.
    """
    row = _locked(consultation)
    require(why_not_strike_consultation(row, reason, by=by))
    handle = _open(row, "strike", by, now)
    row.status = ConsultationStatus.STRUCK
    _save(row, now)
    number = _last_number(row) + 1
    version = build_version(handle, row, read_content(handle, row), number=number, by=by, now=now, reason=reason)
    version.save(force_insert=True)
    _correct_clock(row.file, handle, now=now, may_end=may_end)
    journal(row, "consultation.struck", file_id=row.file_id, by=by, now=now, version=number)
    return version


@transaction.atomic
def discard_draft(*, consultation: Consultation, by: Actor, now: datetime) -> None:
    """Throw away a draft begun by mistake; the file's clock goes back to the one before."""
    row = _locked(consultation)
    require(why_not_move(row, Event.DISCARD, by=by))
    handle = _open(row, "delete", by, now)
    row.measures.update(consultation=None)
    row.documents.update(consultation=None)
    _leave_suggestions(row, now)
    row.suggestions.update(consultation=None)
    journal(row, "consultation.discarded", file_id=row.file_id, by=by, now=now)
    file = row.file
    row.delete()
    move_clock(file, handle, now)


def build_version(
    handle: Handle,
    row: Consultation,
    content: Content,
    *,
    number: int,
    by: Actor,
    now: datetime,
    reason: str = "",
) -> ConsultationVersion:
    """The consultation as it stands, as an unsaved row of evidence."""
    version = ConsultationVersion(
        id=new_id(),
        practice_id=row.practice_id,
        file_id=row.file_id,
        consultation_id=row.id,
        number=number,
        author_id=person(by),
        signed_at=now,
        started_at=row.started_at,
        kind=row.kind,
    )
    handle.write(version, content=dict(content), amendment_reason=clean(reason))
    return version


def read_content(handle: Handle, row: Consultation) -> dict[str, str | None]:
    """The texts of a consultation by name."""
    return {name: handle.read(row, name) for name in CONSULTATION_FIELDS}


def move_clock(file: PatientFile, handle: Handle, now: datetime) -> PatientFile:
    """Recompute the day of the last consultation and the ends of the file's term (PC-121).

    A file whose daily use goes on by it comes back from the archive at once (PC-41).
    """
    row = PatientFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    require(why_not_write(row))
    held = row.consultations.exclude(status=ConsultationStatus.STRUCK)
    latest = held.aggregate(latest=Max("started_at"))["latest"]
    row.last_consultation_on = day_of(row, latest) if latest else None
    set_clock(row, handle.read(row, "birth_date"), died_on=handle.read(row, "died_on"))
    if row.archived_at and row.active_until >= day_of(row, now):
        rings.activate([row.pk], now)
        row.archived_at = None
    row.save(update_fields=["last_consultation_on", *CLOCK_FIELDS, "archived_at"])
    return row


def _correct_clock(file: PatientFile, handle: Handle, *, now: datetime, may_end: bool) -> None:
    """Move the clock after a correction; one that ends the term at once needs a yes."""
    before = file.retain_until
    moved = move_clock(file, handle, now)
    require(why_not_end_now(moved, before=before, today=day_of(file, now), confirmed=may_end))


def _locked(consultation: Consultation) -> Consultation:
    return Consultation.objects.select_for_update(of=("self",)).select_related("file__practice").get(pk=consultation.pk)


def _open(row: Consultation, action: str, by: Actor, now: datetime) -> Handle:
    return access.open(
        row.file_id,
        by=by,
        purpose=Purpose.CARE,
        part="consultation",
        practice_id=row.practice_id,
        now=now,
        action=action,
    )


def _write(handle: Handle, row: Consultation, content: Content) -> list[str]:
    """Seal what differs and return the names of those fields."""
    if unknown := content.keys() - set(CONSULTATION_FIELDS):
        raise ValueError(f"a consultation has no field {sorted(unknown)}")
    wanted = {name: clean(text) for name, text in content.items()}
    differing = {n: text for n, text in wanted.items() if text != handle.read(row, n)}
    handle.write(row, **differing)
    return list(differing)


def _save(row: Consultation, now: datetime) -> None:
    row.changed_at = now
    row.revision += 1
    row.save()


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of consultation; one of {', '.join(KINDS)}")
    return kind


def _leave_suggestions(row: Consultation, now: datetime) -> None:
    """What a machine suggested and nobody took over goes with the draft; copies elsewhere are cleared up by the hour."""
    undecided = row.suggestions.filter(state__in=(SuggestionState.WAITING, SuggestionState.READY))
    undecided.update(state=SuggestionState.DROPPED, ended_at=now, problem="left", text=None, sound=None)


def _last_number(row: Consultation) -> int:
    versions = ConsultationVersion.objects.filter(consultation_id=row.id)
    return versions.aggregate(last=Max("number"))["last"] or 0
