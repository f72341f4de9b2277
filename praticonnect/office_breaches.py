"""The office's breach desk: the 72 hours, whom a breach touches, the authority's form, notices (GDPR Art. 33 and 34)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from audit.words import PARTS
from care.tenancy import ALL, scope
from lifecycle.breaches import actions, queries
from lifecycle.breaches.forms import CloseForm, DecideForm, OpenForm, ScopeForm, ToldForm
from lifecycle.breaches.queries import Breach
from lifecycle.models import BreachNotice
from lifecycle.models.breaches import Risk
from privacy.clocks import legal_day
from privacy.days import written
from privacy.refusals import Refused

FORMS: dict[str, type[Form]] = {
    "scope": ScopeForm, "decide": DecideForm, "told": ToldForm, "close": CloseForm, "passwords": Form, "notify": Form,
}  # fmt: skip
ACTS: dict[str, Callable[..., object]] = {
    "scope": actions.add_scope, "decide": actions.decide, "told": actions.authority_told, "close": actions.close_breach,
    "passwords": actions.ask_for_passwords, "notify": actions.tell_people,
}  # fmt: skip
WHOM = {
    BreachNotice.Whom.HOLDER: _("Holders of the accounts that were used"),
    BreachNotice.Whom.CONTROLLER: _("Practitioners in whose practice files were opened"),
    BreachNotice.Whom.PATIENT: _("Patients whose files were opened"),
}


@fresh_factor
def breaches(request: HouseRequest) -> HttpResponse:
    """The register, the latest first; a breach is entered here."""
    form = OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            one = actions.open_breach(**form.cleaned_data, by=request.actor, now=request.now)
            return redirect("admin:breach", one.id)
        except Refused as refused:
            form.add_error(None, str(refused.refusal.message))
    rows = [_Row(one, *_clock(one, request.now)) for one in queries.breaches()]
    context = {"title": _("Breach register"), "form": form, "rows": rows}
    return _page(request, "office/breaches.html", context, status=422 if form.errors else 200)


@fresh_factor
def breach(request: HouseRequest, breach_id: UUID) -> HttpResponse:
    """One breach: its clock, the people it touches, what is left to do."""
    one = _breach(breach_id)
    act = request.POST.get("act", "")
    form = FORMS[act](request.POST, auto_id=_ids(act)) if act in FORMS else None
    if form and form.is_valid() and _done(request, one, act, form):
        return redirect("admin:breach", one.id)
    with scope(ALL):
        found = queries.touched(one)
    hours, late = _clock(one, request.now)
    forms = {name: form if name == act and form else made(auto_id=_ids(name)) for name, made in FORMS.items()}
    context = {
        "title": _("Breach of %(day)s") % {"day": written(legal_day(one.aware_at))}, "one": one, "said": actions.said_of(one, by=request.actor, now=request.now), "found": found,
        "hours": hours, "late": late, "notices": [(WHOM[BreachNotice.Whom(whom)], count) for whom, count in queries.notices(one.id).items()],
        "by_post": queries.by_post(one.id),
        "forms": forms,
    }  # fmt: skip
    return _page(request, "office/breach.html", context, status=422 if form and form.errors else 200)


@fresh_factor
def breach_form(request: HouseRequest, breach_id: UUID) -> HttpResponse:
    """The authority's notification (Art. 33(3)), drafted from the register, to be printed or copied."""
    one = _breach(breach_id)
    with scope(ALL):
        found = queries.touched(one)
    parts = [(PARTS.of(part), number) for part, number in found.parts]
    context = {
        "title": _("Notification of a breach"), "one": one, "found": found, "parts": parts,
        "said": actions.said_of(one, by=request.actor, now=request.now), "late": one.is_late(request.now),
    }  # fmt: skip
    return _page(request, "office/breach_form.html", context)


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the register: whole hours left of the 72 (negative when they are over), and whether it is late."""

    one: Breach
    hours: int
    late: bool

    @property
    def risk(self) -> str:
        """What was decided of the risk, in words; empty before."""
        return str(Risk(self.one.risk).label) if self.one.risk else ""


def _ids(act: str) -> str:
    """The forms of the page have fields of one name: each gets ids of its own."""
    return f"id_{act}_%s"


def _done(request: HouseRequest, one: Breach, act: str, form: Form) -> bool:
    try:
        ACTS[act](breach_id=one.id, **form.cleaned_data, by=request.actor, now=request.now)
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return False
    messages.success(request, gettext("Done, and written in the register."))
    return True


def _clock(one: Breach, now: datetime) -> tuple[int, bool]:
    """Whole hours left of the 72 (negative when they are over), and whether it is late."""
    return int(one.left(now).total_seconds() // 3600), one.is_late(now)


def _breach(breach_id: UUID) -> Breach:
    try:
        return queries.breach(breach_id)
    except queries.NoSuchBreach as none:
        raise Http404 from none


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
