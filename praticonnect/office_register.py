"""The register of requests: for the screen and print, as PDF, as CSV; who asked isn't in it (MD-33)."""

import csv
import warnings
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.actions import record_event
from audit.requests import HouseRequest
from gdpr_requests.desk import queries
from gdpr_requests.desk.forms import DeskFilter
from gdpr_requests.desk.wording import article_of, right_in_words
from gdpr_requests.models import Request
from lifecycle.erasure.paper import STYLE
from privacy.clocks import legal_day
from privacy.deadlines import Right

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MOST_ROWS: Final = 2_000
"""A PDF is drawn while one waits: of more rows, the CSV or a filter."""
WIDE: Final = "@page { size: A4 landscape; margin: 16mm 14mm 18mm; } th { white-space: nowrap; }"
COLUMNS: Final = (
    "number", "right", "article", "channel", "controller", "received", "due", "extended_until", "state", "identity",
    "outcome", "ground", "decided", "in_time", "closed",
)  # fmt: skip


@require_safe
def register(request: HouseRequest) -> HttpResponse:
    """The register for print: dates, rights, decisions and grounds."""
    context = {"title": _("Register of requests"), "takings": takings(request)[1:], **_told(request, "printed")}
    return TemplateResponse(request, "office/request_register.html", {**admin.site.each_context(request), **context})


@require_safe
def register_pdf(request: HouseRequest) -> HttpResponse:
    """The same as a document, drawn from the same rows."""
    count = filtered(request).count()
    if count > MOST_ROWS:
        said = ngettext("%(n)d request is too many for one PDF.", "%(n)d requests are too many for one PDF.", count)
        todo = gettext("Up to %(most)d fit: filter the requests first, or take the CSV.") % {"most": MOST_ROWS}
        messages.error(request, f"{said % {'n': count}} {todo}")
        return redirect(f"{reverse('admin:desk')}?{request.GET.urlencode()}")
    told = {**_told(request, "taken"), "controller": settings.CONTROLLER, "language": get_language()}
    response = HttpResponse(
        _drawn(render_to_string("office/register_paper.html", told)), content_type="application/pdf"
    )
    response["Content-Disposition"] = f'attachment; filename="requests-{legal_day(request.now)}.pdf"'
    return response


@require_safe
def register_csv(request: HouseRequest) -> HttpResponse:
    """The register as CSV; a cell that a spreadsheet would take for a formula is made text."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="requests.csv"'
    writer, count = csv.writer(response), 0
    writer.writerow(COLUMNS)
    for line in _lines(filtered(request)):
        writer.writerow([as_cell(value) for value in line])
        count += 1
    _journal(request, count, "taken")
    return response


def takings(request: HouseRequest) -> list[tuple[str, str]]:
    """The ways to take the list away as it is filtered, in words with their addresses."""
    asked = request.GET.urlencode()
    ways = (
        (gettext("Register for print"), "admin:request_register"),
        (gettext("Register as PDF"), "admin:request_register_pdf"),
        (gettext("Register as CSV"), "admin:request_register_csv"),
    )
    return [(words, f"{reverse(name)}?{asked}" if asked else reverse(name)) for words, name in ways]


def filtered(request: HouseRequest) -> Any:
    """All requests that the address of the page asks for, the most urgent first."""
    form = DeskFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    return queries.filtered(queries.office_requests(), wanted, legal_day(request.now))


def as_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _told(request: HouseRequest, word: str) -> dict[str, Any]:
    rows = [dict(zip(COLUMNS, line, strict=True)) for line in _lines(filtered(request))]
    _journal(request, len(rows), word)
    return {"rows": rows, "now": request.now, "figures": queries.figures(Request.objects.all(), request.now)}


def _drawn(page: str) -> bytes:
    from weasyprint import CSS, HTML  # a third of what a process takes to start, and few of them print

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves its colour profile to the collector
        made: bytes = HTML(string=page).write_pdf(stylesheets=[STYLE, CSS(string=WIDE)])
    return made


def _lines(requests: Any) -> Iterator[list[str]]:
    for row in requests.iterator(chunk_size=500):
        right = Right(row.right)
        timely = "" if row.decided_at is None else gettext("yes") if queries.in_time(row) else gettext("no")
        yield [
            row.number, right_in_words(right), article_of(right), row.get_channel_display(),
            gettext("practice") if row.practice_id else gettext("house"), _day(row.received_at), row.due_on.isoformat(),
            row.extended_until.isoformat() if row.extended_until else "", row.get_state_display(),
            row.get_proof_display(), row.get_outcome_display(), row.get_ground_display(), _day(row.decided_at), timely,
            _day(row.closed_at),
        ]  # fmt: skip


def _day(moment: datetime | None) -> str:
    return legal_day(moment).isoformat() if moment else ""


def _journal(request: HouseRequest, count: int, word: str) -> None:
    record_event(
        by=request.actor, verb=f"gdpr.register.{word}", object_type=Request._meta.label, object_id="register",
        detail={"rows": count}, now=request.now,
    )  # fmt: skip
