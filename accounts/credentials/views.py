"""Pages of forgotten and renewed passwords. Their texts say the same to everybody who has no account."""

from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import actions, queries
from accounts.credentials import links, renewal
from accounts.credentials import reset as resetting
from accounts.credentials.links import Kind
from accounts.devices import HeldFactor
from accounts.forms import NewPasswordForm
from accounts.stages import RESET, PasswordRenewalStage
from audit.actions import record_security
from audit.requests import HouseRequest


class StageRequest(HouseRequest):
    """A request in the middle of a login, as allauth's `login_stage_required` leaves it."""

    _login_stage: Any


@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: HouseRequest, token: str) -> HttpResponse:
    """What the link opens: a button, so that a mail scanner spends nothing; then a sign-in that begins without a password (MD-53)."""
    link = links.find(token, Kind.RESET, request.now)
    if link is None:
        return render(request, "accounts/reset.html", {"link": None}, status=404)
    if request.method == "GET":
        return render(request, "accounts/reset.html", {"link": link})
    if request.user.is_authenticated:
        logout(request)
    clear_login(request)
    return perform_login(request, Login(user=link.user, state={RESET: str(link.pk)}))


@require_safe
def reset_unproved(request: HouseRequest) -> HttpResponse:
    """The link was right, but the account has no second factor besides the mailbox it came through."""
    return render(request, "accounts/reset_unproved.html")


@login_stage_required(stage=PasswordRenewalStage.key, redirect_urlname="account_login")
def renew_password(request: StageRequest) -> HttpResponse:
    """A new password between login and session: must be when the old one is forgotten or known to others, may be when it is old (MD-52)."""
    stage = request._login_stage
    user, forced, link_id = stage.login.user, stage.state.get("forced", True), stage.login.state.get(RESET)
    if "later" in request.POST and not forced:
        renewal.put_off(user=user, by=request.actor, now=request.now)
        return stage.exit()
    form = NewPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["password"]
        if link_id:
            return _reset(request, UUID(link_id), password)
        actions.set_password(user=user, password=password, now=request.now)
        record_security(by=request.actor, kind="password.changed", account_id=user.pk, now=request.now)
        return stage.exit()
    return render(request, "accounts/renew_password.html", {"form": form, "forced": forced, "reset": bool(link_id)})


def _reset(request: StageRequest, link_id: UUID, password: str) -> HttpResponse:
    """The last step of a forgotten password. The proof is read again: no way through the stages sets a password without one."""
    stage = request._login_stage
    proof = queries.proving_device(request, stage.login.user)
    if not isinstance(proof, HeldFactor) or not resetting.finish(
        link_id=link_id, password=password, proof=proof, by=request.actor, now=request.now
    ):
        messages.warning(
            request, _("This link was used already or is too old. Nothing was changed. Ask for a new one.")
        )
        clear_login(request)
        return redirect("account_reset_password")
    stage.login.user.refresh_from_db()
    get_adapter().send_notification_mail("account/email/password_reset", stage.login.user)
    messages.success(request, _("Your new password is set. Every other session was ended."))
    return stage.exit()
