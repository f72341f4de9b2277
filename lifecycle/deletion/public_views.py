"""Pages that need no sign-in: withdrawing by the link of a message, and the last page of an account (PC-34)."""

from contextlib import suppress
from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.requests import HouseRequest
from lifecycle.deletion import actions, links
from lifecycle.deletion.rules import Kind, Standing, State
from privacy.refusals import Refused

PAGE = "lifecycle/deletion/keep.html"
GONE, UNKNOWN = 410, 404


@require_http_methods(["GET", "POST"])
def keep(request: HouseRequest, token: str) -> HttpResponse:
    """Opening the link shows where the request stands; only its button withdraws (a mail program opens links by itself)."""
    found = links.read(token, request.now)
    if found is None:
        return render(request, PAGE, {"what": "unknown"}, status=UNKNOWN)
    account_id, standing = found
    if request.method == "POST" and standing.state is State.PENDING:
        by = replace(request.actor, channel="link")
        with suppress(Refused):  # somebody was faster: the page says what holds now
            actions.withdraw_deletion(account_id=account_id, by=by, now=request.now, request=standing.request)
        return redirect("lifecycle:keep", token)
    what = what_of(standing)
    context = {"what": what, "execute_at": standing.execute_at, "at": standing.last.at if standing.last else None}
    return render(request, PAGE, context, status=GONE if what == "too_late" else 200)


def what_of(standing: Standing) -> str:
    """Which words the page says of a request."""
    if standing.state is State.PENDING:
        return "pending"
    if standing.runs or standing.last is None:
        return "too_late"
    return "withdrawn" if standing.last.kind is Kind.WITHDRAWN else "stopped"


@require_safe
def left(request: HouseRequest) -> HttpResponse:
    """What follows after the wait was given up; the same for everybody."""
    return render(request, "lifecycle/deletion/left.html")
