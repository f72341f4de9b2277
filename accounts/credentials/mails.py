"""Messages about credentials: one function each, to the account's own address alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.mails import from_template
from accounts.models import User


def _to(user: User, name: str, context: Mapping[str, Any]) -> bool:
    return from_template(f"account/email/{name}", user.email, context, language=user.language)


def _address(name: str, *arguments: str) -> str:
    return settings.SITE_URL + reverse(name, args=arguments)


def reset_link(*, user: User, token: str, valid_until: datetime) -> bool:
    """The link by which a new password is chosen."""
    context = {"password_reset_url": _address("accounts:reset", token), "valid_until": valid_until}
    return _to(user, "password_reset_key", context)
