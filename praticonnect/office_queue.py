"""The office's page of what waits to go out, what came in and what is being stopped; what failed is tried again or given up here."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.stepup import fresh_factor
from adapters.boxes import queries
from adapters.boxes.deciding import give_up, try_again
from adapters.boxes.queue import Queued
from adapters.models import Incoming, Outgoing
from adapters.states import By, Event, State, move
from audit.requests import HouseRequest
from consents import stopping
from consents.models import Stop
from praticonnect.office_egress import NAMES
from privacy.refusals import Refused

PER_PAGE: Final = 50
BOXES: Final[dict[str, type[Queued]]] = {"out": Outgoing, "in": Incoming, "stops": Stop}
TITLES: Final[dict[str, str | Promise]] = {
    "out": _("Going out"),
    "in": _("Came in"),
    "stops": _("Stopped after a withdrawal"),
}
STATES: Final[dict[str, str | Promise]] = {
    State.WAITING: pgettext_lazy("message", "waiting"),
    State.DONE: pgettext_lazy("message", "done"),
    State.DROPPED: pgettext_lazy("message", "dropped"),
    State.UNKNOWN: pgettext_lazy("message", "not known here"),
    State.FAILED: pgettext_lazy("message", "failed"),
}
TONES: Final = {State.DONE: "ok", State.FAILED: "danger", State.UNKNOWN: "warn"}
PROBLEMS: Final[dict[str, str | Promise]] = {
    "withdrawn": _("the consent was withdrawn"),
    "closed": _("this way out is closed for now"),
    "busy": _("the service asked to wait"),
    "timed_out": _("the service didn't answer in time"),
    "broken": _("the service gave no usable answer"),
    "rejected": _("the service refuses it"),
    "unwritten": _("the egress journal couldn't be written"),
    "no_grant": _("nobody agrees to it any more"),
    "no_patient": _("the patient doesn't agree to it any more"),
    "suspended": _("the account is to be deleted"),
    "not_treated": _("the patient isn't treated by this practitioner any more"),
    "left_alone": _("the file is restricted, archived or leaving"),
    "worker_lost": _("each worker that took it was lost"),
    "no_handler": _("nothing here knows how to do it: was an older version put back?"),
    "no_applier": _("no part of the house knows this event"),
    "unclear": _("it may have been done, or not: the service has to be asked"),
    "under_way": _("a message is still under way"),
    "given_again": _("it was allowed again meanwhile"),
    "expired": _("its days were over before it could be applied"),
}


class Filter(forms.Form):
    """Which rows to show."""

    show = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("all")),
            ("late", pgettext_lazy("message", "late")),
            *((str(one), words) for one, words in STATES.items()),
        ],
    )
    service = forms.ChoiceField(label=_("Service"), required=False, choices=[("", _("all")), *NAMES.items()])

    def __init__(self, *args: Any, box: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if box == "stops":  # one withdrawal may stop things at several services
            del self.fields["service"]


class GiveUp(forms.Form):
    """Why something is given up."""

    reason = forms.CharField(
        label=_("Why it is given up"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say in a few words why it is given up.")},
    )  # fmt: skip


def queue(request: HouseRequest, box: str = "out") -> HttpResponse:
    """One box with its figures; the other two beside it."""
    kind, form = _box(box), Filter(request.GET, box=box)
    asked = form.cleaned_data if form.is_valid() else {}
    found = queries.rows(kind, asked.get("show", ""), request.now, asked.get("service", ""))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": TITLES[box], "box": box, "form": form, "page": page, "now": request.now,
        "rows": [(row, *said(row)) for row in page.object_list],
        "standing": queries.standing(kind, request.now),
        "tabs": [{"name": words, "url": reverse("admin:queue_box", args=[one]), "current": one == box} for one, words in TITLES.items()],
    }  # fmt: skip
    return _page(request, "office/queue.html", context)


@fresh_factor
def message(request: HouseRequest, box: str, row_id: UUID) -> HttpResponse:
    """One row: what it is, what went wrong, and what the office may do. Never what it says."""
    row = _box(box)._default_manager.filter(pk=row_id).first()
    if row is None:
        raise Http404
    act = request.POST.get("act")
    form = GiveUp(request.POST if act == "give_up" else None)
    if act == "try_again" or form.is_valid():
        _decide(request, row, form.cleaned_data["reason"] if form.is_bound else None)
        return redirect("admin:queue_message", box, row_id)
    state, tone, problem = said(row)
    context = {
        "title": row._meta.verbose_name, "box": box, "row": row, "state": state, "tone": tone, "problem": problem, "form": form,
        "place": stopping.places().get(getattr(row, "name", "")),
        "again": move(row.moves, row.state, Event.TRY_AGAIN, By.OFFICE),
        "up": move(row.moves, row.state, Event.GIVE_UP, By.OFFICE), "now": request.now,
    }  # fmt: skip
    return _page(request, "office/message.html", context, status=422 if form.errors else 200)


def said(row: Queued) -> tuple[str, str, str]:
    """State, tone and problem in words; a code without words stands for itself."""
    return str(STATES[row.state]), TONES.get(State(row.state), "info"), str(PROBLEMS.get(row.problem, row.problem))


def _decide(request: HouseRequest, row: Queued, reason: str | None) -> None:
    """Give the row up for ``reason``, or without one try it again."""
    try:
        if reason is None:
            try_again(model=type(row), row_id=row.pk, by=request.actor, now=request.now)
            messages.success(request, gettext("A worker takes it within seconds."))
        else:
            give_up(model=type(row), row_id=row.pk, reason=reason, by=request.actor, now=request.now)
            messages.success(request, gettext("Given up. What it carried is gone."))
    except Refused as refused:
        messages.error(request, str(refused))


def _box(name: str) -> type[Queued]:
    if name not in BOXES:
        raise Http404
    return BOXES[name]


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)


PAGES: Final = (
    ("queue/", queue, "queue"),
    ("queue/<slug:box>/", queue, "queue_box"),
    ("queue/<slug:box>/<uuid:row_id>/", message, "queue_message"),
)
"""Address, view and name of each page, for the office's map."""
