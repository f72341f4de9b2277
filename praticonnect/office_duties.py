"""The office's page of certificates, audits and training: what is due, what is overdue, and the proofs (PC-82)."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from gdpr_requests.duties import actions
from gdpr_requests.duties.forms import AddForm, DoneForm
from gdpr_requests.duties.queries import standings
from gdpr_requests.models import Duty, DutyKind, DutyProof
from privacy.clocks import legal_day
from privacy.refusals import Refused
from records.uploads import refuse
from subprocessors.queries import in_force


def duties(request: HouseRequest) -> HttpResponse:
    """All of them, what is overdue first; a new one is entered here."""
    companies = {one.key: one.name for one in in_force(request.now).entries}
    form = AddForm(request.POST or None, companies=companies, initial=_asked_for(request))
    if request.method == "POST" and form.is_valid():
        actions.add_duty(**form.cleaned_data, by=request.actor, now=request.now)
        messages.success(request, gettext("It is entered; the page says when it falls due."))
        return redirect("admin:duties")
    found = standings(legal_day(request.now))
    context = {"title": _("Certificates, audits, training"), "form": form, "found": found}
    return _page(request, "office/duties.html", context, status=422 if form.errors else 200)


def duty(request: HouseRequest, duty_id: UUID) -> HttpResponse:
    """One of them with its proofs; what was done is entered here."""
    posted = request.method == "POST"
    form = DoneForm(request.POST, request.FILES) if posted else DoneForm()
    if posted:
        refuse(form, request)
        if form.is_valid() and _recorded(request, duty_id, form):
            return redirect("admin:duty", duty_id)
    found = next((one for one in standings(legal_day(request.now)) if one.duty.pk == duty_id), None)
    if found is None:
        raise Http404
    context = {"title": found.duty.title, "form": form, "found": found}
    return _page(request, "office/duty.html", context, status=422 if form.errors else 200)


@require_POST
@fresh_factor
def end(request: HouseRequest, duty_id: UUID) -> HttpResponse:
    """It falls due no more; its proofs stay."""
    try:
        actions.end_duty(duty_id=duty_id, by=request.actor, now=request.now)
    except Duty.DoesNotExist as gone:
        raise Http404 from gone
    messages.success(request, gettext("It falls due no more. What is entered stays."))
    return redirect("admin:duties")


def proof(request: HouseRequest, done_id: UUID) -> HttpResponse:
    """The document of an entry, to take away."""
    try:
        found, document = actions.open_proof(done_id=done_id, by=request.actor, now=request.now)
    except DutyProof.DoesNotExist as gone:
        raise Http404 from gone
    answer = HttpResponse(document, content_type=found.content_type)
    ending = found.content_type.rpartition("/")[2]
    answer.headers["Content-Disposition"] = f'attachment; filename="proof-{found.done.done_on}.{ending}"'
    return answer


def _asked_for(request: HouseRequest) -> dict[str, str]:
    """What the page of subprocessors asks to enter: an agreement with one of them."""
    company = request.GET.get("subprocessor", "")
    return {"kind": DutyKind.AGREEMENT, "subprocessor": company} if company else {}


def _recorded(request: HouseRequest, duty_id: UUID, form: DoneForm) -> bool:
    try:
        actions.record_done(
            duty_id=duty_id, done_on=form.cleaned_data["done_on"], proof=form.document(), by=request.actor,
            now=request.now,
        )  # fmt: skip
    except Duty.DoesNotExist as gone:
        raise Http404 from gone
    except Refused as refused:
        form.add_error(refused.refusal.field or "proof", str(refused.refusal.message))
    else:
        messages.success(request, gettext("Entered, with its proof."))
        return True
    return False


def _page(request: HouseRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
