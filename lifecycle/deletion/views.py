"""The deletion tab of the privacy centre: the plan, the confirmation, the wait, the way back (PC-34)."""

from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries import signed_in
from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from lifecycle.deletion import actions, queries, rules, seam, showing
from lifecycle.deletion.forms import PlanForm
from lifecycle.deletion.rules import SHIELD, State
from lifecycle.rules import Refused
from lifecycle.tasks import execute_deletion
from privacy.clocks import legal_day

TAB = "lifecycle:deletion"


@require_safe
def deletion(request: SignedInRequest) -> HttpResponse:
    """The plan before anything is asked for; the countdown once it is."""
    standing = queries.standing_at(request.user.pk, request.now)
    plan = seam.plan_for_account(request.user.pk, request.now)
    changed = queries.last_change(request.user, request.now)
    shielded = rules.shielded(changed, request.now)
    context = {
        "standing": standing,
        "pending": standing.state is State.PENDING,
        "today": legal_day(request.now),
        "groups": showing.groups(plan),
        "news": showing.news_of(standing.last),
        "execute_at": standing.execute_at if standing.runs else rules.execution_of(request.now),
        "shielded_until": changed + SHIELD if shielded and changed else None,
    }
    return render(request, "lifecycle/deletion/deletion.html", context)


@fresh_factor
@require_http_methods(["GET", "POST"])
def confirm(request: HouseRequest) -> HttpResponse:
    """The last page before the request, and the request itself, for the plan that this page showed."""
    if request.method != "POST":
        return _ask(request)
    try:
        actions.request_deletion(
            user=signed_in(request), plan_sha256=PlanForm(request.POST).shown, by=request.actor, now=request.now
        )
    except seam.PlanChanged:
        return _ask(request, changed=True)
    except Refused as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("The deletion is requested. You can withdraw it here until its last second."))
    return redirect(TAB)


def _ask(request: HouseRequest, *, changed: bool = False) -> HttpResponse:
    if queries.standing_at(signed_in(request).pk, request.now).runs:
        return redirect(TAB)
    plan = seam.plan_for_account(signed_in(request).pk, request.now)
    context = {
        **showing.short(plan),
        "hidden": {"plan": plan.sha256},
        "changed": changed,
        "undo": showing.UNDO_WAITING,
        "execute_at": rules.execution_of(request.now),
    }
    return render(request, "lifecycle/deletion/confirm.html", context, status=409 if changed else 200)


@fresh_factor
@require_http_methods(["GET", "POST"])
def waive(request: HouseRequest) -> HttpResponse:
    """Give up the rest of the wait: said first, then done; after it there is nobody to be signed in."""
    standing = queries.standing_at(signed_in(request).pk, request.now)
    if request.method != "POST":
        if standing.state is not State.PENDING:
            return redirect(TAB)
        plan = seam.plan_for_account(signed_in(request).pk, request.now)
        context = {**showing.short(plan), "undo": showing.UNDO_NOTHING, "execute_at": standing.execute_at}
        return render(request, "lifecycle/deletion/waive.html", context)
    try:
        actions.waive_wait(user=signed_in(request), by=request.actor, now=request.now)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(TAB)
    account_id = str(signed_in(request).pk)
    transaction.on_commit(lambda: execute_deletion.delay(account_id), robust=True)
    logout(request)
    return redirect("lifecycle:left")


@require_POST
def withdraw(request: SignedInRequest) -> HttpResponse:
    """Take the request back, with one click from any page."""
    try:
        actions.withdraw_deletion(account_id=request.user.pk, by=request.actor, now=request.now)
    except Refused as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("Your request is withdrawn. Everything is open again, as you left it."))
    return redirect(TAB)
