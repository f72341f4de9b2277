"""The page behind the link of each message of the newsletter, which needs no sign-in."""

from dataclasses import replace
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from audit.actors import Actor
from audit.requests import HouseRequest
from consents import queries
from consents.marketing import links
from consents.marketing.audience import KEY, withdraw

PAGE = "consents/unsubscribe.html"


@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HouseRequest, token: str) -> HttpResponse:
    """Opening it changes nothing (mail programs open links by themselves); its button stops the news, and so does a mail
    program's own with one POST (RFC 8058). No form of another site gains anything: whoever has the link may use it.
    """
    subject_id = links.read(token)
    if subject_id is None:
        return render(request, PAGE, {"what": "unknown"}, status=404)
    if request.method == "POST":
        withdraw(subject_id, _reader(request, subject_id), request.now)
        return redirect("consents:unsubscribe", token)
    what = "on" if queries.is_live(subject_id, KEY, now=request.now) else "off"
    return render(request, PAGE, {"what": what})


def _reader(request: HouseRequest, subject_id: UUID) -> Actor:
    """Whose link it is, whoever is signed in."""
    return replace(
        request.actor, account_id=subject_id, role="account", practice_id=None, session_ref="", channel="link"
    )
