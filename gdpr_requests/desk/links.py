"""Where a person follows their request: their own page when signed in, else a signed link bound to one request."""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from gdpr_requests.models import Channel, Request

SALT = "gdpr_requests.follow"

PAGES: dict[str, str] = {Channel.CENTRE: "gdpr:request"}
"""Channel → the page, by URL name with ``request_id``, where an account follows its request. Others add theirs."""


def token_of(request_id: UUID) -> str:
    """The token of one request."""
    return signing.dumps(request_id.hex, salt=SALT)


def read(token: str) -> UUID | None:
    """The request a token names; None for a token that isn't ours."""
    try:
        return UUID(hex=signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None


def follow_url(request: Request) -> str:
    """The whole address, for a message."""
    page = PAGES.get(request.channel) if request.account_id else None
    path = reverse(page, args=[request.pk]) if page else reverse("gdpr:follow", args=[token_of(request.pk)])
    return settings.SITE_URL + path
