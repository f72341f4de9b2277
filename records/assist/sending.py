"""The messages behind the suggestions: a draft, a transcript's way there and back, its deletion there (PC-97, PC-98).

A handler holds no transaction while it calls out: it reads in one scope, calls, writes in another, and looks each time whether
the suggestion still waits. What comes after a withdrawal is thrown away, and its copy deleted.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from adapters import assemblyai, gates, inbox, mistral
from adapters.boxes.refs import GroundRef
from adapters.faults import Rejected
from adapters.grounds import Ground
from adapters.inbox import Incoming, applies, repairs
from adapters.models import Outgoing
from adapters.outbox import TryLater, Undeliverable, enqueue, handles
from adapters.states import State
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.stopping import look_again
from privacy.clocks import Jurisdiction
from privacy.patient_keys import AI_HELP
from records.actions.consultations import read_content
from records.actions.journal import journal
from records.assist.actions import COPIES, HELP, REMOVE, come, drop, opened, remove_copies, remove_copy
from records.assist.identifiers import pseudonyms_of
from records.assist.queries import THERE
from records.assist.rules import SLOTS
from records.fields import CONSULTATION_FIELDS
from records.models import PatientFile, Suggestion, SuggestionKind, SuggestionState

FETCH: Final = "assemblyai.fetch"
FIRST_LOOK: Final = timedelta(minutes=5)
"""When we ask by ourselves, should the notice have been lost."""
LONGEST_THERE: Final = timedelta(days=1)
"""A copy that is older there is deleted, whatever became of its transcript."""
UNKNOWN_FOR: Final = timedelta(hours=1)
"""A copy there that no row of ours knows belongs to a worker that died; it is deleted when it is older."""


@handles("mistral.draft")
def write_draft(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Notes out without names, a draft back."""
    with _waiting(row) as found:
        if found is None or found.consultation is None:
            return
        asked_by = User.objects.get(pk=found.asked_by_id)
        handle = opened(found, by=_asker(found), now=now, action="draft")
        notes = {name: text or "" for name, text in read_content(handle, found.consultation).items()}
        file = PatientFile.objects.select_related("practice", "created_by").get(pk=found.file_id)
        without = pseudonyms_of(file, handle, practitioner=asked_by, now=now)
    try:
        drafted = mistral.draft(
            notes, headings=CONSULTATION_FIELDS, without=without, ground=ground, now=now, outgoing_id=row.pk
        )
    except Rejected as refused:
        _lost(row, refused.code or "rejected", now)
        raise
    with _waiting(row) as found:
        if found is not None:
            come(
                found,
                opened(found, by=_asker(found), now=now, action="draft"),
                drafted.texts,
                model=drafted.model,
                now=now,
            )


@handles("assemblyai.start")
def start_transcript(row: Outgoing, ground: Ground, now: datetime) -> None:
    """The sound goes there; here it is gone as soon as it was taken."""
    with _waiting(row) as found:
        if found is None or found.remote_id:
            return
        sound = base64.b64decode(opened(found, by=_asker(found), now=now, action="transcribe").read(found, "sound"))
        practice = PatientFile.objects.select_related("practice").get(pk=found.file_id).practice
    try:
        address = assemblyai.upload(sound, ground=ground, now=now)
        started = assemblyai.start(address, language=_language(practice.jurisdiction), ground=ground, now=now)
    except Rejected as refused:
        _lost(row, refused.code or "rejected", now)
        raise
    with scope(ALL):
        found = Suggestion.objects.select_for_update(of=("self",)).get(pk=_about(row))
        found.remote_id, found.sound = started.id, None
        found.save()
        if found.state != SuggestionState.WAITING:
            remove_copy(found, now=now)
            return
        _enqueue_fetch(found, now=now, due_at=now + FIRST_LOOK, dedupe=f"look:{found.pk}")


@handles(FETCH)
def fetch_transcript(row: Outgoing, ground: Ground, now: datetime) -> None:
    """The text comes back, and the copy there is deleted: both in one transaction."""
    with _waiting(row) as found:
        if found is None:
            return
        remote = found.remote_id
    there = assemblyai.fetch(remote, ground=ground, now=now)
    if there.status in (assemblyai.Status.QUEUED, assemblyai.Status.PROCESSING):
        raise TryLater("not_ready")
    with _waiting(row) as found:
        if found is None:
            return
        if there.status is assemblyai.Status.ERROR or not there.text.strip():
            drop(Suggestion.objects.filter(pk=found.pk), why="no_transcript", now=now)
            return
        handle = opened(found, by=_asker(found), now=now, action="transcribe")
        come(found, handle, {"note": there.text.strip()}, model=there.model, now=now)
        remove_copy(found, now=now)


