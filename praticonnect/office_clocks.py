"""The office's pages on time: holds on patient files (LAW-03), and what will leave (NEW-04)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.requests import HouseRequest
from care.tenancy import ALL, scope
from lifecycle.holds import queries
from lifecycle.holds.actions import lift_hold, place_hold
from lifecycle.holds.forms import LiftForm, PlaceForm
from lifecycle.models import Hold
from privacy.clocks import add_years, legal_day
from privacy.declare import REGISTRY
from privacy.forecast import Forecast, simulate
from privacy.refusals import Refused
from privacy.retention import RULES
from records.models import PatientFile

SOON = timedelta(days=30)
NO_FILE = _("There is no patient file with this id. Check it.")


@dataclass(frozen=True, slots=True)
class RuleLine:
    """What leaves under one rule within 30 days and within 12 months, and what a hold keeps."""

    rule: str
    category: str
    what: str
    soon: int
    year: int
    held: int


def holds(request: HouseRequest) -> HttpResponse:
    """The holds that are on, the next review first; a new one is placed here."""
    today = legal_day(request.now)
    form = PlaceForm(request.POST or None).limit(today)
    with scope(ALL):
        if request.method == "POST" and form.is_valid() and _placed(request, form):
            return redirect("admin:holds")
        live = list(queries.live())
        lifted = list(queries.every().exclude(lifted_at=None)[:50])
    overdue = sum(hold.review_on < today for hold in live)
    context = {
        "title": _("Legal holds"),
        "form": form,
        "live": live,
        "lifted": lifted,
        "today": today,
        "overdue": overdue,
    }
    return _page(request, "office/holds.html", context, status=422 if form.errors else 200)


def hold(request: HouseRequest, hold_id: UUID) -> HttpResponse:
    """One hold with its case and reasons (the opening is journaled); it is lifted here."""
    form = LiftForm(request.POST or None)
    with scope(ALL):
        if request.method == "POST" and form.is_valid() and _lifted(request, hold_id, form):
            return redirect("admin:holds")
        rows = list(Hold.objects.select_related("placed_by", "lifted_by").filter(pk=hold_id))
        if not rows:
            raise Http404
        (told,) = queries.opened(rows, by=request.actor, now=request.now)
        others = queries.holds_on([told.row.file_id]).exclude(pk=hold_id).count()
    context = {"title": _("Legal hold"), "form": form, "told": told, "hold": told.row, "others": others}
    return _page(request, "office/hold.html", context, status=422 if form.errors else 200)


def future(request: HouseRequest) -> HttpResponse:
    """What leaves in the next 30 days and 12 months, by rule; asking changes nothing."""
    today = legal_day(request.now)
    soon, year = simulate(today + SOON, request.now), simulate(add_years(today, 1), request.now)
    months = [(line, words_of(line.kind)) for line in (*year.leaves, *year.held)]
    context = {
        "title": _("What will leave"),
        "soon": soon,
        "year": year,
        "lines": rule_lines(soon, year),
        "months": months,
    }
    return _page(request, "office/future.html", context)


def rule_lines(soon: Forecast, year: Forecast) -> list[RuleLine]:
    """One line for each rule and kind of row under which something leaves within the year."""
    near = soon.by_rule()
    return [
        RuleLine(rule, _categories(rule.split(",")), words_of(kind), near.get((rule, kind), (0, 0))[0], leaves, held)
        for (rule, kind), (leaves, held) in year.by_rule().items()
    ]


def words_of(kind: str) -> str:
    """A kind of row as its declaration says it."""
    return gettext(REGISTRY[kind].about)


def _categories(rules: Iterable[str]) -> str:
    return ", ".join(gettext(RULES[rule].category) if rule in RULES else rule for rule in rules)


def _placed(request: HouseRequest, form: PlaceForm) -> bool:
    try:
        place_hold(**form.cleaned_data, by=request.actor, now=request.now)
    except PatientFile.DoesNotExist:
        form.add_error("file_id", str(NO_FILE))
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
    else:
        messages.success(request, gettext("The file is held, whatever its clocks say."))
        return True
    return False


def _lifted(request: HouseRequest, hold_id: UUID, form: Form) -> bool:
    try:
        row = lift_hold(hold_id=hold_id, why=form.cleaned_data["why"], by=request.actor, now=request.now)
    except Hold.DoesNotExist as gone:
        raise Http404 from gone
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return False
    left = queries.holds_on([row.file_id]).count()
    kept = ngettext("%(n)s other hold keeps the file.", "%(n)s other holds keep the file.", left) % {"n": left}
    messages.success(request, kept if left else gettext("The hold is lifted; the file's clocks run again."))
    return True


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
