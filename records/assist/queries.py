"""Reads of what machines were asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from adapters.boxes.models import Outgoing
from adapters.states import State
from privacy.refusals import Refusal
from records.assist.rules import why_not_help
from records.fields import LABELS
from records.models import Consultation, Suggestion, SuggestionKind, SuggestionState
from vault.handles import Handle

OPEN = (SuggestionState.WAITING, SuggestionState.READY)
THERE = Q(removed_at=None) & ~Q(remote_id="")
"""A copy lies at the transcription service."""
LONGEST_WAIT: Final = timedelta(days=1)
"""What didn't come by then comes no more."""
BRINGS: Final = ("mistral.draft", "assemblyai.start", "assemblyai.fetch")
"""The kinds of message by which something comes, each under the suggestion's own word."""
BY_A_PERSON: Final = ("withdrawn", "left")
"""Why something was dropped by somebody's own act: nothing to be told of."""
LOST: Final[dict[str, str | Promise]] = {
    SuggestionKind.DRAFT: _("The draft you asked for didn't come: Mistral AI couldn't be reached or didn't take it. Your notes are as you saved them; you can ask again."),
    SuggestionKind.TRANSCRIPT: _("The transcript you asked for didn't come: AssemblyAI couldn't be reached, or made no text of it. The recording is gone here; to try again, choose it once more."),
}  # fmt: skip


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
    lost: list[str | Promise] = field(default_factory=list)
    """What was asked for last and didn't come, in a sentence each."""

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
    found = list(open_of(row))
    lost = astray(found, now=now)
    shown = [Shown(one, _texts(handle, one)) for one in found if one.pk not in lost]
    closed = {kind for kind, refusal in why.items() if refusal}
    said = _said_of_lost(row, closed | {one.row.kind for one in shown}, lost)
    return Help(why[SuggestionKind.DRAFT], why[SuggestionKind.TRANSCRIPT], shown, said)


def astray(rows: Iterable[Suggestion], *, now: datetime) -> set[UUID]:
    """Those of ``rows`` that wait for nothing: a day old, or no message that would bring them waits any more."""
    waiting = [row for row in rows if row.state == SuggestionState.WAITING]
    words = {word: row.pk for row in waiting for word in (str(row.pk), f"look:{row.pk}", f"told:{row.pk}")}
    states: dict[UUID, set[str]] = {}
    if words:
        sent = Outgoing.objects.filter(kind__in=BRINGS, dedupe__in=words)
        for word, state in sent.values_list("dedupe", "state"):
            states.setdefault(words[word], set()).add(state)
    old = {row.pk for row in waiting if row.asked_at <= now - LONGEST_WAIT}
    return old | {pk for pk, its in states.items() if State.WAITING not in its}


def _said_of_lost(row: Consultation, asked: set[str], lost: set[UUID]) -> list[str | Promise]:
    """A sentence for each kind whose last asking led nowhere, but those in ``asked``: of them there is something else to be read."""
    last: dict[str, Suggestion] = {}
    for one in row.suggestions.exclude(kind__in=asked).defer("sound", "text").order_by("asked_at", "pk"):
        last[one.kind] = one
    dropped = {
        kind for kind, one in last.items() if one.state == SuggestionState.DROPPED and one.problem not in BY_A_PERSON
    }
    return [LOST[kind] for kind, one in last.items() if one.pk in lost or kind in dropped]


def open_of(row: Consultation) -> QuerySet[Suggestion]:
    """What is on its way or waits for a decision, the first asked first; without the sound, which may have megabytes."""
    return row.suggestions.filter(state__in=OPEN).defer("sound").order_by("asked_at", "pk")


def _texts(handle: Handle, row: Suggestion) -> list[tuple[str | Promise, str]]:
    if row.state != SuggestionState.READY:
        return []
    said: Mapping[str, str] = handle.read(row, "text") or {}
    return [(LABELS[name], text) for name, text in said.items() if text]
