"""The OAuth2 token of Viva's newer addresses: in memory until shortly before its end, never stored, never in a log."""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from django.conf import settings

from adapters.calls import Call
from adapters.door import send
from adapters.grounds import Ground
from adapters.reading import read

KEY: Final = "viva"
ACCOUNTS: Final = "https://accounts.vivapayments.com"
EARLY: Final = timedelta(seconds=60)
"""A token isn't used in its last minute: it could end on the way."""


@dataclass(frozen=True, slots=True)
class Token:
    """Who it was given to, itself, and until when it is used."""

    client: str
    value: str = field(repr=False)
    until: datetime = field()


_lock = Lock()
_kept: list[Token] = []


def credential(name: str) -> str:
    """One of Viva's settings; empty when it isn't set (the door then keeps the way shut)."""
    block: dict[str, Any] = settings.ADAPTERS[KEY]
    return str(block["credentials"][name])


def basic(user: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(*, ground: Ground, now: datetime) -> dict[str, str]:
    """The header with a living token, asked for when there is none. Raises the door's faults."""
    client = credential("VIVA_CLIENT_ID")
    with _lock:
        found = next((one for one in _kept if one.client == client and now < one.until), None)
    token = found or _fetch(client, ground, now)
    return {"Authorization": f"Bearer {token.value}"}


def forget() -> None:
    """Let go of every token: Viva didn't take it any more."""
    with _lock:
        _kept.clear()


def _fetch(client: str, ground: Ground, now: datetime) -> Token:
    call = Call(
        subprocessor=KEY, method="POST", url=f"{ACCOUNTS}/connect/token", categories=frozenset(),
        headers=basic(client, credential("VIVA_CLIENT_SECRET")), form={"grant_type": "client_credentials"},
    )  # fmt: skip
    said = read(send(call, ground=ground, now=now))
    if said.text("token_type").lower() != "bearer":
        raise said.wrong("token_type", "isn't one that we can use")
    lasts = timedelta(seconds=max(said.number("expires_in"), 0))
    token = Token(client, said.text("access_token", longest=20_000), now + max(lasts - EARLY, timedelta()))
    with _lock:
        _kept[:] = [token]
    return token
