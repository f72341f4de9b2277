"""The copy that a granted request made: handed over by the desk to somebody who has no account to fetch it with."""

from datetime import datetime

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from accounts.queries import signed_in
from audit.requests import HouseRequest
from care.queries import owns, treats
from care.tenancy import ALL, scope
from gdpr_requests.desk.rules import side_of
from gdpr_requests.desk.states import By
from gdpr_requests.desk.writing import in_custody
from gdpr_requests.export import actions, queries
from gdpr_requests.export.views import ring, streamed
from gdpr_requests.models import Export, Request
from gdpr_requests.models.exports import ExportState
from records.models import PatientFile
from records.restriction.queries import is_restricted


def to_hand_over(request: Request, now: datetime) -> Export | None:
    """The desk's copy of the file; none once the file is restricted or leaves: then its own page says how it is read."""
    found = queries.of_request(request.pk, now)
    if found is None or found.account_id is not None or found.file_id is None:
        return None
    with scope(ALL):
        there = PatientFile.objects.filter(pk=found.file_id, leaving_at=None).exists()
        return found if there and not is_restricted(found.file_id) else None


def shown(request: Request, may: bool, now: datetime) -> Export | None:
    """The copy as the request's page tells of it: to the person their own, to who may hand it over any."""
    found = queries.of_request(request.pk, now)
    if found is None or found.account_id is not None:
        return found
    return to_hand_over(request, now) if may else None


def handed(http: HouseRequest, request: Request, page: str) -> HttpResponseBase:
    """The copy itself (GET), its end (POST ``act=delete``), or another try (POST ``act=again``); 404 to all but who may."""
    found = to_hand_over(request, http.now)
    if found is None or not may_hand_over(http, request):
        raise Http404
    back = redirect(page, request.pk)
    if http.method == "POST":
        if http.POST.get("act") == "again" and actions.again(found, by=http.actor, now=http.now):
            ring(found)
        elif http.POST.get("act") == "delete":
            actions.destroy(found, why="deleted", by=http.actor, now=http.now)
        return back
    if found.state != ExportState.READY:
        raise Http404
    return streamed(http, found, back)


def may_hand_over(http: HouseRequest, request: Request) -> bool:
    """Whoever answers may; of a practice, only who treats the patient or owns the practice, as for the file itself."""
    if side_of(request, http.actor, custody=in_custody(request.practice_id)) is not By.HANDLER:
        return False
    if request.practice_id is None or http.actor.role == "dpo":
        return True
    user = signed_in(http)
    return request.file_id is not None and (treats(user, request.file_id) or owns(user.pk, request.practice_id))
