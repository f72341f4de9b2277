"""The deletion tab of the privacy centres: the plan, the confirmation, the wait, the way back (PC-34; for patients MD-12)."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.queries import signed_in
from accounts.requests import SignedInRequest
from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from lifecycle.deletion import actions, patients, queries, rules, seam, showing
from lifecycle.deletion.forms import PlanForm
from lifecycle.deletion.frames import PRACTITIONER, Frame, is_contracted
from lifecycle.deletion.rules import SHIELD, State
from lifecycle.tasks import execute_deletion
from privacy.clocks import legal_day
from privacy.refusals import Refused


@require_safe
def deletion(request: SignedInRequest, frame: Frame = PRACTITIONER) -> HttpResponse:
    """The plan before anything is asked for; the countdown once it is."""
    if frame.patient and is_contracted(request.user.pk):
        return redirect(PRACTITIONER.page)
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
        "frame": frame,
        "files": patients.kept_files(request.user.pk, request.now) if frame.patient else [],
    }
    return render(request, frame.template, context)


@fresh_factor
@require_http_methods(["GET", "POST"])
def confirm(request: HouseRequest, frame: Frame = PRACTITIONER) -> HttpResponse:
    """The last page before the request, and the request itself, for the plan that this page showed."""
    if frame.patient and is_contracted(signed_in(request).pk):
        return redirect(PRACTITIONER.page)
    if request.method != "POST":
        return _ask(request, frame)
    try:
        _request(request, frame, PlanForm(request.POST).shown)
    except seam.PlanChanged:
        return _ask(request, frame, changed=True)
    except Refused as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, _("The deletion is requested. You can withdraw it here until its last second."))
    return redirect(frame.page)


def _request(request: HouseRequest, frame: Frame, plan: str) -> None:
    """A patient's closing takes their consents back as well, in the same transaction (MD-12)."""
    user, by, now = signed_in(request), request.actor, request.now
    if frame.patient:
        patients.close_account(user=user, plan_sha256=plan, by=by, language=get_language() or "en", now=now)
    else:
        actions.request_deletion(user=user, plan_sha256=plan, by=by, now=now)


def _ask(request: HouseRequest, frame: Frame, *, changed: bool = False) -> HttpResponse:
    if queries.standing_at(signed_in(request).pk, request.now).runs:
        return redirect(frame.page)
    plan = seam.plan_for_account(signed_in(request).pk, request.now)
    context = {
        **showing.short(plan),
        "hidden": {"plan": plan.sha256},
        "changed": changed,
        "undo": showing.UNDO_WAITING,
        "execute_at": rules.execution_of(request.now),
        **_around(request, frame),
    }
    return render(request, "lifecycle/deletion/confirm.html", context, status=409 if changed else 200)


def _around(request: HouseRequest, frame: Frame) -> dict[str, Any]:
    """The frame of the page; for a patient also what stays at each practice, and the words on the button."""
    if not frame.patient:
        return {"frame": frame}
    files = patients.kept_files(signed_in(request).pk, request.now)
    return {"frame": frame, "files": files, "close_words": patients.CLOSE}


@fresh_factor
@require_http_methods(["GET", "POST"])
def waive(request: HouseRequest, frame: Frame = PRACTITIONER) -> HttpResponse:
    """Give up the rest of the wait: said first, then done; after it there is nobody to be signed in."""
    standing = queries.standing_at(signed_in(request).pk, request.now)
    if request.method != "POST":
        if standing.state is not State.PENDING:
            return redirect(frame.page)
        plan = seam.plan_for_account(signed_in(request).pk, request.now)
        context = {
            **showing.short(plan),
            "undo": showing.UNDO_NOTHING,
            "execute_at": standing.execute_at,
            **_around(request, frame),
        }
        return render(request, "lifecycle/deletion/waive.html", context)
    try:
        actions.waive_wait(user=signed_in(request), by=request.actor, now=request.now)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(frame.page)
    account_id = str(signed_in(request).pk)
    transaction.on_commit(lambda: execute_deletion.delay(account_id), robust=True)
    logout(request)
    return redirect("lifecycle:left")


@require_POST
def withdraw(request: SignedInRequest, frame: Frame = PRACTITIONER) -> HttpResponse:
    """Take the request back, with one click from any page."""
    try:
        actions.withdraw_deletion(account_id=request.user.pk, by=request.actor, now=request.now)
    except Refused as refusal:
        messages.info(request, str(refusal))
    else:
        said = _("Your account stays. The consents you took back stay off until you give them anew.") if frame.patient else _("Your request is withdrawn. Everything is open again, as you left it.")  # fmt: skip
        messages.success(request, said)
    return redirect(frame.page)
