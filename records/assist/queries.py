"""Reads of what machines were asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise

from privacy.refusals import Refusal
from records.assist.rules import why_not_help
from records.fields import LABELS
from records.models import Consultation, Suggestion, SuggestionKind, SuggestionState
from vault.handles import Handle

OPEN = (SuggestionState.WAITING, SuggestionState.READY)
THERE = Q(removed_at=None) & ~Q(remote_id="")
"""A copy lies at the transcription service."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion on the page; ``texts`` with their headings, once it came."""

    row: Suggestion
    texts: list[tuple[str | Promise, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Help:
    """What the page offers: each help with why not, and what is asked for already."""

    draft: Refusal | None
    transcript: Refusal | None
    shown: list[Shown]

    @property
    def asked(self) -> set[str]:
        """The kinds that are asked for."""
        return {one.row.kind for one in self.shown}

    @property
    def waits(self) -> bool:
        """Whether something is on its way."""
        return any(one.row.state == SuggestionState.WAITING for one in self.shown)


def help_for(row: Consultation, handle: Handle, *, account_id: UUID, now: datetime) -> Help:
    """What a draft's page says about machines."""
    why = {kind: why_not_help(kind, file_id=row.file_id, account_id=account_id, now=now) for kind in SuggestionKind}
    shown = [Shown(one, _texts(handle, one)) for one in open_of(row)]
    return Help(why[SuggestionKind.DRAFT], why[SuggestionKind.TRANSCRIPT], shown)


def open_of(row: Consultation) -> QuerySet[Suggestion]:
    """What is on its way or waits for a decision, the first asked first; without the sound, which may have megabytes."""
    return row.suggestions.filter(state__in=OPEN).defer("sound").order_by("asked_at", "pk")


def _texts(handle: Handle, row: Suggestion) -> list[tuple[str | Promise, str]]:
    if row.state != SuggestionState.READY:
        return []
    said: Mapping[str, str] = handle.read(row, "text") or {}
    return [(LABELS[name], text) for name, text in said.items() if text]
