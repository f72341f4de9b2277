"""Messages about credentials: one function each, to the account's own address alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.credentials.models import CredentialCut
from accounts.mails import from_template
from accounts.models import User


def _to(user: User, name: str, context: Mapping[str, Any]) -> None:
    from_template(f"account/email/{name}", user, context, language=user.language)


def _address(name: str, *arguments: str) -> str:
    return settings.SITE_URL + reverse(name, args=arguments)


def reset_link(*, user: User, token: str, valid_until: datetime) -> None:
    """The link by which a new password is chosen."""
    context = {"password_reset_url": _address("accounts:reset", token), "valid_until": valid_until}
    _to(user, "password_reset_key", context)


def lost_link(*, user: User, token: str, valid_until: datetime) -> None:
    """The link by which the owner cuts the account."""
    _to(user, "lost_link", {"url": _address("accounts:lost_confirm", token), "valid_until": valid_until})


def cut(*, user: User, cut: CredentialCut) -> None:
    """What was cut, when, and what follows."""
    said = {"sessions": cut.sessions, "factors": cut.factors, "links": cut.links, "locked": cut.locked}
    _to(user, "credentials_cut", {**said, "reset_url": _address("account_reset_password")})


def identity_checked(*, user: User) -> None:
    """Somebody showed the office who they are, as this account's holder."""
    _to(user, "identity_checked", {"lost_url": _address("accounts:lost")})


def new_credentials(*, user: User, token: str, valid_until: datetime) -> None:
    """The link to new credentials; it needs the code that the office tells by another way."""
    context = {
        "url": _address("accounts:issue", token),
        "valid_until": valid_until,
        "lost_url": _address("accounts:lost"),
    }
    _to(user, "new_credentials", context)


def reissued(*, user: User) -> None:
    """New credentials are in force."""
    _to(user, "credentials_reissued", {"lost_url": _address("accounts:lost")})
