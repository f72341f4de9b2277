"""Where subprocessors tell us what happened. Answers fast: whatever follows is a worker's."""

import logging

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from adapters import inbox
from adapters.boxes import unproven
from adapters.faults import Fault
from audit.requests import HouseRequest

_log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def hook(request: HouseRequest, subprocessor: str, path: str = "") -> HttpResponse:
    """Store one event that proves its sender. 200 also for one that is here already, so that it isn't sent again."""
    if request.method == "GET":
        return _confirmed(inbox.Arrival(subprocessor, path, inbox.headers_of(request.headers), b"", request.now))
    try:
        listening = inbox.hook_of(subprocessor)
    except inbox.NoHook as nobody:
        raise Http404 from nobody
    if request.content_type not in listening.content_types:
        return HttpResponse(status=415)
    body = _body(request)
    if body is None:
        return HttpResponse(status=413)
    arrival = inbox.Arrival(subprocessor, path, inbox.headers_of(request.headers), body, request.now)
    try:
        inbox.receive(arrival)
    except inbox.Unverified as refused:
        unproven.note(subprocessor, request.now)
        _log.warning("an event for %s was refused: %s", subprocessor, refused.code)
        return HttpResponse(status=401)
    except inbox.Unreadable as wrong:
        _log.warning("an event of %s can't be read: %s", subprocessor, wrong)
        return HttpResponse(status=400)
    return HttpResponse(status=200)


def _confirmed(arrival: inbox.Arrival) -> HttpResponse:
    """What a sender wants to hear that asks whether this address is ours; 405 where nobody does."""
    try:
        return JsonResponse(dict(inbox.confirm(arrival)))
    except inbox.NoHook:
        return HttpResponseNotAllowed(["POST"])
    except inbox.Unverified as nobody:
        raise Http404 from nobody
    except Fault as fault:
        _log.warning("an address can't be confirmed: %s", fault)
        return HttpResponse(status=503)


def _body(request: HttpRequest) -> bytes | None:
    """The bytes that came; None for more than an event may have."""
    body = request.read(inbox.LARGEST + 1)
    return body if len(body) <= inbox.LARGEST else None
