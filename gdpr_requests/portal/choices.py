"""The patient's own consents, one file at a time: given by an act, taken back as easily, each with its proof (MD-10 to MD-12, MD-42)."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.queries import signed_in
from audit.requests import HouseRequest
from care.models import Capacity, StaffConsent
from care.team.actions import keep_team_out, let_team_in
from consents import log as exports
from consents import notices, patients
from consents.actions import Control, Decision
from consents.receipts import receipt as receipt_of
from gdpr_requests.portal import queries
from gdpr_requests.portal.board import board_of
from gdpr_requests.portal.forms import name_of
from gdpr_requests.portal.queries import Watched
from lifecycle.deletion.frames import is_contracted
from privacy.clocks import legal_day
from privacy.patient_keys import PATIENT_KEYS, TELECONSULTATION
from privacy.refusals import Refused
from records.portal.frame import actor_by
from records.portal.visits import OTHER_WAYS

PAGE: Final = 25
VALIDATE: Final = gettext_lazy("Validate: I give my informed consent")
KEEP: Final = gettext_lazy("Withdraw, and keep my account")


class WishForm(forms.Form):
    """What a switch or the notice's button posts. ``shown`` is the address of the wording that stood beside it."""

    key = forms.ChoiceField(choices=[(key, key) for key in PATIENT_KEYS])
    on = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    shown = forms.RegexField(r"^[0-9a-f]{64}$")
    confirmed = forms.BooleanField(required=False)


@require_safe
def consents(request: HouseRequest) -> HttpResponse:
    """The choices about one file; with several, the one that was asked for, else the first."""
    files = queries.watched(signed_in(request).pk, request.now)
    asked = request.GET.get("about", "")
    return _page(request, files, next((one for one in files if str(one.link.pk) == asked), files[0] if files else None))


@require_POST
def decide(request: HouseRequest, link_id: UUID) -> HttpResponse:
    """Press the notice's button, or flip a switch. What follows from withdrawing the informed consent is said beside its button (MD-12)."""
    files, of = _of(request, link_id)
    form = WishForm(request.POST)
    if not form.is_valid():
        problem = _("We couldn't read which choice you meant. Nothing was changed: choose it again below.")
        return _page(request, files, of, problem=problem, status=400)
    asked = form.cleaned_data
    key, on = asked["key"], asked["on"] == "yes"
    if key == TELECONSULTATION and not on and not asked["confirmed"]:
        return redirect("patient_privacy:consent_withdraw", link_id)
    try:
        decision = patients.decide_by_link(
            link=of.link, key=key, on=on, by=request.actor, language=get_language() or "en", now=request.now,
            text=asked["shown"], control=_control(key, on=on),
        )  # fmt: skip
    except Refused as refused:
        return _page(request, files, of, problem=str(refused), status=409)
    return _told(request, of, key, decision)


@require_POST
def team(request: HouseRequest, link_id: UUID) -> HttpResponse:
    """Let the practice's team into the file, or close it to them (MD-42)."""
    files, of = _of(request, link_id)
    by = actor_by(of.link, request.actor)
    place = {"practice_id": of.link.practice_id, "file_id": of.file.pk}
    on = request.POST.get("on") == "yes"
    if on and (refusal := patients.why_nothing_new(of.file.pk, request.now)):
        return _page(request, files, of, problem=str(refusal.message), status=409)
    if on:
        let_team_in(**place, how=StaffConsent.How.PORTAL, by=by, now=request.now)
        messages.success(request, _("The practice's team may read this file from now on, until you take it back."))
    elif keep_team_out(**place, by=by, now=request.now):
        messages.success(request, _("The file is closed to the practice's team from now on."))
    return redirect(f"{reverse('patient_privacy:consents')}?about={link_id}#switch-team")


