"""What a withdrawal stops here: nothing undecided stays, and no copy stays at the transcription service (PC-17, PC-98)."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from adapters.outbox import TryLater
from care.tenancy import ALL, scope
from consents.models import Stop
from consents.stopping import stops
from privacy.patient_keys import AI_HELP
from records.assist.actions import COPIES, HELP, drop
from records.assist.rules import SLOTS
from records.assist.sending import under_way
from records.models import Suggestion, SuggestionKind


@stops(AI_HELP, name=HELP, words=_("Drafts and transcripts by machines, and their copies"))
def stop_of_patient(stop: Stop, now: datetime) -> None:
    """Everything about this file."""
    _stop(Suggestion.objects.filter(file_id=stop.subject_id), stop, now)


@stops(SLOTS[SuggestionKind.DRAFT], name="mistral_drafts", words=_("Drafts by Mistral AI that nobody took over"))
def stop_drafts(stop: Stop, now: datetime) -> None:
    """The drafts that this practitioner asked for."""
    _stop(Suggestion.objects.filter(asked_by_id=stop.subject_id, kind=SuggestionKind.DRAFT), stop, now)


@stops(SLOTS[SuggestionKind.TRANSCRIPT], name=COPIES, words=_("Transcripts, and their copies at AssemblyAI"))
def stop_transcripts(stop: Stop, now: datetime) -> None:
    """The transcripts that this practitioner asked for."""
    _stop(Suggestion.objects.filter(asked_by_id=stop.subject_id, kind=SuggestionKind.TRANSCRIPT), stop, now)


def _stop(rows: QuerySet[Suggestion], stop: Stop, now: datetime) -> None:
    """Drop them and have the copies deleted; done once the service said that they are. Raises TryLater until then."""
    with scope(ALL):
        asked = rows.filter(asked_at__lte=stop.asked_at)
        drop(asked, why="withdrawn", now=now)
        left = [row for row in asked if row.kind == SuggestionKind.TRANSCRIPT and row.removed_at is None]
        waits = any(row.remote_id for row in left) or under_way(left)
    if waits:
        raise TryLater("copies_there")
