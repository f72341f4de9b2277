"""What is promised of forgotten and old passwords, measured on the live database."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import F, Max

from accounts.credentials import links, renewal
from accounts.credentials.models import CredentialLink
from accounts.models import User
from audit.models import SecurityEntry
from privacy.promises import Measure, promise

TEST: Final = "tests/accounts/test_credentials.py"
FACTORS: Final = frozenset(Authenticator.Type.values)
ONE_SIGN_IN: Final = timedelta(minutes=10)
"""As long as allauth keeps a sign-in that isn't finished (ACCOUNT_LOGIN_TIMEOUT)."""


# ── MD-53 ──


@promise("MD-53", checked_by=TEST)
def lost_password_takes_a_link_and_a_second_factor(now: datetime) -> Measure:
    """Links are hashed, short-lived and single; each password set by one came after a factor, and no older session outlived it."""
    resets = list(SecurityEntry.objects.filter(kind="password.reset", outcome="ok"))
    unproved = [row.pk for row in resets if row.detail.get("factor") not in FACTORS or not _factor_before(row)]
    outlived = [account for account, at in _last_resets().items() if _older_session(account, at)]
    figures = {
        "link_minutes": int(links.LIFE[links.Kind.RESET].total_seconds() // 60), "links_living_too_long": _too_long(),
        "links_not_hashed": _unhashed(), "resets": len(resets), "resets_without_a_factor_before": unproved,
        "resets_without_their_link": _without_link(resets, now), "sessions_that_outlived_a_reset": len(outlived),
    }  # fmt: skip
    wrong = ("links_living_too_long", "links_not_hashed", "resets_without_their_link", "sessions_that_outlived_a_reset")
    return Measure(not unproved and not any(figures[name] for name in wrong), figures)


def _factor_before(row: SecurityEntry) -> bool:
    """Whether the account proved an app, a passkey or a recovery code in the sign-in that ended with this new password."""
    within = SecurityEntry.objects.filter(
        kind="factor.used", outcome="ok", account_id=row.account_id, at__gt=row.at - ONE_SIGN_IN, at__lte=row.at
    )
    return within.filter(detail__factor=row.detail.get("factor")).exists()


def _last_resets() -> dict[UUID, datetime]:
    rows = SecurityEntry.objects.filter(kind="password.reset", outcome="ok").exclude(account_id=None)
    return dict(rows.values_list("account_id").annotate(at=Max("at")))


def _older_session(account_id: UUID, at: datetime) -> bool:
    return UserSession.objects.filter(user_id=account_id, created_at__lt=at).exists()


def _too_long() -> int:
    return sum(
        CredentialLink.objects.filter(kind=kind, valid_until__gt=F("made_at") + life).count()
        for kind, life in links.LIFE.items()
    )


def _unhashed() -> int:
    return sum(len(bytes(mac)) != 32 for mac in CredentialLink.objects.values_list("token_hash", flat=True))


def _without_link(resets: list[SecurityEntry], now: datetime) -> int:
    """Passwords set by a link of which no used link is on record (links are remembered for 90 days)."""
    used = set(CredentialLink.objects.filter(kind=links.Kind.RESET).values_list("user_id", "used_at"))
    recent = [row for row in resets if now - row.at < links.REMEMBERED]
    return sum((row.account_id, row.at) not in used for row in recent)


# ── MD-52 ──


@promise("MD-52", checked_by=TEST)
def renewal_is_proposed_after_24_months_and_locks_nobody(now: datetime) -> Measure:
    """Nobody signed in with a password of 24 months or more without being asked, and whoever said "not now" came in."""
    accounts = User.objects.filter(is_active=True).exclude(password__startswith="!")  # noqa: S106
    due = [user for user in accounts if renewal.due_at(user.password_changed_at, None) <= now]
    unasked = [user for user in due if user.last_login and renewal.is_due(user, user.last_login)]
    put_off = SecurityEntry.objects.filter(kind="password.renewal_put_off")
    shut_out = [row.pk for row in put_off if not _came_in(row)]
    figures = {
        "months": renewal.PROPOSED_AFTER.months, "passwords": accounts.count(), "older_than_that": len(due),
        "signed_in_unasked": len(unasked), "put_off": put_off.count(), "put_off_and_shut_out": shut_out,
    }  # fmt: skip
    return Measure(not unasked and not shut_out and renewal.PROPOSED_AFTER.months == 24, figures)


def _came_in(row: SecurityEntry) -> bool:
    """Whether the sign-in in which the reminder was put off opened a session."""
    within = SecurityEntry.objects.filter(kind="login.ok", account_id=row.account_id, at__gte=row.at)
    return within.filter(at__lt=row.at + ONE_SIGN_IN).exists()
