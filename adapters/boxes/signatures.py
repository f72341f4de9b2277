"""How a sender proves itself: signatures of the subprocessors' webhooks, each checked in constant time and within a window.

A verifier raises :class:`Unverified` or returns. Secrets are asked for at each call, so that a changed setting counts at once,
and several count while one takes the other's place.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

WINDOW: Final = timedelta(minutes=5)
"""How far the sender's clock may be from ours, both ways: an older message may be a replay."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came to an address of ours, unverified. Names of headers in lower case."""

    subprocessor: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    now: datetime


class Unverified(Exception):
    """Not proven to come from who it says. ``code``: unsigned, wrong, old, future."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Verifier = Callable[[Arrival], None]
Secrets = Callable[[], Sequence[str]]
"""The secrets in force; empty ones never count."""


def svix(secrets: Secrets) -> Verifier:
    """``svix-id``, ``svix-timestamp`` and ``svix-signature`` (``v1,…`` with spaces between): HMAC-SHA256 of ``id.timestamp.body``.

    Secrets begin with ``whsec_`` and are base64 after it.
    """

    def verify(arrival: Arrival) -> None:
        moment, name = _header(arrival, "svix-timestamp"), _header(arrival, "svix-id")
        signed = b".".join((name.encode(), moment.encode(), arrival.body))
        said = [one.removeprefix("v1,") for one in _header(arrival, "svix-signature").split() if one.startswith("v1,")]
        keys = (_decoded(secret.removeprefix("whsec_")) for secret in _in_force(secrets))
        made = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
        _match(said, made)
        _in_window(moment, arrival.now)

    return verify


def timestamped(header: str, secrets: Secrets) -> Verifier:
    """``t=…,v1=…`` in ``header``, ``v1`` perhaps several times: HMAC-SHA256 in hexadecimal of ``t.body`` under the secret as it is."""

    def verify(arrival: Arrival) -> None:
        parts = [part.strip().partition("=") for part in _header(arrival, header).split(",")]
        moment = next((value for name, _is, value in parts if name == "t"), "")
        said = [value.lower() for name, _is, value in parts if name == "v1"]
        signed = moment.encode() + b"." + arrival.body
        _match(said, [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in _in_force(secrets)])
        _in_window(moment, arrival.now)

    return verify


def token_of_body(keys: Callable[[], Mapping[str, str]]) -> Verifier:
    """A JWT in ``Authorization`` whose claim ``sha256`` is the base64 hash of the body (LiveKit). ``keys``: secrets by issuer."""

    def verify(arrival: Arrival) -> None:
        header, claims, signed, signature = _parts(_header(arrival, "authorization").removeprefix("Bearer ").strip())
        secret = keys().get(str(claims.get("iss", "")), "")
        if header.get("alg") != "HS256" or not secret:
            raise Unverified("wrong")
        _match([_url64(signature)], [hmac.digest(secret.encode(), signed, "sha256")])
        _match([str(claims.get("sha256", ""))], [base64.b64encode(hashlib.sha256(arrival.body).digest()).decode()])
        _valid_at(claims, arrival.now)

    return verify


def shared_token(header: str, secrets: Secrets) -> Verifier:
    """A secret that we gave the sender, back in ``header``. It proves who knows it, not that the body is whole: re-read what counts."""

    def verify(arrival: Arrival) -> None:
        _match([_header(arrival, header)], list(_in_force(secrets)))

    return verify


def secret_path(secrets: Secrets) -> Verifier:
    """A secret as the last part of the address, where a sender can sign nothing at all. Re-read what counts."""

    def verify(arrival: Arrival) -> None:
        _match([arrival.path.rstrip("/").rpartition("/")[2]], list(_in_force(secrets)))

    return verify


def _header(arrival: Arrival, name: str) -> str:
    found = arrival.headers.get(name.lower(), "")
    if not found:
        raise Unverified("unsigned")
    return found


def _in_force(secrets: Secrets) -> Iterator[str]:
    return (secret for secret in secrets() if secret)


def _match(said: Iterable[str | bytes], made: Sequence[str | bytes]) -> None:
    """Whether any of those said is one of those made. Every pair is compared, so that time tells nothing."""
    pairs = [hmac.compare_digest(_as_bytes(one), _as_bytes(other)) for one in said for other in made]
    if not any(pairs):
        raise Unverified("wrong")


def _as_bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _in_window(moment: str, now: datetime) -> None:
    try:
        said = datetime.fromtimestamp(int(moment), UTC)
    except (ValueError, OverflowError, OSError) as unreadable:
        raise Unverified("wrong") from unreadable
    if said < now - WINDOW:
        raise Unverified("old")
    if said > now + WINDOW:
        raise Unverified("future")


def _valid_at(claims: Mapping[str, Any], now: datetime) -> None:
    """Raises :class:`Unverified` outside of ``nbf`` and ``exp``; without an end it isn't valid at all."""
    until, since = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(until, int) or not isinstance(since, int):
        raise Unverified("wrong")
    if now.timestamp() > until:
        raise Unverified("old")
    if since > (now + WINDOW).timestamp() or until > (now + WINDOW + WINDOW).timestamp():
        raise Unverified("future")


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, str]:
    """Header, claims, what is signed, and the signature. Raises :class:`Unverified` for anything but a JWT."""
    signed, _dot, signature = token.rpartition(".")
    header, dot, claims = signed.partition(".")
    try:
        made = [json.loads(_url64(part)) for part in (header, claims)]
    except ValueError as unreadable:
        raise Unverified("wrong") from unreadable
    if not dot or not all(isinstance(part, dict) for part in made):
        raise Unverified("wrong")
    return made[0], made[1], signed.encode(), signature


def _url64(text: str) -> bytes:
    return _decoded(text + "=" * (-len(text) % 4), altchars=b"-_")


def _decoded(text: str, altchars: bytes | None = None) -> bytes:
    try:
        return base64.b64decode(text, altchars=altchars, validate=True)
    except (binascii.Error, ValueError) as unreadable:
        raise Unverified("wrong") from unreadable
