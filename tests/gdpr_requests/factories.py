"""Requests for tests, made through the real actions."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import User
from adapters.models import Dossier, Proof
from adapters.scell.work import keep
from audit.actors import Actor
from gdpr_requests import actions
from gdpr_requests.models import Channel, Request
from privacy.deadlines import Right

NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
VISITOR = Actor(account_id=None, role="anonymous", channel="link")
CONTACT = {"name": "Ada Byron", "email": "ada@example.org", "language": "en"}


def dpo_of(user: User) -> Actor:
    """The data protection officer at work."""
    return Actor(account_id=user.pk, role="dpo")


def account_of(user: User) -> Actor:
    """A person asking for themselves."""
    return Actor(account_id=user.pk, role="account")


def by_letter(right: Right = Right.ACCESS, *, now: datetime = NOW, **options: Any) -> Request:
    """A request of somebody without an account, by the contact form."""
    asked: dict[str, Any] = {"channel": Channel.FORM, "contact": CONTACT, "text": "What do you hold?", "by": VISITOR}
    return actions.file_request(right=right, now=now, **{**asked, **options})


def by_account(user: User, right: Right = Right.ACCESS, *, now: datetime = NOW, **options: Any) -> Request:
    """A request of an account, from its privacy centre."""
    return actions.file_request(
        right=right,
        now=now,
        channel=Channel.CENTRE,
        account_id=user.pk,
        by=account_of(user),
        **{"text": "Mine, please.", **options},
    )


def dossier_of(
    user: User, kind: str = "signature", state: str = "completed", *, at: datetime = NOW, **said: Any
) -> Dossier:
    """An invoice or a signature of theirs at Scell.io, as its answers leave it."""
    known = {"provider_id": f"p{Dossier.objects.count()}", **said}
    return Dossier.objects.create(kind=kind, state=state, subject_id=user.pk, asked_at=at, changed_at=at, **known)


def signed_file(user: User, content: bytes, what: str = "signed", *, row: Dossier | None = None) -> Proof:
    """A file kept of a signature of theirs."""
    row = row or dossier_of(user)
    keep(row, what, content, NOW)
    return Proof.objects.get(dossier_id=row.pk, what=what)
