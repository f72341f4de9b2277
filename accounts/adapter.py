"""How allauth's steps are tuned to ours: stages, back-off, step-up, mails, verdict."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import actions, hooks, journal, mails, queries, stepup, throttle
from accounts.credentials.queries import is_locked
from accounts.models import User
from accounts.patients.queries import is_patient
from accounts.user_agents import in_words
from adapters.content import Link, Name, Value
from audit.requests import HouseRequest

SAID: Final = ("code", "email", "from_email", "to_email", "timestamp", "ip")
LINKS: Final = ("password_reset_url", "signup_url")
"""What our templates take from allauth's own words; anything else stays behind."""
STAGES = [
    "accounts.stages.EmailVerificationStage",
    "accounts.stages.SecondFactorStage",
    "accounts.stages.PasswordRenewalStage",
]


class AccountAdapter(DefaultAccountAdapter):
    """allauth conducts; the rules are ours."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "The e-mail address or the password is not right. Check both; passwords tell capitals from small letters."
        ),
        "too_many_login_attempts": _(
            "Too many tries. Nothing is lost: wait a few minutes, or choose a new password by e-mail."
        ),
        "incorrect_code": _("This code is not right. Type the six digits shown now; each code works once."),
        "incorrect_password": _("This password is not right. Check capitals and small letters, then try again."),
        "enter_current_password": _(
            "Your present password is not right. Check capitals and small letters, then try again."
        ),
        "invalid_password_reset": _("This link was used already or is too old. Ask for a new one."),
        "rate_limited": _("Too many tries in a short time. Wait a minute, then try again."),
    }

    @property
    def now(self) -> datetime:
        """The request's clock."""
        return self.request.now

    def get_login_stages(self) -> list[str]:
        return STAGES

    def login(self, request: HouseRequest, user: User) -> None:
        """Sign in; the session is verified when a second factor was proved on the way (django-otp keeps the verdict).

        An account that was cut and is locked signs in by no way, not by one that was begun before (MD-51).
        """
        if is_locked(user.pk):
            messages.error(request, _("This account is locked until new credentials are issued. A mail says how."))
            raise ImmediateHttpResponse(redirect("accounts:lost"))
        if device := queries.proving_device(request, user):
            user.otp_device = device
        super().login(request, user)

    def _attempt(self, request: HouseRequest, credentials: dict[str, Any]) -> throttle.Attempt:
        return throttle.Attempt.of(credentials.get("email", ""), self.get_client_ip(request))

    def pre_authenticate(self, request: HouseRequest, **credentials: Any) -> None:
        """Two doors: a limit per address in the cache, then the back-off per account and network in PostgreSQL."""
        self._login_failed_rl_usage = ratelimit.consume(request, app="allauth.account", action="password_failed")
        if not self._login_failed_rl_usage:
            raise self.validation_error("too_many_login_attempts")
        if until := throttle.reserve(self._attempt(request, credentials), now=self.now):
            journal.locked_out(request, credentials.get("email", ""), until)
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HouseRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            throttle.succeed(self._attempt(request, credentials), now=self.now)
        return user

    def authentication_failed(self, request: HouseRequest, **credentials: Any) -> None:
        journal.password_failed(request, credentials.get("email", ""))

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Only second factors: a password alone never counts as fresh proof."""
        methods = [method for method in super().get_reauthentication_methods(user) if method["id"] != "reauthenticate"]
        if user.is_authenticated and not methods:
            methods = [
                {"id": "email_code", "description": _("Use a code by e-mail"), "url": reverse("accounts:confirm")}
            ]
        return methods

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not stepup.is_fresh(self.request, self.now)

    def set_password(self, user: User, password: str) -> None:
        actions.set_password(user=user, password=password, now=self.now)

    def save_user(self, request: HouseRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Accounts are made by `actions.sign_up_practitioner` alone."""
        raise NotImplementedError("accounts.actions.sign_up_practitioner makes accounts")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What allauth writes, with the values that its templates say, and links on our own site whatever host was asked."""
        values: dict[str, Value] = {name: _said(context[name]) for name in SAID if name in context}
        links: dict[str, Value] = {
            name: Link(settings.SITE_URL + urlsplit(context[name]).path) for name in LINKS if name in context
        }
        if "user_agent" in context:
            values["user_agent"] = Name.short(in_words(context["user_agent"]))
        with transaction.atomic():
            mails.from_template(template_prefix, email, {**values, **links}, language=queries.language_of(email))

    def get_signup_redirect_url(self, request: HouseRequest) -> str:
        """After sign-up: the page that proposes an app or a passkey."""
        return reverse("accounts:protect")

    def get_login_redirect_url(self, request: HouseRequest) -> str:
        """Staff go to the office; without an app or a passkey no further than where they add one (PC-81)."""
        user = queries.signed_in(request)
        if not user.is_staff:
            if queries.profile_of(user) is not None:
                return super().get_login_redirect_url(request)
            theirs = next((page for choose in hooks.landings if (page := choose(user))), None)
            page = reverse("patient:home") if is_patient(user.pk) else theirs
            return page or super().get_login_redirect_url(request)
        if not queries.session_holds_factor(user):
            return reverse("accounts:protect")
        return reverse("admin:index") if queries.profile_of(user) is None else super().get_login_redirect_url(request)

    def get_password_change_redirect_url(self, request: HouseRequest) -> str:
        return reverse("accounts:security")


def _said(value: Any) -> Value:
    """A value of allauth's own, such as a code, an address or a moment, by its kind."""
    said: Value = Name.short(value) if isinstance(value, str) else value
    return said
