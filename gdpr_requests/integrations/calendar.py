"""Connecting a calendar: away to Google, back with a code or a no, and cut again (PC-96)."""

from hmac import compare_digest
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.requests import SignedInRequest
from adapters import google
from adapters.door import Closed
from privacy.refusals import Refused
from subprocessors.calendars import actions

SESSION: Final = "google_sign_in"
"""Where the session keeps the state and the verifier of a sign-in under way; taken out at the return."""


@require_http_methods(["GET", "POST"])
def calendar(request: SignedInRequest) -> HttpResponse:
    """GET leads to Google, and comes back from there with a state; POST cuts the link."""
    if request.method == "POST":
        cut = actions.cut(account_id=request.user.pk, by=request.actor, now=request.now)
        messages.info(request, _("Your calendar is disconnected.") if cut else _("No calendar was connected."))
    elif "state" in request.GET:
        _return(request)
    else:
        return _leave(request)
    return redirect("gdpr:integration", google.KEY)


def _leave(request: SignedInRequest) -> HttpResponse:
    """To Google's page, with a state that only this session knows."""
    try:
        actions.must_be_open(request.user.pk, now=request.now)
    except (Refused, Closed) as no:
        messages.warning(request, _why_not(no))
        return redirect("gdpr:integration", google.KEY)
    going = google.sign_in(_back())
    request.session[SESSION] = [going.state, going.verifier]
    return HttpResponseRedirect(going.address)


def _return(request: SignedInRequest) -> None:
    """Take the code to a worker, if it comes with the state of this session; each state counts once."""
    state, verifier = request.session.pop(SESSION, ["", ""])
    code = request.GET.get("code", "")
    if not state or not compare_digest(state.encode(), request.GET["state"].encode()):
        messages.warning(request, _("This sign-in wasn't begun here, or is over. Connect again."))
    elif not code:
        messages.info(request, _("Nothing was connected: the access wasn't allowed at Google."))
    else:
        _connect(request, code, verifier)


def _connect(request: SignedInRequest, code: str, verifier: str) -> None:
    try:
        actions.connect(
            account_id=request.user.pk, code=code, verifier=verifier, back=_back(), by=request.actor, now=request.now
        )
    except (Refused, Closed) as no:
        messages.warning(request, _why_not(no))
    else:
        messages.success(request, _("Google agreed. Your calendar is being connected."))


def _why_not(no: Refused | Closed) -> str:
    if isinstance(no, Closed):
        return _("Google Calendar can't be connected now: %(why)s.") % {"why": no.words}
    if no.refusal == actions.LINKED:
        return str(no.refusal.message)
    return _("Turn the switch on first; then connect your calendar.")


def _back() -> str:
    """The one address that Google may send people back to; it stands in the app's settings there."""
    return f"{settings.SITE_URL.rstrip('/')}{reverse('gdpr:calendar')}"
