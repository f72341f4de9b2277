"""The office's pages of the ways out: how each stands, its switch, and the journal of what left (MD-46, PC-101)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts import queries as accounts
from accounts.stepup import fresh_factor
from adapters import actions, queries
from adapters.models import Egress, EgressOutcome, Outcome
from adapters.queries import UNKNOWN, Wanted
from audit.actions import record_event
from audit.requests import HouseRequest
from audit.supervision import chunks_of, page_of
from consents.log import safe
from gdpr_requests.sent import categories_in_words, ground_in_words
from praticonnect.office_csv import stream
from praticonnect.supervising import Window
from privacy.clocks import start_of
from privacy.refusals import Refused
from privacy.subprocessors import VERSIONS

PAGE: Final = 50
NAMES: Final = {entry.key: entry.name for version in VERSIONS for entry in version.entries}
"""To look for lines of whoever stands in any version, announced or not: the office's own words."""
OUTCOMES: Final[dict[str, str | Promise]] = {**dict(Outcome.choices), UNKNOWN: _("nobody saw its end")}
TONES: Final = {Outcome.DELIVERED.value: "ok", Outcome.BUSY.value: "warn", UNKNOWN: "warn"}
GATES: Final[dict[str, str | Promise]] = {
    "register": _("closed by the register"),
    "setting": _("off by a setting"),
    "credentials": _("not set up"),
    "office": _("closed by the office"),
    "breaker": _("resting after failures"),
}
HEADINGS: Final = (
    "line", "at", "service", "host", "stand_in", "ground", "account_id", "file", "categories", "bytes_out", "attempt",
    "outcome", "status", "bytes_in", "milliseconds",
)  # fmt: skip


class EgressFilter(Window):
    """Which lines to show."""

    field_order = ("subprocessor", "outcome", "since", "until", "account")

    subprocessor = forms.ChoiceField(label=_("Service"), required=False, choices=[("", _("all")), *NAMES.items()])
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=[("", _("all")), *OUTCOMES.items()])

    @property
    def wanted(self) -> Wanted:
        """The question. Ask after ``is_valid``."""
        said = self.cleaned_data
        since, until = said["since"], said["until"]
        return Wanted(
            subprocessor=said["subprocessor"],
            outcome=said["outcome"],
            since=start_of(since) if since else None,
            until=start_of(until + timedelta(days=1)) if until else None,
            subject_id=said["account"],
        )


class SwitchForm(forms.Form):
    """Why a way out is closed."""

    reason = forms.CharField(
        label=_("Why it is closed"), max_length=200, help_text=_("In a few words, without a person's name.")
    )


def ways_out(request: HouseRequest) -> HttpResponse:
    """Every service: open or closed and by what, how its last calls went, and its switch."""
    found = [_way(one) for one in queries.ways(request.now)]
    context = {
        "title": _("Services"), "ways": found, "stand_ins": settings.STAND_INS,
        "counted": all(one["way"].unproven is not None for one in found),
    }  # fmt: skip
    return TemplateResponse(request, "office/ways_out.html", {**admin.site.each_context(request), **context})


