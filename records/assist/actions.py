"""What happens to a machine's suggestion: asked for, come, taken over or turned down by a person, or dropped."""

import base64
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from adapters import outbox
from adapters.assemblyai import SOUND
from adapters.boxes.refs import GroundRef
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.grants import patient_grant_for
from privacy.ids import new_id
from privacy.patient_keys import AI_HELP
from privacy.purposes import Purpose
from privacy.refusals import require
from records.actions.consultations import read_content, save_draft
from records.actions.journal import journal, person
from records.assist.queries import OPEN, THERE, astray
from records.assist.rules import SLOTS, why_not_ask, why_not_decide, why_not_help, why_not_notes, why_not_sound
from records.fields import CONSULTATION_FIELDS
from records.models import Consultation, Suggestion, SuggestionKind, SuggestionState
from records.restriction.queries import live
from vault import access
from vault.handles import Handle

KINDS: Final = {SuggestionKind.DRAFT: "mistral.draft", SuggestionKind.TRANSCRIPT: "assemblyai.start"}
"""The message by which each is asked for."""
REMOVE: Final = "assemblyai.remove"
COPIES: Final = "assemblyai_copies"
HELP: Final = "machine_help"
"""What the practitioner's and the patient's withdrawal stop here, by name in :mod:`consents.stopping`."""
PART: Final = "consultation"


@transaction.atomic
def ask_for_draft(*, consultation: Consultation, by: Actor, now: datetime) -> Suggestion:
    """Have the notes of a draft put in order by a machine. Raises Refused; nothing leaves before the commit."""
    row = _asked(consultation, SuggestionKind.DRAFT, by, now)
    handle = opened(row, by=by, now=now, action="draft")
    require(why_not_notes(read_content(handle, _consultation_of(row))))
    row.save(force_insert=True)
    return _send(row, by, now)


@transaction.atomic
def ask_for_transcript(*, consultation: Consultation, sound: bytes, by: Actor, now: datetime) -> Suggestion:
    """Have a visit's sound turned into text; it is kept sealed until it was sent. Raises Refused."""
    require(why_not_sound(sound, most=SOUND))
    row = _asked(consultation, SuggestionKind.TRANSCRIPT, by, now)
    handle = opened(row, by=by, now=now, action="transcribe")
    handle.write(row, sound=base64.b64encode(sound).decode())
    row.save(force_insert=True)
    return _send(row, by, now)


@transaction.atomic
def accept(*, suggestion: Suggestion, by: Actor, now: datetime) -> Consultation:
    """Take a text over into the draft, below what is saved there: from then on it is the person's own. Raises Refused.

    It overwrites nothing, so it doesn't matter which state of the draft the page showed.
    """
    row = _locked(suggestion)
    require(why_not_decide(row, by=by))
    consultation = _consultation_of(row)
    handle = opened(row, by=by, now=now, action="change")
    said: Mapping[str, str] = handle.read(row, "text")
    stands = read_content(handle, consultation)
    content = {name: _below(stands[name], said.get(name, "")) for name in CONSULTATION_FIELDS}
    saved = save_draft(consultation=consultation, content=content, revision=None, by=by, now=now)
    _end(row, SuggestionState.ACCEPTED, now, by=by)
    return saved


@transaction.atomic
def decline(*, suggestion: Suggestion, by: Actor, now: datetime) -> None:
    """Turn a text down: it goes at once. Raises Refused."""
    row = _locked(suggestion)
    require(why_not_decide(row, by=by))
    _end(row, SuggestionState.DECLINED, now, by=by)


def come(row: Suggestion, handle: Handle, texts: Mapping[str, str], *, model: str, now: datetime) -> None:
    """A machine's text is there: a suggestion, nothing more. Call with the row locked and waiting."""
    handle.write(row, text=dict(texts), sound=None)
    row.state, row.model, row.ready_at = SuggestionState.READY, model, now
    row.save()
    journal(row, "suggestion.ready", file_id=row.file_id, by=Actor.system(KINDS[SuggestionKind(row.kind)]), now=now)


def drop(rows: QuerySet[Suggestion], *, why: str, now: datetime) -> None:
    """Drop what is on its way or undecided, and have its copies deleted; inside a transaction and the rows' scope."""
    for row in rows.filter(state__in=OPEN).select_for_update(of=("self",)):
        row.problem = why[:60]
        _end(row, SuggestionState.DROPPED, now, by=None)
    remove_copies(rows.filter(THERE), now=now)


