"""The security journal of accounts: each sign-in, factor, password and session event (promises MD-44, MD-57).

The libraries tell by their signals; `connect` (called once, in AppConfig.ready) listens. Details hold names of things. What was
typed for a sign-in is kept only as a keyed hash: people type passwords into the wrong box.
"""

from datetime import datetime
from typing import Any, Literal

import django_otp
from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from allauth.usersessions import signals as session_signals
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_save

from accounts import hooks, queries, sessions, throttle
from accounts.devices import HeldFactor
from accounts.models import User
from audit.actions import record_security
from audit.requests import HouseRequest

Outcome = Literal["ok", "refused"]

PASSWORD_EVENTS = (
    (account_signals.password_changed, "password.changed"),
    (account_signals.password_set, "password.changed"),
)
EMAIL_EVENTS = (
    (account_signals.email_changed, "email.changed"),
    (account_signals.email_added, "email.added"),
    (account_signals.email_removed, "email.removed"),
)
FACTOR_EVENTS = (
    (factor_signals.authenticator_added, "factor.added"),
    (factor_signals.authenticator_removed, "factor.removed"),
    (factor_signals.authenticator_reset, "factor.renewed"),
    (factor_signals.authenticator_used, "factor.used"),
)

CHANGES = (*EMAIL_EVENTS, *FACTOR_EVENTS[:3])
"""What somebody who took an account over would do first."""
CHANGE_KINDS = (*(kind for _signal, kind in CHANGES), "texts.proved")
"""The same as lines of the journal. A proved number takes codes to sign in; accounts/texts tells of it without a signal."""


def _write(
    request: HouseRequest, kind: str, user: User | None, *, outcome: Outcome = "ok", **detail: str | int
) -> None:
    record_security(
        by=request.actor,
        kind=kind,
        account_id=user.pk if user else None,
        outcome=outcome,
        detail=detail,
        now=request.now,
    )


def password_failed(request: HouseRequest, typed: str) -> None:
    """A wrong password, for a known or an unknown account."""
    _write(
        request,
        "login.failed",
        queries.account_by_email(typed),
        outcome="refused",
        typed=throttle.keyed("account", typed).hex(),
    )


def locked_out(request: HouseRequest, typed: str, until: datetime) -> None:
    """A try that wasn't weighed because of the back-off."""
    account = queries.account_by_email(typed)
    _write(
        request,
        "login.locked_out",
        account,
        outcome="refused",
        typed=throttle.keyed("account", typed).hex(),
        until=until.isoformat(),
    )


def _on_login(request: HouseRequest, user: User, **_extra: Any) -> None:
    sessions.begin(request, user)
    _write(request, "login.ok", user, factor=queries.factor_name(user) or "none")


def _on_logout(request: HouseRequest, user: User | None, **_extra: Any) -> None:
    if user is not None:
        _write(request, "session.ended", user, why="signed_out")


def _on_step(request: HouseRequest, user: User, method: str, **extra: Any) -> None:
    """A proof given in an open session is a step-up: the session gets a new key."""
    if extra.get("reauthenticated") and request.user.is_authenticated:
        sessions.rotate(request)
        django_otp.login(request, queries.proving_device(request, user))
        _write(request, "stepup.ok", user, method=method)


def _on_factor_failed(request: HouseRequest, user: User, authenticator: Authenticator, **_extra: Any) -> None:
    _write(request, "factor.failed", user, outcome="refused", factor=authenticator.type)


def _bind_new_factor(request: HouseRequest, user: User, authenticator: Authenticator, **_extra: Any) -> None:
    """Who just proved a new app or passkey holds it: the session's verdict rests on it from now on."""
    device = HeldFactor.objects.filter(authenticator=authenticator).first()
    if device is not None and device.held and request.user.is_authenticated:
        django_otp.login(request, device)


def _mirror_factor(instance: Authenticator, **_extra: Any) -> None:
    """Each allauth authenticator has its django-otp device (security.md 1.4)."""
    HeldFactor.objects.get_or_create(
        authenticator=instance, defaults={"user_id": instance.user_id, "name": instance.type}
    )


def _on_client_changed(request: HouseRequest, to_session: Any, **_extra: Any) -> None:
    _write(request, "session.client_changed", to_session.user)


def _told(kind: str) -> Any:
    """A receiver that writes one row of this kind."""

    def receiver(sender: Any, request: HouseRequest, user: User, **extra: Any) -> None:
        authenticator = extra.get("authenticator")
        detail = {"factor": authenticator.type} if authenticator is not None else {}
        _write(request, kind, user, **detail)

    return receiver


def _on_change(request: HouseRequest, user: User, **_extra: Any) -> None:
    for callback in hooks.on_credentials_changed:
        callback(account_id=user.pk, by=request.actor, now=request.now)


def _on_email_confirmed(request: HouseRequest, email_address: Any, **_extra: Any) -> None:
    _write(request, "email.confirmed", email_address.user)


def connect() -> None:
    """Listen to the libraries' signals. `dispatch_uid` makes a second call harmless."""
    for signal, kind in (*PASSWORD_EVENTS, *EMAIL_EVENTS, *FACTOR_EVENTS):
        signal.connect(_told(kind), weak=False, dispatch_uid=f"accounts.journal.{kind}.{id(signal)}")
    listeners = (
        (account_signals.user_logged_in, _on_login),
        (account_signals.authentication_step_completed, _on_step),
        (account_signals.email_confirmed, _on_email_confirmed),
        (factor_signals.authentication_failed, _on_factor_failed),
        (factor_signals.authenticator_added, _bind_new_factor),
        (session_signals.session_client_changed, _on_client_changed),
        (user_logged_out, _on_logout),
    )
    for signal, listener in listeners:
        signal.connect(listener, dispatch_uid=f"accounts.journal.{listener.__name__}")
    for signal, kind in CHANGES:
        signal.connect(_on_change, dispatch_uid=f"accounts.journal.change.{kind}")
    post_save.connect(_mirror_factor, sender=Authenticator, dispatch_uid="accounts.journal.mirror")
