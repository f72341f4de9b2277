"""When a machine may be asked for a draft or a transcript: two people agree, the way is open, and there is something to work on."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from adapters import gates
from audit.actors import Actor
from consents import patients, queries
from consents.suspension import suspended
from privacy.patient_keys import AI_HELP
from privacy.refusals import Refusal
from records.models import Consultation, Suggestion, SuggestionKind, SuggestionState
from records.rules import why_not_move
from records.states import Event

SERVICES: Final = {SuggestionKind.DRAFT: "mistral", SuggestionKind.TRANSCRIPT: "assemblyai"}
NAMES: Final = {SuggestionKind.DRAFT: "Mistral AI", SuggestionKind.TRANSCRIPT: "AssemblyAI"}
PARENT: Final = "third_party_integrations"
SLOTS: Final = {kind: f"{PARENT}.{service}" for kind, service in SERVICES.items()}
SOUNDS: Final = (
    b"ID3",
    b"OggS",
    b"fLaC",
    b"\x1aE\xdf\xa3",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf2",
    b"\xff\xf1",
    b"\xff\xf9",
)


def why_not_help(kind: SuggestionKind, *, file_id: UUID, account_id: UUID, now: datetime) -> Refusal | None:
    """Why this help isn't there for this patient, in words for the practitioner; inside the practice's scope."""
    name = {"name": NAMES[kind]}
    if not queries.is_live(account_id, PARENT, SERVICES[kind], now=now) or suspended([account_id], now=now):
        return Refusal(
            "not_switched_on", _("You haven't switched on %(name)s. You can do so in your privacy centre.") % name
        )
    if refusal := patients.why_not(file_id, AI_HELP, subject_id=account_id, now=now):
        if refusal.code == "no_patient":
            return Refusal(
                "no_patient",
                _("The patient hasn't allowed help by artificial intelligence. They decide about it in their portal."),
            )
        return refusal
    if gates.why_shut(SERVICES[kind], now):
        return Refusal("closed", _("%(name)s isn't open to us at the moment. Nothing is lost: ask again later.") % name)
    return None


def why_not_ask(row: Consultation, kind: SuggestionKind, *, by: Actor) -> Refusal | None:
    """A draft's author asks, for one thing of a kind at a time."""
    if refusal := why_not_move(row, Event.SAVE, by=by):
        return refusal
    if row.suggestions.filter(kind=kind, state__in=(SuggestionState.WAITING, SuggestionState.READY)).exists():
        return Refusal(
            "asked_already", _("It is asked for already. Read what comes, and take it over or turn it down.")
        )
    return None


def why_not_notes(notes: dict[str, str | None]) -> Refusal | None:
    """There is something to put in order."""
    if any((text or "").strip() for text in notes.values()):
        return None
    return Refusal(
        "nothing_written", _("There are no notes yet. Write down what you know, save, then ask for a draft.")
    )


def why_not_sound(sound: bytes, *, most: int) -> Refusal | None:
    """The file is sound, and not too much of it."""
    if len(sound) > most:
        return too_large(most)
    known = sound.startswith(SOUNDS) or sound[4:8] == b"ftyp" or (sound[:4] == b"RIFF" and sound[8:12] == b"WAVE")
    return (
        None
        if known
        else Refusal("no_sound", _("This file isn't a recording. Choose an MP3, M4A, OGG, WAV or WebM file."))
    )


def too_large(most: int) -> Refusal:
    """There is more of it than ``most`` bytes."""
    return Refusal(
        "too_large", _("This recording is larger than %(n)d MB. Record with a lower quality.") % {"n": most >> 20}
    )


def why_not_decide(row: Suggestion, *, by: Actor) -> Refusal | None:
    """A person decides, once, while the text is there (MD-31)."""
    if row.consultation is None or row.state != SuggestionState.READY:
        return Refusal("not_there", _("This text isn't there any more. Reload the page."))
    return why_not_move(row.consultation, Event.SAVE, by=by)
