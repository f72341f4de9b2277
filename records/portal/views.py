"""The patient's way in and their home: an invitation, the check of who they are, the practices they are linked to."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.patients.queries import is_patient
from accounts.queries import signed_in
from audit.requests import HouseRequest
from care.models import Invitation, PortalLink
from care.queries import invitation_by_secret, links_of
from privacy.refusals import Refusal
from records.portal import actions, queries
from records.portal.forms import CodeForm, WhoForm

INVITED = "portal_invitation"
"""What a session keeps of an opened invitation: two random ids, never the link's secret."""


@require_safe
def invitation(request: HouseRequest, token: str) -> HttpResponse:
    """Where the mail's link leads: says what to do; works from then on in this browser."""
    found = invitation_by_secret(token, request.now)
    if found is None:
        return render(request, "patient/invitation_over.html", status=404)
    _remember(request, found)
    if request.user.is_authenticated:
        return redirect("patient:accept")
    onward = urlencode({"next": reverse("patient:accept")})
    return render(request, "patient/invitation.html", {"practice": found.practice, "onward": onward})


@require_http_methods(["GET", "POST"])
def accept(request: HouseRequest) -> HttpResponse:
    """The check of who the patient is, for whoever opened the link; then the account is linked."""
    if not is_patient(signed_in(request).pk):
        return redirect(f"{reverse('accounts:patient_start')}?{urlencode({'next': reverse('patient:accept')})}")
    known = request.session.get(INVITED)
    if not known:
        return redirect("patient:home")
    form = WhoForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and _linked(request, form, UUID(known[0]), UUID(known[1]), form.cleaned_data)
    ):
        return redirect("patient:home")
    return render(request, "patient/accept.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def code(request: HouseRequest) -> HttpResponse:
    """The same with a code that the practice showed at the desk."""
    if not is_patient(signed_in(request).pk):
        return redirect(f"{reverse('accounts:patient_start')}?{urlencode({'next': reverse('patient:code')})}")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = invitation_by_secret(form.cleaned_data["code"], request.now)
        if found is None:
            form.add_error(None, str(actions.refuse_code(by=request.actor, now=request.now).message))
        elif _linked(request, form, found.pk, found.practice_id, form.who()):
            return redirect("patient:home")
    return render(request, "patient/code.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def home(request: HouseRequest) -> HttpResponse:
    """The practices the account is linked to, and what is new in each."""
    links = list(links_of(signed_in(request).pk, request.now))
    shared = queries.news(links)
    rows = [(one, *shared.get(one.patient_id, (0, None))) for one in links]
    return render(request, "patient/home.html", {"rows": rows, "invited": INVITED in request.session})


def _remember(request: HouseRequest, found: Invitation) -> None:
    request.session[INVITED] = [str(found.pk), str(found.practice_id)]


def _linked(request: HouseRequest, form: Any, invitation_id: UUID, practice_id: UUID, typed: dict[str, Any]) -> bool:
    answer: PortalLink | Refusal = actions.accept(
        invitation_id=invitation_id, practice_id=practice_id, typed=typed, by=request.actor, now=request.now
    )
    if isinstance(answer, Refusal):
        form.add_error(None, str(answer.message))
        return False
    request.session.pop(INVITED, None)
    messages.success(request, _("You are linked. What the practice shares with you is below."))
    return True