@handles(REMOVE)
def remove_there(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Delete a copy there, and note the message that did: the egress journal has its line."""
    remote = str(row.content["remote"])
    try:
        assemblyai.delete(remote, ground=ground, now=now, outgoing_id=row.pk)
    except assemblyai.NotYet:
        raise TryLater("not_yet") from None
    with scope(ALL):
        found = Suggestion.objects.select_for_update(of=("self",)).filter(remote_id=remote, removed_at=None).first()
        if found is not None:
            found.removed_at, found.removal_id = now, row.pk
            found.save()
            journal(found, "suggestion.removed", file_id=found.file_id, by=Actor.system(REMOVE), now=now)
            look_again(found.asked_by_id, COPIES, now=now)
            look_again(found.file_id, HELP, now=now)


inbox.register(assemblyai.HOOKED)


@applies(assemblyai.KEY, "transcript.completed", "transcript.error")
def transcript_told(event: Incoming, now: datetime) -> UUID | None:
    """A notice says that a transcript is over: ask for it now. What it says else isn't believed."""
    remote = str(event.content["transcript_id"])
    with scope(ALL):
        found = Suggestion.objects.filter(remote_id=remote).first()
        if found is None:
            return None
        if found.state == SuggestionState.WAITING:
            _enqueue_fetch(found, now=now, due_at=now, dedupe=f"told:{found.pk}")
        return found.asked_by_id


@repairs(assemblyai.KEY, GroundRef.necessary("end_of_use"))
def clear_up(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Nothing stays there: copies of ours that are a day old, and those of a worker that died before it could note them."""
    if gates.by_setting(assemblyai.KEY):
        return
    today = f":{now:%Y-%m-%d}"
    with scope(ALL):
        old = Suggestion.objects.filter(THERE, Q(asked_at__lte=now - LONGEST_THERE) | ~Q(state=SuggestionState.WAITING))
        drop(
            Suggestion.objects.filter(pk__in=old.values("pk"), asked_at__lte=now - LONGEST_THERE),
            why="too_late",
            now=now,
        )
        remove_copies(old, now=now, again=today)
    listed = assemblyai.listed(ground=ground, now=now)
    with scope(ALL):
        ours = set(
            Suggestion.objects.filter(remote_id__in=[one.id for one in listed]).values_list("remote_id", flat=True)
        )
        for one in listed:
            if one.id not in ours and not one.deleted and one.created_at <= now - UNKNOWN_FOR:
                enqueue(
                    kind=REMOVE, payload={"remote": one.id}, ground=GroundRef.necessary("end_of_use"), now=now,
                    dedupe=f"{one.id}{today}",
                )  # fmt: skip


def under_way(rows: list[Suggestion]) -> bool:
    """Whether a worker is bringing sound there at this moment."""
    asked = [str(row.pk) for row in rows if not row.remote_id]
    return Outgoing.objects.filter(kind="assemblyai.start", dedupe__in=asked, state=State.WAITING).exists()


@contextmanager
def _waiting(row: Outgoing) -> Iterator[Suggestion | None]:
    """The suggestion of a message, locked, in its scope; None when it waits no longer."""
    with scope(ALL):
        rows = Suggestion.objects.select_for_update(of=("self",)).select_related("consultation")
        yield rows.filter(pk=_about(row), state=SuggestionState.WAITING).first()


def _lost(row: Outgoing, why: str, now: datetime) -> None:
    with scope(ALL):
        drop(Suggestion.objects.filter(pk=_about(row)), why=why, now=now)


def _about(row: Outgoing) -> UUID:
    try:
        return UUID(row.content["suggestion"])
    except (KeyError, ValueError) as wrong:
        raise Undeliverable("no_suggestion") from wrong


def _asker(row: Suggestion) -> Actor:
    return Actor(account_id=row.asked_by_id, role="practitioner", practice_id=row.practice_id, channel="task")


def _language(jurisdiction: str) -> str:
    return "fr" if jurisdiction == Jurisdiction.FR.value else "en"


def _enqueue_fetch(row: Suggestion, *, now: datetime, due_at: datetime, dedupe: str) -> None:
    slot = SLOTS[SuggestionKind.TRANSCRIPT]
    ground = GroundRef.patient(row.file_id, AI_HELP, subject_id=row.asked_by_id, slot=slot)
    enqueue(kind=FETCH, payload={"suggestion": str(row.pk)}, ground=ground, now=now, due_at=due_at, dedupe=dedupe)
