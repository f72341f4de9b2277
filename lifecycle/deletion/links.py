"""The signed link by which a request is withdrawn without signing in: bound to one account and one request (PC-34).

What it says is where that request stands, so a link that was used, or whose instant has passed, does nothing any more.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from lifecycle.deletion.queries import standing_of_request
from lifecycle.deletion.rules import Standing

SALT = "lifecycle.deletion.keep"


def token_of(account_id: UUID, request: int) -> str:
    """The token of one request of one account."""
    return signing.dumps([account_id.hex, request], salt=SALT)


def keep_url(account_id: UUID, request: int) -> str:
    """The whole address, for a message."""
    return settings.SITE_URL + reverse("lifecycle:keep", args=[token_of(account_id, request)])


def read(token: str, now: datetime) -> tuple[UUID, Standing] | None:
    """The account and where its request stands; None for a token that isn't ours or whose request isn't on record."""
    try:
        account, request = signing.loads(token, salt=SALT)
        account_id = UUID(hex=account)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    standing = standing_of_request(account_id, request, now)
    return (account_id, standing) if standing.request else None
