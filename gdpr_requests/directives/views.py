"""The pages of directives, in the practitioner's privacy centre and in the patient's."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.queries import signed_in
from audit.requests import HouseRequest
from consents import notices
from gdpr_requests.directives import actions, queries
from gdpr_requests.directives.forms import GeneralForm, SpecificForm, initial_of
from gdpr_requests.directives.words import CONSENT
from gdpr_requests.models import DirectiveKind
from privacy.clocks import legal_day
from privacy.refusals import Refused

SHOWN = 10


@require_http_methods(["GET", "POST"])
def practitioner(request: HouseRequest) -> HttpResponse:
    """A practitioner's directives for their account."""
    return _page(request, "gdpr:directives", "gdpr/directives.html", patient=False)


@require_http_methods(["GET", "POST"])
def patient(request: HouseRequest) -> HttpResponse:
    """A patient's directives for their account, and for their own file at each practice."""
    return _page(request, "patient_privacy:directives", "patient_privacy/directives.html", patient=True)


def _page(request: HouseRequest, here: str, template: str, *, patient: bool) -> HttpResponse:
    account_id, language = signed_in(request).pk, get_language() or "en"
    text = notices.in_force(CONSENT, language, legal_day(request.now))
    links = queries.own_links(account_id, request.now) if patient else []
    step, posted = request.POST.get("step", ""), request.method == "POST"
    general = GeneralForm(request.POST if step == "general" else None)
    specific = SpecificForm(
        links,
        text.wording.body.split("\n")[0],
        request.POST if step == "specific" else None,
        initial={"shown": text.sha256},
    )
    if posted and _done(request, step, general, specific, language):
        return redirect(here)
    said = queries.said_of(account_id, by=request.actor, now=request.now)
    if not general.is_bound:
        general.initial = queries.general(said) or {}
    if not specific.is_bound:
        specific.initial = {**specific.initial, **initial_of(queries.specific(said))}
    context = {
        "general": general, "specific": specific, "text": text, "live": queries.live_of(account_id),
        "versions": queries.directives_of(account_id)[:SHOWN],
    }  # fmt: skip
    for form, name in ((general, "general"), (specific, "specific")):
        form.auto_id = f"id_{name}_%s"
    return render(request, template, context, status=422 if posted else 200)


def _done(request: HouseRequest, step: str, general: GeneralForm, specific: SpecificForm, language: str) -> bool:
    """Do what the form asks; False leaves the page with what is wrong."""
    who: dict[str, Any] = {"account_id": signed_in(request).pk, "by": request.actor, "now": request.now}
    form: GeneralForm | SpecificForm = specific if step == "specific" else general
    try:
        if step == "general" and general.is_valid():
            actions.write_general(said=dict(general.cleaned_data), **who)
        elif step == "specific" and specific.is_valid():
            clean = specific.cleaned_data
            actions.write_specific(
                said=specific.said(language),
                agreed=clean["agreed"],
                language=language,
                shown=clean["shown"] or None,
                **who,
            )
        elif step in (f"revoke_{kind}" for kind in DirectiveKind.values):
            actions.revoke(kind=step.removeprefix("revoke_"), language=language, **who)
        else:
            return False
    except Refused as refused:
        form.add_error(None, str(refused.refusal.message))
        return False
    messages.success(request, _("Done. What stood there before is destroyed."))
    return True
