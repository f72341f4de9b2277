"""What is promised of lost credentials, measured on the live database (MD-51)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import reverse

from accounts.access import ACCESS, Audience
from accounts.credentials.cuts import TAKES
from accounts.credentials.issuing import opens_others_data
from accounts.credentials.models import CredentialCut, CredentialLink, Lost
from accounts.models import TextNumber, User
from audit.models import SecurityEntry
from privacy.promises import Measure, promise

TEST: Final = "tests/accounts/test_lost.py"
STEPS: Final = ("credentials.cut", "credentials.identity_checked", "credentials.link_issued", "credentials.reissued")
JOURNALED: Final = timedelta(days=360)
"""The security journal holds its lines for a year."""


@promise("MD-51", checked_by=TEST)
def lost_credentials_are_cut_at_once(now: datetime) -> Measure:
    """Nothing of before a cut outlives it; a locked account has no way in; the page is open to everybody."""
    cuts = list(CredentialCut.objects.select_related("user").order_by("at"))
    last = {row.user_id: row.at for row in cuts}
    locked = [row for row in cuts if row.locked and not row.done_at and not row.ended_at]
    left = {
        "sessions_that_outlived_a_cut": sum(_older_sessions(account, at) for account, at in last.items()),
        "links_that_outlived_a_cut": sum(_older_links(account, at) for account, at in last.items()),
        "lost_factors_still_there": sum(_still_there(row) for row in cuts),
        "locked_accounts_with_a_way_in": sum(_way_in(row.user) for row in locked),
    }
    public = ACCESS["accounts:lost"].audience is Audience.PUBLIC
    figures = {
        "page": reverse("accounts:lost"), "page_is_public": public, "cuts": len(cuts), "locked_accounts": len(locked), **left,
    }  # fmt: skip
    return Measure(public and not any(left.values()), figures)


@promise("MD-51", checked_by=TEST)
def new_credentials_are_issued_by_the_procedure(now: datetime) -> Measure:
    """Whoever was locked came back through each step on record, by two persons where they must be two; nobody else came in."""
    done = list(CredentialCut.objects.exclude(done_at=None).select_related("user"))
    skipped = [str(row.pk) for row in done if row.at > now - JOURNALED and _steps(row) != STEPS]
    alone = [str(row.pk) for row in done if opens_others_data(row.user) and row.checked_by_id == row.issued_by_id]
    entered = [str(row.pk) for row in CredentialCut.objects.waiting() if _signed_in_since(row)]
    figures = {
        "issued_anew": len(done), "steps_missing_in_the_journal": skipped, "issued_by_who_checked": alone,
        "signed_in_while_locked": entered,
    }  # fmt: skip
    return Measure(not skipped and not alone and not entered, figures)


def _older_sessions(account_id: UUID, at: datetime) -> int:
    return UserSession.objects.filter(user_id=account_id, created_at__lt=at).count()


def _older_links(account_id: UUID, at: datetime) -> int:
    return CredentialLink.objects.open().filter(user_id=account_id, made_at__lt=at).count()


def _still_there(row: CredentialCut) -> int:
    """Factors of a kind that was lost, added before the cut, and a number to which codes went."""
    kinds = {kind for lost in row.lost.split(",") for kind in TAKES[Lost(lost)]}
    numbers = TextNumber.objects.filter(user_id=row.user_id, asked_at__lt=row.at)
    return (
        Authenticator.objects.filter(user_id=row.user_id, type__in=kinds, created_at__lt=row.at).count()
        + numbers.count()
    )


def _way_in(user: User) -> bool:
    """Whether a locked account has a password, a factor or a session."""
    factors, sessions = Authenticator.objects.filter(user=user), UserSession.objects.filter(user=user)
    return user.has_usable_password() or factors.exists() or sessions.exists()


def _steps(row: CredentialCut) -> tuple[str, ...]:
    """The steps that the journal has of one case, in their order, each kind once."""
    told = SecurityEntry.objects.filter(account_id=row.user_id, detail__cut=str(row.pk), outcome="ok").order_by("pk")
    return tuple(dict.fromkeys(told.values_list("kind", flat=True)))


def _signed_in_since(row: CredentialCut) -> bool:
    return SecurityEntry.objects.filter(kind="login.ok", account_id=row.user_id, at__gt=row.at).exists()
