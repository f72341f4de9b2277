"""The export tab of the privacy centre: ask, watch, download, delete; in every phase (PC-32, PC-60, PC-64)."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from gdpr_requests.export import actions, queries
from gdpr_requests.export.rules import Refused
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.tasks import build_export
from gdpr_requests.forms import ExportForm
from gdpr_requests.models import Export
from gdpr_requests.models.exports import UNDER_WAY
from gdpr_requests.queries import holdings

TAB = "gdpr:export"


@require_http_methods(["GET", "POST"])
def export(request: SignedInRequest) -> HttpResponse:
    """What can be asked for, what is under way, what lies ready."""
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _ask(request, Scope(form.cleaned_data["scope"]))
    found = list(queries.exports_of(request.user, request.now))
    context = {
        "form": form,
        "holdings": holdings(request.user),
        "working": next((one for one in found if one.state in UNDER_WAY), None),
        "over": [one for one in found if one.state not in UNDER_WAY],
    }
    return render(request, "gdpr/export.html", context)


def _ask(request: SignedInRequest, scope: Scope) -> HttpResponse:
    try:
        asked = actions.ask(user=request.user, scope=scope, by=request.actor, now=request.now)
    except Refused as reason:
        messages.warning(request, str(reason))
    else:
        ring(asked)
        messages.success(request, _("Your export is being made. You get an e-mail when it is ready."))
    return redirect(TAB)


@fresh_factor
@require_safe
def download(request: SignedInRequest, export_id: UUID) -> HttpResponseBase:
    """The archive as a plain ZIP, behind a fresh second factor; each download is journaled."""
    return streamed(request, _mine(request, export_id, ready=True), redirect(TAB))


def streamed(request: HouseRequest, found: Export, otherwise: HttpResponse) -> HttpResponseBase:
    """The archive as a download that nobody keeps; ``otherwise`` where the storage hasn't it, with the reason said."""
    try:
        pieces = actions.download(found, by=request.actor, now=request.now)
    except OSError:
        messages.error(
            request, _("The archive can't be read just now. Try again in some minutes, or ask for a new one.")
        )
        return otherwise
    except Refused as reason:
        messages.warning(request, str(reason))
        return otherwise
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    day = timezone.localdate(found.ready_at)
    answer["Content-Disposition"] = f'attachment; filename="praticonnect-{found.scope}-{day}.zip"'
    answer["Content-Length"] = str(found.size)
    answer["Cache-Control"] = "no-store"
    return answer


def ring(export: Export) -> None:
    """Wake a worker once the row is committed; without it the next minute's round finds it."""
    transaction.on_commit(lambda: build_export.delay(str(export.pk)), robust=True)


@require_POST
def delete(request: SignedInRequest, export_id: UUID) -> HttpResponse:
    """Destroy it now."""
    actions.destroy(_mine(request, export_id), why="deleted", by=request.actor, now=request.now)
    messages.success(request, _("The export is destroyed, and so is its key. You can ask for a new one at any time."))
    return redirect(TAB)


def _mine(request: SignedInRequest, export_id: UUID, *, ready: bool = False) -> Export:
    """The person's own, or 404 as for none at all."""
    find = queries.ready_for if ready else queries.export_for
    try:
        return find(request.user, export_id, request.now)
    except Export.DoesNotExist as none:
        raise Http404 from none
