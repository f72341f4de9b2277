"""Single-use links by mail: made, found, spent, ended. The token is 256 random bits, so its hash needs neither key nor salt."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

from accounts.credentials.models import CredentialCut, CredentialLink
from accounts.models import User

Kind = CredentialLink.Kind
LIFE: Final = {Kind.RESET: timedelta(hours=1), Kind.LOST: timedelta(hours=1), Kind.ISSUE: timedelta(hours=24)}
MOST_A_DAY: Final = 5
"""Mails of one kind to one account within 24 hours: whoever types another's address again and again fills no mailbox."""
DAY: Final = timedelta(hours=24)
REMEMBERED: Final = timedelta(days=90)


def hashed(token: str) -> bytes:
    """What is kept of a link's token."""
    return sha256(token.encode()).digest()


def code_mac(token_hash: bytes, code: str) -> bytes:
    """What is kept of the code that belongs to one link."""
    return salted_hmac("accounts.credentials.code", f"{bytes(token_hash).hex()}|{code}", algorithm="sha256").digest()


def too_many(user: User, kind: Kind, now: datetime) -> bool:
    """Whether so many links of this kind were sent to the account within a day that no more is sent."""
    return CredentialLink.objects.filter(user=user, kind=kind, made_at__gt=now - DAY).count() >= MOST_A_DAY


def make(
    user: User, kind: Kind, now: datetime, *, cut: CredentialCut | None = None, code: str = ""
) -> tuple[CredentialLink, str]:
    """A new link and its token, which is shown nowhere else; the open one of the same kind ends. Call in a transaction.

    ``cut`` and ``code`` are for new credentials: the case, and what is told by another way.
    """
    User.objects.select_for_update().get(pk=user.pk)
    CredentialLink.objects.open().filter(user=user, kind=kind).update(ended_at=now)
    token = secrets.token_urlsafe(32)
    kept = hashed(token)
    link = CredentialLink.objects.create(
        user=user, kind=kind, token_hash=kept, made_at=now, valid_until=now + LIFE[kind], cut=cut,
        code_mac=code_mac(kept, code) if code else b"",
    )  # fmt: skip
    return link, token


def find(token: str, kind: Kind, now: datetime) -> CredentialLink | None:
    """The link of a token while it can be used, for an account that may sign in."""
    live = CredentialLink.objects.open().filter(token_hash=hashed(token), kind=kind, valid_until__gt=now)
    return live.filter(user__is_active=True).select_related("user").first()


def locked(link_id: UUID, now: datetime) -> CredentialLink | None:
    """A link that can be used, locked after its account (the order of every lock here), or None. Call in a transaction."""
    User.objects.select_for_update().filter(pk__in=CredentialLink.objects.filter(pk=link_id).values("user")).first()
    live = CredentialLink.objects.open().filter(pk=link_id, valid_until__gt=now, user__is_active=True)
    return live.select_for_update(of=("self",)).select_related("user", "cut").first()


def spend(link_id: UUID, now: datetime) -> CredentialLink | None:
    """Use a link up, under its lock: of two at once one gets it, the other None. Call in a transaction."""
    link = locked(link_id, now)
    if link is not None:
        link.used_at = now
        link.save(update_fields=["used_at"])
    return link


def end_all(user: User, now: datetime) -> int:
    """Every open link of the account is worth nothing from here on; returns how many."""
    return CredentialLink.objects.open().filter(user=user).update(ended_at=now)


def forget(now: datetime) -> int:
    """Delete links that nobody asks about any more; returns how many."""
    return CredentialLink.objects.filter(made_at__lt=now - REMEMBERED).delete()[0]
