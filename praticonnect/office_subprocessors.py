"""The office's page of subprocessors: what ends soon, which agreements are on file, changes to announce, objections (PC-90, PC-101)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from gdpr_requests.integrations.queries import objections
from gdpr_requests.models import Request
from lifecycle.changes.rules import Channel
from lifecycle.changes.topics import OF_REGISTER, practitioners, untold
from lifecycle.tasks import tell_changes
from privacy import subprocessors as law
from privacy.clocks import legal_day
from privacy.refusals import Refusal, Refused
from privacy.subprocessors import RegisterVersion
from subprocessors import actions, queries
from subprocessors.cards import Card, card
from subprocessors.models import Announcement
from subprocessors.papers import papers
from subprocessors.rules import why_not_announce

AMBER: Final = timedelta(days=90)
RED: Final = timedelta(days=30)


class AnnounceForm(forms.Form):
    """One box, so that nobody writes to every practitioner by a slip."""

    sure = forms.BooleanField(
        label=_("I have read what changes, and every practitioner may be told of it now."),
        error_messages={"required": _("Tick the box if they may be told. Nothing was sent.")},
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One subprocessor in the office's list; ``tone`` says how near the end of its last mechanism is."""

    card: Card
    end: date | None
    tone: str
    paper: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """A version after the first: told or not, to how many of how many, and who objected."""

    version: RegisterVersion
    announcement: Announcement | None
    refusal: Refusal | None
    concerned: int
    told: int
    seen: int
    objections: list[Request]


def tone_of(end: date | None, today: date) -> str:
    """Red within thirty days of the end and after it, amber within ninety."""
    if end is None or end - today > AMBER:
        return ""
    return "danger" if end - today <= RED else "warn"


def rows(now: datetime) -> list[Row]:
    """Everybody of the register in force, with the end of what their transfer rests on."""
    today, known, found = legal_day(now), papers(), []
    for one in queries.standings(now):
        last = one.entry.mechanism if one.entry.transfers else None
        end = last.expires_on if last else None
        tone = "danger" if one.closed else tone_of(end, today)
        found.append(Row(card(one, known.get(one.entry.key)), end, tone, known.get(one.entry.key)))
    return found


def changes(now: datetime) -> list[Change]:
    """Every version after the first, the newest first."""
    told, today = {one.number: one for one in queries.announced(now)}, legal_day(now)
    waiting = [one.number for one in told.values() if one.effective_on > today]
    return [_change(one, told, waiting, today) for one in law.VERSIONS[:0:-1]]


def _change(version: RegisterVersion, told: dict[int, Announcement], waiting: list[int], today: date) -> Change:
    people = practitioners(version.effective_on).count()
    left = [untold(OF_REGISTER, version, channel).count() for channel in (Channel.EMAIL, Channel.SITE)]
    announcement = told.get(version.number)
    return Change(
        version, announcement, why_not_announce(version, announced=told, waiting=waiting, today=today), people,
        people - left[0], people - left[1], list(objections(announcement)) if announcement else [],
    )  # fmt: skip


@require_safe
def subprocessors(request: HouseRequest) -> HttpResponse:
    """The register, what ends, what is announced, and who objected."""
    return _page(request, AnnounceForm())


@require_POST
@fresh_factor
def announce(request: HouseRequest, number: int) -> HttpResponse:
    """Have every practitioner told; the worker begins at once, and the hourly sweep goes on with it."""
    form = AnnounceForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        actions.announce(number=number, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        transaction.on_commit(tell_changes.delay)
        messages.success(request, gettext("Announced. The e-mails go out now; this page counts them."))
    return redirect("admin:subprocessors")


def paths(guarded: Callable[[Any], Any]) -> list[URLPattern]:
    """The page's addresses, each behind the office's own door."""
    return [
        path("subprocessors/", guarded(subprocessors), name="subprocessors"),
        path("subprocessors/<int:number>/announce/", guarded(announce), name="subprocessor_announce"),
    ]


def _page(request: HouseRequest, form: AnnounceForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Subprocessors"), "rows": rows(request.now), "changes": changes(request.now), "form": form,
        "version": queries.in_force(request.now), "today": legal_day(request.now),
        "made_up": settings.DEMO,
    }  # fmt: skip
    whole = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, "office/subprocessors.html", whole, status=status)
