"""Fresh proof before grave acts (security.md 1.7): a second factor within the last five minutes.

Put `fresh_factor` on the page that asks for the confirmation and on the one that acts. A page that is read sends the person to the
proof and back; a form that is posted is refused with a message and nothing of it is kept.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from accounts import queries
from audit.requests import HouseRequest

FRESH_FOR = timedelta(seconds=300)
SECOND_FACTORS = ("mfa", queries.OTP)

Asking = TypeVar("Asking", bound=HouseRequest)
Rest = ParamSpec("Rest")


def is_fresh(request: HouseRequest, now: datetime) -> bool:
    """Whether this session proved a second factor within the last 300 seconds."""
    if not request.user.is_authenticated:
        return False
    proofs = [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record["method"] in SECOND_FACTORS
    ]
    return bool(proofs) and now.timestamp() - max(proofs) < FRESH_FOR.total_seconds()


def safe_next(request: HouseRequest, url: str) -> str:
    """`url` when it stays on this site, else ""."""
    allowed = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if allowed else ""


def confirm_url(next_url: str) -> str:
    """Where the proof is given, and where to go after it."""
    return f"{reverse('accounts:confirm')}?{urlencode({'next': next_url})}"


def fresh_factor(
    view: Callable[Concatenate[Asking, Rest], HttpResponseBase],
) -> Callable[Concatenate[Asking, Rest], HttpResponseBase]:
    """Let only requests through whose session proved a second factor within 300 seconds."""

    def guarded(request: Asking, /, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
        if is_fresh(request, request.now):
            return view(request, *args, **kwargs)
        back = request.get_full_path()
        if request.method not in ("GET", "HEAD"):
            messages.warning(request, _("Nothing was changed: first confirm that it is you, then do it again."))
            back = safe_next(request, request.headers.get("Referer", "")) or back
        return redirect(confirm_url(back))

    update_wrapper(guarded, view)
    return guarded