@fresh_factor
def way_out(request: HouseRequest, key: str) -> HttpResponse:
    """The page on which a way out is closed, with the reason."""
    if key not in settings.ADAPTERS:
        raise Http404
    form = SwitchForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.switch_off(subprocessor=key, reason=form.cleaned_data["reason"], by=request.actor, now=request.now)
        except Refused as refused:
            form.add_error(refused.refusal.field if refused.refusal.field == "reason" else None, str(refused))
        else:
            messages.success(request, gettext("It is closed: nothing goes there from now on."))
            return redirect("admin:ways_out")
    title = gettext("Close the way to %(name)s") % {"name": NAMES.get(key, key)}
    context = {
        "title": title,
        "form": form,
        "key": key,
        "name": NAMES.get(key, key),
        "is_mail": key == settings.MAIL_CARRIER,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(
        request, "office/way_out.html", {**admin.site.each_context(request), **context}, status=status
    )


@require_POST
@fresh_factor
def open_again(request: HouseRequest, key: str) -> HttpResponse:
    """Take the office's switch back."""
    actions.switch_on(subprocessor=key, by=request.actor, now=request.now)
    messages.success(request, gettext("The office's switch is open again."))
    return redirect("admin:ways_out")


def egress(request: HouseRequest) -> HttpResponse:
    """One page of the journal, newest first."""
    form = EgressFilter(request.GET)
    context: dict[str, Any] = {"title": _("Egress journal"), "form": form, "rows": [], "more": None}
    if form.is_valid():
        before = request.GET.get("before", "")
        found, more = page_of(queries.lines(form.wanted), before=int(before) if before.isdigit() else None, size=PAGE)
        context |= {"rows": list(_rows(found)), "more": more}
    status = 200 if form.is_valid() else 422
    return TemplateResponse(
        request, "office/egress.html", {**admin.site.each_context(request), **context}, status=status
    )


@fresh_factor
def extract(request: HouseRequest) -> HttpResponse:
    """The filtered journal as CSV, streamed; taking it away is an event of its own."""
    form = EgressFilter(request.GET)
    if not form.is_valid():
        return egress(request)
    said = sorted(name for name, value in form.cleaned_data.items() if value)
    record_event(
        by=request.actor, verb="adapters.extracted", object_type="adapters.Egress", object_id="journal",
        detail={"filters": ",".join(said)}, now=request.now,
    )  # fmt: skip
    return stream(
        f"egress-{timezone.localdate(request.now)}.csv", HEADINGS, map(_cells, chunks_of(queries.lines(form.wanted)))
    )


def _way(one: queries.Way) -> dict[str, Any]:
    return {
        "way": one,
        "closed": [
            (GATES[why.gate], why.until if why.gate == "breaker" else "", why.words if why.gate != "breaker" else "")
            for why in one.closed
        ],
        "held": list(_held(one)),
        "failed_with": OUTCOMES.get(one.failed_with, ""),
        "carries_health": one.entry.may_carry_health,
    }


def _held(one: queries.Way) -> Iterator[tuple[str, str, str]]:
    """What the boxes hold of a service: address of the rows, words, tone; nothing for what isn't there."""
    held = one.held
    told = (
        ("out", "waiting", held.waiting, ngettext("%(n)d waits to go out", "%(n)d wait to go out", held.waiting), ""),
        ("out", "failed", held.failed, ngettext("%(n)d failed", "%(n)d failed", held.failed), "danger"),
        ("in", "waiting", held.arrived, ngettext("%(n)d came in", "%(n)d came in", held.arrived), ""),
        ("in", "unknown", held.unknown, ngettext("%(n)d not known here", "%(n)d not known here", held.unknown), "warn"),
        ("in", "failed", held.unapplied, ngettext("%(n)d not applied", "%(n)d not applied", held.unapplied), "danger"),
    )
    for box, state, number, words, tone in told:
        if number:
            asked = urlencode({"show": state, "service": one.entry.key})
            yield f"{reverse('admin:queue_box', args=[box])}?{asked}", words % {"n": number}, tone


def _rows(found: list[Egress]) -> Iterator[dict[str, Any]]:
    """The lines in words, with their outcomes and the addresses of the accounts that still exist, in two further queries."""
    ended = queries.outcomes_of(found)
    names = accounts.addresses({line.subject_id for line in found if line.subject_id})
    for line in found:
        outcome = _outcome(ended.get(line.pk))
        yield {
            "line": line,
            "service": NAMES.get(line.subprocessor, line.subprocessor),
            "ground": ground_in_words(line.ground, NAMES),
            "categories": categories_in_words(line.categories),
            "account": names.get(line.subject_id, "") if line.subject_id else "",
            "size": _size(line, ended.get(line.pk)),
            "outcome": OUTCOMES[outcome],
            "tone": TONES.get(outcome, "danger"),
            "ended": ended.get(line.pk),
        }


def _cells(found: list[Egress]) -> Iterator[list[str]]:
    ended = queries.outcomes_of(found)
    for line in found:
        end = ended.get(line.pk)
        told = (
            line.pk, line.at.isoformat(), line.subprocessor, line.host, line.stand_in, line.ground, line.subject_id or "",
            line.file_id or "", line.categories, _size(line, end), line.attempt, _outcome(end),
            end.status if end and end.status else "", end.bytes_in if end else "", end.milliseconds if end else "",
        )  # fmt: skip
        yield [safe(str(value)) for value in told]


def _outcome(end: EgressOutcome | None) -> str:
    return end.outcome if end else UNKNOWN


def _size(line: Egress, end: EgressOutcome | None) -> int:
    return line.bytes_out if line.bytes_out is not None else (end and end.bytes_out) or 0


PAGES: Final = (
    ("services/", ways_out, "ways_out"),
    ("services/<slug:key>/", way_out, "way_out"),
    ("services/<slug:key>/open/", open_again, "way_open"),
    ("egress/", egress, "egress"),
    ("egress.csv", extract, "egress_csv"),
)
"""Their addresses below the office's, and their names."""