@transaction.atomic
def lapse(*, now: datetime, consultation: Consultation | None = None) -> int:
    """Drop what will never come, with its sound; everybody's, or one draft's. A restricted file's stays as it lies. How many."""
    with scope(ALL) if consultation is None else nullcontext():
        rows = Suggestion.objects.filter(state=SuggestionState.WAITING)
        rows = (
            rows.filter(consultation=consultation)
            if consultation
            else rows.exclude(file_id__in=live().values("file_id"))
        )
        lost = rows.filter(pk__in=astray(rows.defer("sound"), now=now))
        number = lost.count()
        drop(lost, why="too_late", now=now)
    return number


def remove_copies(rows: Iterable[Suggestion], *, now: datetime, again: str = "") -> None:
    """Have the copies at the transcription service deleted, each by one message, whatever anybody agrees to."""
    for row in rows:
        if row.remote_id and row.removed_at is None:
            remove_copy(row, now=now, again=again)


def remove_copy(row: Suggestion, *, now: datetime, again: str = "") -> None:
    """One copy's deletion; asked twice, it is one message. ``again``: a word by which it is another, should that have failed."""
    sent = outbox.enqueue(
        kind=REMOVE,
        payload={"remote": row.remote_id},
        ground=GroundRef.necessary("end_of_use", subject_id=row.asked_by_id, file_id=row.file_id),
        now=now,
        dedupe=f"{row.remote_id}{again}",
    )
    Suggestion.objects.filter(pk=row.pk).update(removal_id=sent.pk)


def opened(row: Suggestion, *, by: Actor, now: datetime, action: str) -> Handle:
    """The way to the file's texts, journaled."""
    return access.open(
        row.file_id, by=by, purpose=Purpose.CARE, part=PART, practice_id=row.practice_id, now=now, action=action
    )


def _asked(consultation: Consultation, kind: SuggestionKind, by: Actor, now: datetime) -> Suggestion:
    """An unsaved row, if both agree and the draft is the asker's own."""
    row = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
    lapse(now=now, consultation=row)
    require(why_not_ask(row, kind, by=by))
    account = person(by)
    require(why_not_help(kind, file_id=row.file_id, account_id=account, now=now))
    patient_grant_for(row.file_id, AI_HELP, subject_id=account, slot=SLOTS[kind], now=now)
    return Suggestion(
        id=new_id(), practice_id=row.practice_id, file_id=row.file_id, consultation=row, kind=kind, asked_at=now,
        asked_by_id=account,
    )  # fmt: skip


def _send(row: Suggestion, by: Actor, now: datetime) -> Suggestion:
    kind = SuggestionKind(row.kind)
    outbox.enqueue(
        kind=KINDS[kind],
        payload={"suggestion": str(row.pk)},
        ground=GroundRef.patient(row.file_id, AI_HELP, subject_id=row.asked_by_id, slot=SLOTS[kind]),
        now=now,
        dedupe=str(row.pk),
    )
    journal(row, "suggestion.asked", file_id=row.file_id, by=by, now=now, kind=row.kind)
    return row


def _end(row: Suggestion, state: SuggestionState, now: datetime, *, by: Actor | None) -> None:
    row.state, row.ended_at, row.text, row.sound = state, now, None, None
    if by is not None:
        row.ended_by_id, row.ended_role = person(by), by.role
    row.save()
    journal(row, f"suggestion.{state.value}", file_id=row.file_id, by=by or Actor.system("suggestions"), now=now)


def _locked(suggestion: Suggestion) -> Suggestion:
    """Its consultation is locked first, as whoever signs or discards that does."""
    if suggestion.consultation_id:
        Consultation.objects.select_for_update(of=("self",)).filter(pk=suggestion.consultation_id).first()
    return Suggestion.objects.select_for_update(of=("self",)).select_related("consultation").get(pk=suggestion.pk)


def _consultation_of(row: Suggestion) -> Consultation:
    if row.consultation is None:
        raise ValueError("this suggestion's consultation was discarded")
    return row.consultation


def _below(stands: str | None, said: str) -> str | None:
    """What stands there stays; a text that is there already isn't written twice."""
    if not stands or not said or said in stands:
        return stands or said or None
    return f"{stands}\n\n{said}"
