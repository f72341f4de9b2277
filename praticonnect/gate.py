"""One gate for every page: deny by default, then who you are, then what is open to you now."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from accounts.access import Access, Audience
from accounts.closing import why_closed
from accounts.models import User
from accounts.patients.queries import is_patient
from accounts.queries import session_holds_factor, signed_in
from adapters.faults import Fault
from audit.requests import HouseRequest
from care import tenancy
from care.queries import practices_linked
from care.roles import RECIPIENTS, TEAM, Authority
from care.team.queries import answering_for, unsigned
from care.team.reach import needed
from lifecycle.changes.queries import owes_answer
from lifecycle.changes.rules import CLOSES
from praticonnect.access import access_of
from records.authority.queries import is_agent, practices_ordered

SCOPED = (Audience.PRACTITIONER, Audience.PATIENT, Audience.AUTHORITY)
"""Who meets clinical rows: those of their practices, of the practices they are linked to, or of the order they ask for."""
Handler = Callable[[HttpRequest], HttpResponse]


class Gate:
    """Asks the access table before any view runs, and opens the practice's rows for it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in :meth:`process_view`."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Refuse, or run the view inside the scope of the visitor's practices."""
        match = request.resolver_match
        access = access_of(match.view_name) if match else None
        if access is None:
            raise Http404
        if access.audience is Audience.PUBLIC:
            return None
        asked = cast(HouseRequest, request)
        refusal = refuse(asked, access)
        if refusal is not None or access.audience not in SCOPED:
            return refusal
        if access.audience is Audience.PATIENT:
            as_patient(asked)
        if access.audience is Audience.AUTHORITY:
            as_authority(asked, kwargs.get("order_id"))
        try:
            with tenancy.scope(asked.practice_ids):
                return cast(HttpResponse, view(request, *args, **kwargs))
        except Fault as away:
            return self.process_exception(request, away)

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """A page that needs the storage, or another service, while that doesn't answer: said in plain words, not as our fault."""
        return render(request, "503.html", status=503) if isinstance(fault, Fault) else None


def as_patient(request: HouseRequest) -> None:
    """On a patient's pages a practitioner is a patient too: their links count, not their practices."""
    request.actor = replace(request.actor, role="patient", practice_id=None)
    request.practice_ids = practices_linked(signed_in(request).pk, request.now)


def as_authority(request: HouseRequest, order_id: UUID | None) -> None:
    """On an authority's pages only the order counts that the address names: its practice, while it runs (MD-43)."""
    request.actor = replace(request.actor, role=Authority.key, practice_id=None)
    request.practice_ids = practices_ordered(signed_in(request).pk, request.now, order_id)


def refuse(request: HouseRequest, access: Access) -> HttpResponse | None:
    """The page that says no, or None. Strangers to a page can't tell it from one that isn't there."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.path, settings.LOGIN_URL)
    user = request.user
    if access.audience is Audience.SIGNED_IN:
        return closed_page(request, user, access)
    if not user.is_verified():
        return redirect(settings.SECOND_FACTOR_URL)
    if access.audience is Audience.PRACTITIONER and (refusal := why_not_in_practice(request, user, access)):
        return refusal
    if access.audience is Audience.PATIENT and not is_patient(user.pk):
        raise Http404
    if access.audience is Audience.AUTHORITY and (refusal := why_not_agent(user)):
        return refusal
    if access.audience is Audience.OFFICE and not _office(user):
        raise Http404
    if access.audience is Audience.OFFICE:
        return None
    return led_to_change(request, user, access) or closed_page(request, user, access)


def why_not_agent(user: User) -> HttpResponse | None:
    """Whoever an order names comes in, with a factor they hold; to others there is no such page. Raises Http404 to them."""
    if not is_agent(user.pk):
        raise Http404
    return None if session_holds_factor(user) else redirect("accounts:protect")


def why_not_in_practice(request: HouseRequest, user: User, access: Access) -> HttpResponse | None:
    """Practitioners come in; the team as far as its role's class says, with a held factor and the agreement signed (MD-40, MD-41)."""
    role = request.actor.role
    if role == "practitioner":
        return None
    if role not in TEAM:
        raise Http404
    if not session_holds_factor(user):
        return redirect("accounts:protect")
    if unsigned(user, request.now):
        return redirect("care:agreement")
    if not access.right:
        raise Http404
    if not RECIPIENTS[role].may(needed(access, request.method)):
        return render(request, "care/not_yours.html", {"role": RECIPIENTS[role]}, status=403)
    return None


def led_to_change(request: HouseRequest, user: User, access: Access) -> HttpResponse | None:
    """A material change of the policy that is in force is put before the person first (MD-13); what they are sending goes through."""
    if access.act not in CLOSES or request.method != "GET" or "HX-Request" in request.headers:
        return None
    if not owes_answer(user.pk, request.now):
        return None
    return redirect(f"{reverse('lifecycle:change')}?{urlencode({'next': request.get_full_path()})}")


def closed_page(request: HouseRequest, user: User, access: Access) -> HttpResponse | None:
    """The page that says what is closed now, why, and what opens it again; None while the act is open."""
    closed = why_closed(answering_for(user.pk, request.actor.role), access.act, now=request.now)
    return render(request, "closed.html", {"closed": closed}, status=403) if closed else None


def _office(user: User) -> bool:
    """Staff with a factor they hold: a delivered code isn't enough here (PC-81)."""
    device = getattr(user, "otp_device", None)
    return user.is_staff and bool(getattr(device, "held", False))
