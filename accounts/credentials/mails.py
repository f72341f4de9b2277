"""Messages about credentials: one function each, to the account's own address alone."""

from collections.abc import Mapping
from datetime import datetime

from accounts.credentials.models import CredentialCut
from accounts.mails import from_template
from accounts.models import User
from adapters.content import Link, Value


def _to(user: User, name: str, values: Mapping[str, Value]) -> None:
    from_template(f"account/email/{name}", user, values, language=user.language)


def reset_link(*, user: User, token: str, valid_until: datetime) -> None:
    """The link by which a new password is chosen."""
    values: dict[str, Value] = {"password_reset_url": Link.to("accounts:reset", token), "valid_until": valid_until}
    _to(user, "password_reset_key", values)


def lost_link(*, user: User, token: str, valid_until: datetime) -> None:
    """The link by which the owner cuts the account."""
    _to(user, "lost_link", {"url": Link.to("accounts:lost_confirm", token), "valid_until": valid_until})


def cut(*, user: User, cut: CredentialCut) -> None:
    """What was cut, when, and what follows."""
    said = {"sessions": cut.sessions, "factors": cut.factors, "links": cut.links, "locked": cut.locked}
    _to(user, "credentials_cut", {**said, "reset_url": Link.to("account_reset_password")})


def identity_checked(*, user: User) -> None:
    """Somebody showed the office who they are, as this account's holder."""
    _to(user, "identity_checked", {"lost_url": Link.to("accounts:lost")})


def new_credentials(*, user: User, token: str, valid_until: datetime) -> None:
    """The link to new credentials; it needs the code that the office tells by another way."""
    values: dict[str, Value] = {
        "url": Link.to("accounts:issue", token),
        "valid_until": valid_until,
        "lost_url": Link.to("accounts:lost"),
    }
    _to(user, "new_credentials", values)


def reissued(*, user: User) -> None:
    """New credentials are in force."""
    _to(user, "credentials_reissued", {"lost_url": Link.to("accounts:lost")})
