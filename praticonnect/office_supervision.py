"""The supervision page: who connected, who was refused, who opened what; filtered, and taken away as CSV (MD-45)."""

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.stepup import fresh_factor
from audit import supervision
from audit.actions import record_event
from audit.requests import HouseRequest
from gdpr_requests.desk import pace
from gdpr_requests.desk.wording import right_in_words
from praticonnect import supervising
from praticonnect.office_csv import stream
from praticonnect.supervising import Filter

PAGE = 50


def journals(request: HouseRequest) -> HttpResponse:
    """One page of one journal, newest first."""
    form = Filter(request.GET)
    context: dict[str, Any] = {"title": _("Supervision"), "form": form, "rows": [], "more": None}
    if form.is_valid():
        wanted = form.wanted(request.now)
        found, more = supervision.page(wanted, before=_number(request.GET.get("before")), size=PAGE)
        context |= {"rows": list(supervising.lines(found)), "more": more, "wanted": wanted}
    status = 200 if form.is_valid() else 422
    context["paces"] = [(right_in_words(one.right), one) for one in pace.paces(pace.lately(request.now), request.now)]
    return TemplateResponse(
        request, "office/supervision.html", {**admin.site.each_context(request), **context}, status=status
    )


@fresh_factor
def extract(request: HouseRequest) -> HttpResponse:
    """The filtered journal as CSV, streamed; taking it away is an event of its own."""
    form = Filter(request.GET)
    if not form.is_valid():
        return journals(request)
    wanted = form.wanted(request.now)
    said = sorted(name for name, value in form.cleaned_data.items() if value)
    record_event(
        by=request.actor, verb="audit.extracted", object_type="audit.Journal", object_id=wanted.journal,
        detail={"filters": ",".join(said)}, now=request.now,
    )  # fmt: skip
    name = f"{wanted.journal}-{timezone.localdate(request.now)}.csv"
    return stream(name, supervising.HEADINGS, map(supervising.cells, supervision.chunks(wanted)))


def _number(said: str | None) -> int | None:
    return int(said) if said and said.isdecimal() and len(said) < 19 else None
