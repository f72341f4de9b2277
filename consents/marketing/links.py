"""The link in each message that stops the news without signing in. It works as long as the message is kept, and only stops."""

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "consents.marketing.stop"


def token_of(subject_id: UUID) -> str:
    """The token of one account."""
    return signing.Signer(salt=SALT).sign(subject_id.hex)


def stop_url(subject_id: UUID) -> str:
    """The whole address, for a message."""
    return settings.SITE_URL.rstrip("/") + reverse("consents:unsubscribe", args=[token_of(subject_id)])


def read(token: str) -> UUID | None:
    """The account; None for a token that isn't ours."""
    try:
        return UUID(hex=signing.Signer(salt=SALT).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
