"""The signed link by which a request is withdrawn without signing in: bound to one account and one request (PC-34).

What it says is where that request stands, so a link that was used, or whose instant has passed, does nothing any more. The
moment of the request is part of it: once a request's events have left (PC-52), its number may be given again.
"""

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from lifecycle.deletion.queries import standing_of_request
from lifecycle.deletion.rules import Standing

SALT = "lifecycle.deletion.keep"


def token_of(account_id: UUID, request: int, requested_at: datetime) -> str:
    """The token of one request of one account, made at that moment."""
    return signing.dumps([account_id.hex, request, _moment(requested_at)], salt=SALT)


def keep_url(account_id: UUID, standing: Standing) -> str:
    """The whole address, for a message about a request. Raises ValueError where none was made."""
    if standing.requested_at is None:
        raise ValueError("no deletion was requested, so no link can withdraw it")
    token = token_of(account_id, standing.request, standing.requested_at)
    return settings.SITE_URL + reverse("lifecycle:keep", args=[token])


def read(token: str, now: datetime) -> tuple[UUID, Standing] | None:
    """The account and where its request stands; None for a token that isn't ours or whose request isn't on record."""
    try:
        account, request, requested_at = signing.loads(token, salt=SALT)
        account_id = UUID(hex=account)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    standing = standing_of_request(account_id, request, now)
    made_at = standing.requested_at
    return (account_id, standing) if made_at and _moment(made_at) == requested_at else None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
