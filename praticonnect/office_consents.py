"""The office's consent log: every decision of everybody, filtered, and taken away as CSV (PC-11, PC-15, MD-45)."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import queries as accounts
from accounts.stepup import fresh_factor
from audit.actions import record_event
from audit.requests import HouseRequest
from audit.supervision import chunks_of, page_of
from consents import extraction, log, notices
from consents.extraction import Wanted
from consents.models import ConsentEvent
from consents.states import Action
from gdpr_requests.wording import role_in_words
from praticonnect.office_csv import stream
from praticonnect.supervising import Window
from privacy.clocks import legal_day, start_of

PAGE: Final = 50
HEADINGS: Final = ("account", "account_id", *log.Line.__dataclass_fields__)


class LogFilter(Window):
    """Which decisions to show."""

    field_order = ("slot", "action", "since", "until", "account")

    slot = forms.ChoiceField(label=_("Choice"), required=False)
    action = forms.ChoiceField(
        label=_("Decision"),
        required=False,
        choices=[("", _("all")), *((action.value, _(action.value)) for action in Action)],
    )

    def __init__(self, *args: Any, titles: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slot"].choices = [("", _("all")), *titles.items()]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> Wanted:
        """The question. Ask after ``is_valid``."""
        said = self.cleaned_data
        since, until = said["since"], said["until"]
        return Wanted(
            slot=said["slot"],
            action=said["action"],
            since=start_of(since) if since else None,
            until=start_of(until + timedelta(days=1)) if until else None,
            subject_id=said["account"],
        )


def consent_log(request: HouseRequest) -> HttpResponse:
    """One page of the ledger, newest first."""
    titles = _titles(request)
    form = LogFilter(request.GET, titles=titles)
    context: dict[str, Any] = {"title": _("Consent log"), "form": form, "rows": [], "more": None}
    if form.is_valid():
        found, more = page_of(
            extraction.entries(form.wanted), before=_key(request.GET.get("before")), size=PAGE, by=extraction.BY
        )
        context |= {"rows": list(_rows(found, titles)), "more": more}
    status = 200 if form.is_valid() else 422
    return TemplateResponse(
        request, "office/consents.html", {**admin.site.each_context(request), **context}, status=status
    )


@fresh_factor
def extract(request: HouseRequest) -> HttpResponse:
    """The filtered ledger as CSV, streamed; taking it away is an event of its own."""
    form = LogFilter(request.GET, titles=_titles(request))
    if not form.is_valid():
        return consent_log(request)
    said = sorted(name for name, value in form.cleaned_data.items() if value)
    record_event(
        by=request.actor, verb="consents.extracted", object_type="consents.ConsentEvent", object_id="ledger",
        detail={"filters": ",".join(said)}, now=request.now,
    )  # fmt: skip
    name = f"consents-{timezone.localdate(request.now)}.csv"
    return stream(name, HEADINGS, map(_cells, chunks_of(extraction.entries(form.wanted), by=extraction.BY)))


def _rows(found: list[ConsentEvent], titles: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The entries in words, with the addresses of the accounts that still exist, in two further queries; files by their number."""
    names = accounts.addresses({event.subject_id for event in found})
    for row in log.rows(found, titles):
        yield {
            "entry": row,
            "account": names.get(row.event.subject_id, ""),
            "account_id": row.event.subject_id,
            "of_a_file": row.event.controller_id is not None,
            "role": role_in_words(row.event.actor_role),
        }


def _cells(found: list[ConsentEvent]) -> Iterator[list[str]]:
    """The entries as cells of a spreadsheet that none of them can make calculate."""
    names = accounts.addresses({event.subject_id for event in found})
    for event, line in zip(found, log.lines(found), strict=True):
        told = (names.get(event.subject_id, ""), event.subject_id, *asdict(line).values())
        yield [log.safe(str(value)) for value in told]


def _titles(request: HouseRequest) -> dict[str, str]:
    day, language = legal_day(request.now), get_language() or "en"
    return {slot: notices.in_force(slot, language, day).wording.title for slot in notices.every_slot()}


def _key(said: str | None) -> UUID | None:
    """The entry to go on from; a broken one begins at the newest."""
    try:
        return UUID(said) if said else None
    except ValueError:
        return None
