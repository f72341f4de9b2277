"""The office records that the holder of an account died, and hands over what the directives say (LIL art. 85; MD-30)."""

from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from audit.requests import HouseRequest
from gdpr_requests.desk.forms import DeathForm
from gdpr_requests.directives import dying
from gdpr_requests.export import actions as exports
from privacy.refusals import Refused


def death(request: HouseRequest) -> HttpResponse:
    """Who died, who says so, and what proves it."""
    form = DeathForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = dying.report(**form.cleaned_data, by=request.actor, now=request.now)
        except Refused as refused:
            form.add_error(None, str(refused.refusal.message))
        else:
            messages.success(request, gettext("Recorded under the number %(number)s.") % {"number": opened.number})
            return redirect("admin:request", opened.pk)
    context = {**admin.site.each_context(request), "title": _("Record a death"), "form": form}
    return TemplateResponse(request, "office/death.html", context, status=422 if form.errors else 200)


@require_safe
def copy(request: HouseRequest, request_id: UUID) -> HttpResponseBase:
    """The archive for the person whom the dead named, once the request was granted to somebody whose identity is established."""
    found = dying.copy_of(request_id, request.now)
    if found is None:
        raise Http404
    try:
        pieces = exports.download(found, by=request.actor, now=request.now)
    except OSError as away:
        raise Http404 from away
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="directives.zip"'
    answer["Content-Length"] = str(found.size)
    answer["Cache-Control"] = "no-store"
    return answer
