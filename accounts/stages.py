"""The steps between a right password and an open session (security.md 1.4).

Sign-up with an address that exists already runs the same stages with no user (`login.user is None`), so that it answers
like a new one: each stage tolerates that.
"""

import secrets

from allauth.account.internal.flows.login import record_authentication
from allauth.account.stages import EmailVerificationStage as AllauthEmailStage
from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal.flows import did_use_passwordless_login
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts import actions, queries
from accounts.credentials import renewal
from accounts.models import DeliveredCodeDevice

Step = tuple[HttpResponse | None, bool]
RESET = "reset"
"""In the state of a login that a link by mail began instead of a password: the link's id (MD-53)."""


class EmailVerificationStage(AllauthEmailStage):
    """allauth's, which also remembers that a code was asked: that code proves the mailbox for the second step too."""

    def handle(self) -> Step:
        response, proceed = super().handle()
        if response:
            self.state["asked"] = True
        return response, proceed


class SecondFactorStage(AuthenticateStage):
    """Always a second factor: app, passkey or recovery code for who has one, else a code by e-mail (PC-81, MD-50).

    After a link by mail a code by mail proves nothing more, so there the way ends for who holds no factor (MD-53).
    """

    def handle(self) -> Step:
        user = self.login.user
        if user is None or did_use_passwordless_login(self.request, user):
            return None, True
        if queries.has_held_factor(user):
            return redirect("mfa_authenticate"), True
        if RESET in self.login.state:
            return redirect("accounts:reset_unproved"), False
        if self._mailbox_was_just_proved():
            device = actions.accept_verified_mailbox(user=user, by=self.request.actor, now=self.request.now)
            self.record(device)
            return None, True
        self.state["attempt"] = secrets.token_hex(16)
        actions.send_code(user=user, attempt=self.state["attempt"], by=self.request.actor, now=self.request.now)
        return redirect("accounts:code"), True

    def _mailbox_was_just_proved(self) -> bool:
        email_stage = self.controller.get_stage(EmailVerificationStage.key)
        return bool(
            email_stage and email_stage.state.get("asked") and self.controller.is_handled(EmailVerificationStage.key)
        )

    def record(self, device: DeliveredCodeDevice) -> None:
        """Note the proof in the session: `AccountAdapter.login` reads it, and so does step-up."""
        record_authentication(self.request, self.login.user, queries.OTP, device=device.pk, reauthenticated=True)


class PasswordRenewalStage(LoginStage):
    """A password forgotten or known to others must go now; an old one may (MD-52, MD-53, MD-54)."""

    key = "password_renewal"
    urlname = "accounts:renew_password"

    def handle(self) -> Step:
        user = self.login.user
        if user is None:
            return None, True
        must = RESET in self.login.state or (user.compromised_at is not None and user.has_usable_password())
        if must or renewal.is_due(user, self.request.now):
            self.state["forced"] = must
            return redirect("accounts:renew_password"), True
        return None, True
