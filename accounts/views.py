"""Pages about one's own account: profile, security, sessions, proofs."""

import secrets
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import time_format
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as set_language_cookie

from accounts import actions, queries, sessions, stepup, user_agents
from accounts.forms import CodeForm, LanguageForm, ProfileForm
from accounts.models import User
from accounts.stages import SecondFactorStage
from accounts.texts import queries as texts
from audit.actions import record_security
from audit.requests import HouseRequest

CONFIRM_ATTEMPT = "confirm_attempt"


class StageRequest(HouseRequest):
    """A request in the middle of a login, as allauth's `login_stage_required` leaves it."""

    _login_stage: Any


def _send(request: HouseRequest, user: User, attempt: str, *, to_phone: bool = False) -> None:
    """Send a code and say so, or say from when one can be sent. Where the phone can't be reached it goes by e-mail."""
    reached = to_phone and texts.number_for_codes(user.pk, request.now) is not None
    channel = actions.Channel.PHONE if reached else actions.Channel.EMAIL
    wait_until = actions.send_code(user=user, attempt=attempt, by=request.actor, now=request.now, channel=channel)
    if wait_until is None:
        if to_phone and not reached:
            messages.info(request, _("No code can go to your phone at present, so it goes by e-mail."))
        messages.success(
            request, _("A new code is on its way. It works for five minutes, once; earlier codes no longer work.")
        )
    else:
        moment = time_format(localtime(wait_until), "H:i:s")
        messages.info(
            request,
            _("A code was sent a moment ago. You can ask for another one from %(moment)s.") % {"moment": moment},
        )


def _weigh(request: HouseRequest, form: CodeForm, user: User, attempt: str) -> Any:
    """The proving device when the code in `form` is right; else None, and the form says why."""
    if not form.is_valid():
        return None
    device = actions.check_code(
        user=user, attempt=attempt, code=form.cleaned_data["code"], by=request.actor, now=request.now
    )
    if device is None:
        form.add_error(
            "code",
            _(
                "This code was not accepted. Take it from the newest message; after a wrong one, wait a little: each doubles the wait. You can ask for a new code."
            ),
        )
    return device


@login_stage_required(stage=SecondFactorStage.key, redirect_urlname="account_login")
def code(request: StageRequest) -> HttpResponse:
    """Second step of a login by a code sent by e-mail, or to a proved number for who asks for that here (MD-50)."""
    stage: SecondFactorStage = request._login_stage
    user, attempt = stage.login.user, stage.state.get("attempt")
    if not attempt or queries.has_held_factor(user):
        return redirect("account_login")
    if "resend" in request.POST:
        _send(request, user, attempt, to_phone=request.POST["resend"] == "phone")
        return redirect("accounts:code")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and (device := _weigh(request, form, user, attempt)):
        stage.record(device)
        return stage.exit()
    number = texts.number_for_codes(user.pk, request.now)
    context = {
        "form": form, "email": user.email, "ending": number.number[-2:] if number else "",
        "by_phone": queries.code_went_by_phone(user, attempt),
    }  # fmt: skip
    return render(request, "accounts/code.html", context)


def confirm(request: HouseRequest) -> HttpResponse:
    """Fresh proof in an open session, then back to where it was asked."""
    user, back = (
        queries.signed_in(request),
        stepup.safe_next(request, request.POST.get("next") or request.GET.get("next", "")),
    )
    if queries.has_held_factor(user):
        kind = queries.held_factors(user).order_by("authenticator__type")[0].authenticator.type
        page = "mfa_reauthenticate" if kind == "totp" else "mfa_reauthenticate_webauthn"
        return redirect(f"{reverse(page)}?{urlencode({'next': back or reverse('accounts:security')})}")
    if "send" in request.POST:
        request.session[CONFIRM_ATTEMPT] = secrets.token_hex(16)
        _send(request, user, request.session[CONFIRM_ATTEMPT])
        return redirect(stepup.confirm_url(back))
    attempt = request.session.get(CONFIRM_ATTEMPT)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and attempt and (device := _weigh(request, form, user, attempt)):
        del request.session[CONFIRM_ATTEMPT]
        record_authentication(request, user, queries.OTP, device=device.pk, reauthenticated=True)
        return redirect(back or "accounts:security")
    return render(
        request, "accounts/confirm.html", {"form": form, "sent": bool(attempt), "next": back, "email": user.email}
    )


def protect(request: HouseRequest) -> HttpResponse:
    """Proposes an app or a passkey to who signs in with codes by e-mail; staff can't pass without one (PC-81)."""
    user = queries.signed_in(request)
    return render(request, "accounts/protect.html", {"held": queries.has_held_factor(user), "must": user.is_staff})


def security(request: HouseRequest) -> HttpResponse:
    """What protects the account: factors, recovery codes, password, sessions."""
    user = queries.signed_in(request)
    codes = queries.recovery_codes(user)
    context = {
        "factors": [device.authenticator for device in queries.held_factors(user)],
        "recovery_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "sessions": queries.sessions_of(user),
        "proved_by": queries.factor_name(user),
    }
    return render(request, "accounts/security.html", context)


def session_list(request: HouseRequest) -> HttpResponse:
    """Where the account is signed in."""
    user = queries.signed_in(request)
    return render(
        request,
        "usersessions/usersession_list.html",
        {"sessions": [(session, user_agents.in_words(session.user_agent)) for session in queries.sessions_of(user)]},
    )


@require_POST
def end_sessions(request: HouseRequest) -> HttpResponse:
    """End one session, or all but this one. They are dead at their next request."""
    user, which = queries.signed_in(request), request.POST.get("session", "")
    ended = (
        sessions.end_all(user, but=request.session.session_key) if which == "others" else sessions.end_one(user, which)
    )
    record_security(
        by=request.actor,
        kind="session.ended",
        account_id=user.pk,
        detail={"count": ended, "why": "by_owner"},
        now=request.now,
    )
    messages.success(
        request,
        _("Signed out there. That device must sign in again.") if ended else _("That session was over already."),
    )
    return redirect("usersessions_list")


def profile(request: HouseRequest) -> HttpResponse:
    """One's own profile (MD-04)."""
    user = queries.signed_in(request)
    form = ProfileForm(queries.profile_or_404(user), request.POST or None)
    if request.method == "POST" and form.is_valid():
        changed = actions.change_profile(user=user, values=form.profile_values(), by=request.actor, now=request.now)
        messages.success(
            request, _("Your profile is saved.") if changed else _("Nothing was different, so nothing changed.")
        )
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@require_POST
def set_language(request: HouseRequest) -> HttpResponse:
    """The language switch; remembered with the account when signed in."""
    form = LanguageForm(request.POST)
    if form.is_valid() and sessions.signed_in(request.user):
        actions.choose_language(user=request.user, language=form.cleaned_data["language"])
    return set_language_cookie(request)


class RemovePasskeyView(RemoveWebAuthnView):
    """allauth's, but staff keep their last held factor (PC-81)."""

    def form_valid(self, form: Any) -> HttpResponse:
        adapter = get_adapter()
        if adapter.can_delete_authenticator(self.get_object()):
            return super().form_valid(form)
        messages.error(self.request, adapter.error_messages["cannot_delete_authenticator"])
        return redirect("mfa_list_webauthn")


remove_passkey = RemovePasskeyView.as_view()