@require_safe
def withdraw(request: HouseRequest, link_id: UUID) -> HttpResponse:
    """What follows from withdrawing the informed consent, before it is done; with or without closing the account (MD-12)."""
    _files, of = _of(request, link_id)
    shown = board_of(of, language=get_language() or "en", now=request.now)
    if not shown.informed.on:
        return redirect(f"{reverse('patient_privacy:consents')}?about={link_id}")
    hidden = {"key": TELECONSULTATION, "on": "no", "shown": shown.informed.text.sha256, "confirmed": "yes"}
    context = {
        "of": of, "name": name_of(of), "hidden": hidden, "keep": KEEP, "ways": OTHER_WAYS,
        "own": of.link.capacity == Capacity.SELF,
        "contracted": is_contracted(signed_in(request).pk),
    }  # fmt: skip
    return render(request, "patient_privacy/withdraw.html", context)


@require_safe
def log(request: HouseRequest, link_id: UUID) -> HttpResponse:
    """Every act about the file, newest first, each with its receipt (PC-15)."""
    _files, of = _of(request, link_id)
    page = Paginator(patients.history(of.file.pk, request.now), PAGE).get_page(request.GET.get("page"))
    language, day = get_language() or "en", legal_day(request.now)
    titles = {key: notices.in_force(key, language, day).wording.title for key in PATIENT_KEYS}
    context = {"of": of, "name": name_of(of), "page": page, "rows": exports.rows(page.object_list, titles)}
    return render(request, "patient_privacy/consent_log.html", context)


@require_safe
def receipt(request: HouseRequest, link_id: UUID, event_id: UUID) -> HttpResponse:
    """The signed receipt of one act about the file (NEW-01)."""
    _files, of = _of(request, link_id)
    event = patients.history(of.file.pk, request.now).filter(pk=event_id).first()
    if event is None:
        raise Http404
    response = JsonResponse(
        receipt_of(event, now=request.now), json_dumps_params={"ensure_ascii": False, "indent": 2},
        content_type="application/ld+json",
    )  # fmt: skip
    response["Content-Disposition"] = f'attachment; filename="receipt-{event.number}.jsonld"'
    return response


def _of(request: HouseRequest, link_id: UUID) -> tuple[list[Watched], Watched]:
    """The visitor's files, and the one this link leads to; 404 for any other, and for a person of trust."""
    files = queries.watched(signed_in(request).pk, request.now)
    found = next((one for one in files if one.link.pk == link_id), None)
    if found is None:
        raise Http404
    return files, found


def _page(
    request: HouseRequest, files: list[Watched], of: Watched | None, *, problem: str = "", status: int = 200
) -> HttpResponse:
    shown = board_of(of, language=get_language() or "en", now=request.now) if of else None
    others = [(one, name_of(one), one is of) for one in files] if len(files) > 1 else []
    context: dict[str, Any] = {
        "board": shown, "others": others, "name": name_of(of) if of else "", "problem": problem, "ways": OTHER_WAYS,
        "validate": VALIDATE, "keep": KEEP, "paused": None if problem or not of else patients.why_nothing_new(of.file.pk, request.now),
    }  # fmt: skip
    return render(request, "patient_privacy/consents.html", context, status=status)


def _control(key: str, *, on: bool) -> Control:
    """What was acted on: the button beside the notice, or a switch as it stood (PC-11)."""
    if key == TELECONSULTATION:
        return Control("button", "none", str(VALIDATE if on else KEEP))
    return Control("switch", "off" if on else "on", pgettext("switch", "Off") if on else pgettext("switch", "On"))


def _told(request: HouseRequest, of: Watched, key: str, decision: Decision) -> HttpResponse:
    """Back to the choice, with the result of the act in words."""
    wording = notices.in_force(key, get_language() or "en", legal_day(request.now)).wording
    said = {"name": wording.title, "result": wording.on if decision.state.on else wording.off}
    if not decision.changed:
        messages.info(request, _("“%(name)s” already stood like this; nothing was written.") % said)
    elif decision.state.on:
        messages.success(request, _("“%(name)s” is on. %(result)s") % said)
    else:
        messages.success(request, _("“%(name)s” is off. %(result)s") % said)
    return redirect(f"{reverse('patient_privacy:consents')}?about={of.link.pk}#{slugify(f'switch-{key}')}")
