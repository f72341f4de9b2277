"""The patient's export page: the account's own data, and the copies of files that practices granted (PC-60, PC-64)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries import signed_in
from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from gdpr_requests.desk.queries import own_requests
from gdpr_requests.export import actions
from gdpr_requests.export.queries import patients_exports
from gdpr_requests.export.rules import Refused
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.views import ring, streamed
from gdpr_requests.models import Export
from gdpr_requests.models.exports import UNDER_WAY, ExportState
from gdpr_requests.portal.forms import name_of
from gdpr_requests.portal.queries import Watched, watched

PAGE = "patient_privacy:export"


@require_http_methods(["GET", "POST"])
def export(request: HouseRequest) -> HttpResponse:
    """What is under way, what lies ready, and where each copy is asked for."""
    user = signed_in(request)
    if request.method == "POST":
        return _ask(request)
    files = watched(user.pk, request.now)
    found = list(patients_exports(user, request.now))
    working = [one for one in found if one.state in UNDER_WAY]
    context = {
        "working": _named(user.pk, working, files),
        "over": _named(user.pk, [one for one in found if one not in working], files),
        "asks": not any(one.scope == Scope.ACCOUNT for one in working),
        "files": [(one, name_of(one)) for one in files],
    }
    return render(request, "patient_privacy/export.html", context)


@fresh_factor
@require_safe
def download(request: HouseRequest, export_id: UUID) -> HttpResponseBase:
    """The archive as a plain ZIP, behind a fresh second factor; each download is journaled."""
    found = _mine(request, export_id)
    if found.state != ExportState.READY:
        raise Http404
    return streamed(request, found, redirect(PAGE))


@require_POST
def delete(request: HouseRequest, export_id: UUID) -> HttpResponse:
    """Destroy it now."""
    actions.destroy(_mine(request, export_id), why="deleted", by=request.actor, now=request.now)
    messages.success(request, _("The copy is destroyed, and so is its key."))
    return redirect(PAGE)


@require_POST
def again(request: HouseRequest, export_id: UUID) -> HttpResponse:
    """Try once more what couldn't be made."""
    found = _mine(request, export_id)
    if actions.again(found, by=request.actor, now=request.now):
        ring(found)
        messages.success(request, _("It is tried again. You get an e-mail when it is ready."))
    return redirect(PAGE)


def _ask(request: HouseRequest) -> HttpResponse:
    try:
        asked = actions.ask(user=signed_in(request), scope=Scope.ACCOUNT, by=request.actor, now=request.now)
    except Refused as reason:
        messages.warning(request, str(reason))
    else:
        ring(asked)
        messages.success(request, _("Your copy is being made. You get an e-mail when it is ready."))
    return redirect(PAGE)


def _mine(request: HouseRequest, export_id: UUID) -> Export:
    """The person's own, or 404 as for none at all."""
    found = patients_exports(signed_in(request), request.now).filter(pk=export_id).first()
    if found is None:
        raise Http404
    return found


def _named(me: UUID, exports: list[Export], files: Iterable[Watched]) -> list[dict[str, Any]]:
    """Each with whose data it holds, and the number of the request that it answers."""
    names = {one.file.pk: name_of(one) for one in files}
    asked = own_requests(me).in_bulk([one.request_id for one in exports if one.request_id])
    return [
        {
            "export": one,
            "name": names[one.file_id] if one.file_id else _("My account at PratiConnect"),
            "asked": asked.get(one.request_id) if one.request_id else None,
        }
        for one in exports
    ]
