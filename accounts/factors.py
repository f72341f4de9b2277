"""Authenticator apps outside the pages: the demo's accounts get one, and its current code can be read (never in production)."""

import time
from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor

SECONDS_TO_TYPE = 3


def app_of(user: User) -> Authenticator | None:
    """The account's authenticator app, when it has one."""
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


@transaction.atomic
def enrol_app(*, user: User, by: Actor, now: datetime) -> Authenticator:
    """Give an account an authenticator app and recovery codes, as the page does; the one it has is kept."""
    if known := app_of(user):
        return known
    app: Authenticator = TOTP.activate(user, generate_totp_secret()).instance
    RecoveryCodes.activate(user)
    record_security(by=by, kind="factor.added", account_id=user.pk, detail={"factor": app.type}, now=now)
    return app


def code_at(app: Authenticator, moment: float) -> str:
    """The six digits that the app shows at `moment` (seconds since 1970)."""
    return format_hotp_value(hotp_value(decrypt(app.data["secret"]), int(moment) // app_settings.TOTP_PERIOD))


def was_used(app: Authenticator, code: str) -> bool:
    """Whether allauth has seen this code in its period (each counts once)."""
    return cache.get(app.wrap()._get_used_cache_key(code)) is not None


def usable_code(app: Authenticator) -> str:
    """A code that can be typed at once: waits (at most half a minute) when the current one was used or is about to end.

    Reads the clock itself: a code is only good in real time.
    """
    left = app_settings.TOTP_PERIOD - time.time() % app_settings.TOTP_PERIOD
    code = code_at(app, time.time())
    if left >= SECONDS_TO_TYPE and not was_used(app, code):
        return code
    time.sleep(left + 0.05)
    return code_at(app, time.time())
