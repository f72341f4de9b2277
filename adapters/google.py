"""Google: one calendar of our own in the practitioner's account, with busy times in it and nothing else (PC-96).

Sign-in: OAuth 2.0 with an authorization code, PKCE (S256) and a state. The one scope asked for lets us make calendars and see what is in
those, never the practitioner's others. A busy time is an id of ours, a beginning and an end: there is no field for a patient or a reason.

Doubts: whether ``events.watch`` is open to this scope wherever the account is managed by a company; a refusal leaves the hourly look.
Google may give a new refresh token with a refresh or not: kept when it does. Revoking one token ends all of the link's.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings

from adapters.calls import Json, Method, credentials_of
from adapters.door import Answer, Broken, Busy, Call, Rejected, send
from adapters.grounds import Ground
from privacy.declare import Category

KEY: Final = "google"
SCOPE: Final = "https://www.googleapis.com/auth/calendar.app.created"
SIGN_IN: Final = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
REVOKE: Final = "https://oauth2.googleapis.com/revoke"
CALENDARS: Final = "https://www.googleapis.com/calendar/v3"
TITLE: Final = "Indisponible"
"""All that a busy time says, in the language of the practices; never translated, so that nobody can vary it."""
CALENDAR: Final = "PratiConnect"
PAGE: Final = 250
WATCH_LIFE: Final = timedelta(days=7)
TOO_MANY: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
NOTHING: Final[frozenset[Category]] = frozenset()
"""Google's own tokens go back to Google: no data of ours is in such a call."""


class LinkGone(Exception):
    """The person took our access back at Google, or it ran out: only they can give it again."""


class Stale(Exception):
    """The access token isn't taken any more, the refresh token may be."""


class FullSyncNeeded(Exception):
    """Google has forgotten where we left off (410): list everything again."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What we keep while somebody is at Google: ``state`` proves that the answer is theirs, ``verifier`` that the code is."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    address: str = field(repr=False)
    """Where to send the browser."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """``refresh`` is empty when Google kept the old one."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class BusyTime:
    """That somebody is busy. All there is to say."""

    id: UUID
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look at our calendar shows: busy times by their id (None: gone), of other events nothing. ``token``: where we left off."""

    found: Mapping[UUID, BusyTime | None]
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Channel:
    """By which Google tells us of changes, and until when."""

    resource_id: str
    until: datetime


def sign_in(back: str) -> SignIn:
    """A new sign-in that ends at our address ``back``."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": _credential("GOOGLE_CLIENT_ID"), "redirect_uri": back, "response_type": "code", "scope": SCOPE,
        "state": state, "code_challenge": challenge, "code_challenge_method": "S256", "access_type": "offline",
        "prompt": "consent", "include_granted_scopes": "false",
    }  # fmt: skip
    page = f"{settings.STAND_INS}/{KEY}/sign-in" if settings.STAND_INS and not settings.PRODUCTION else SIGN_IN
    return SignIn(state, verifier, f"{page}?{urlencode(asked)}")


def exchange(code: str, verifier: str, back: str, *, ground: Ground, now: datetime) -> Tokens:
    """Tokens for a code, once. Raises :class:`LinkGone` for a code that is used or too old, and where our scope wasn't granted."""
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": back}
    said = _token_call(form, ground, now)
    if SCOPE not in str(said.get("scope", "")).split():
        raise LinkGone("scope")
    return Tokens(_text(said, "access_token"), _text(said, "refresh_token"), now + _seconds(said))


def refresh(token: str, *, ground: Ground, now: datetime) -> Tokens:
    """A new access token. Raises :class:`LinkGone`, ``Refused``, ``Fault``."""
    said = _token_call({"grant_type": "refresh_token", "refresh_token": token}, ground, now)
    return Tokens(_text(said, "access_token"), str(said.get("refresh_token", "")), now + _seconds(said))


def revoke(token: str, *, ground: Ground, now: datetime) -> None:
    """Have Google destroy our access; one that is destroyed is done. Raises ``Refused``, ``Fault``."""
    try:
        send(
            Call(subprocessor=KEY, method="POST", url=REVOKE, form={"token": token}, categories=NOTHING),
            ground=ground,
            now=now,
        )
    except Rejected as refused:
        if _oauth_error(refused) not in ("invalid_token", "invalid_grant"):
            raise


def make_calendar(access: str, *, ground: Ground, now: datetime) -> str:
    """A calendar of our own; its id. Not idempotent: Google knows no name twice."""
    body = {"summary": CALENDAR, "timeZone": settings.TIME_ZONE}
    return _text(_calendar("POST", "/calendars", access, ground, now, json=body).json(), "id")


def put_busy(calendar: str, busy: BusyTime, access: str, *, ground: Ground, now: datetime) -> None:
    """Write a busy time or change it, however often: it has our id. Raises :class:`Stale`, ``Refused``, ``Fault``."""
    body = event(busy)
    try:
        _calendar("POST", _events(calendar), access, ground, now, json=body)
    except Rejected as refused:
        if refused.status != 409:
            raise
        # It is there, or was and is deleted: an update brings it back.
        _calendar(
            "PUT", f"{_events(calendar)}/{busy.id.hex}", access, ground, now, json={**body, "status": "confirmed"}
        )


def move_busy(calendar: str, busy: BusyTime, access: str, *, ground: Ground, now: datetime) -> None:
    """Change the hours of a busy time that is known to be there. Raises as :func:`put_busy`; ``Rejected`` 404 when it isn't."""
    hours = {name: event(busy)[name] for name in ("start", "end")}
    _calendar("PATCH", f"{_events(calendar)}/{busy.id.hex}", access, ground, now, json=hours)


def free(calendar: str, busy_id: UUID, access: str, *, ground: Ground, now: datetime) -> None:
    """Delete a busy time; one that is gone is done. Raises :class:`Stale`, ``Refused``, ``Fault``."""
    try:
        _calendar("DELETE", f"{_events(calendar)}/{busy_id.hex}", access, ground, now)
    except Rejected as refused:
        if refused.status not in (404, 410):
            raise


def changes(calendar: str, since: str, access: str, *, ground: Ground, now: datetime) -> Changes:
    """What changed since the token ``since``; everything when it is empty. Raises :class:`FullSyncNeeded`, :class:`Stale`, ``Fault``."""
    found: dict[UUID, BusyTime | None] = {}
    query: dict[str, str | int] = {"maxResults": PAGE, "showDeleted": "true", **({"syncToken": since} if since else {})}
    while True:
        try:
            said = _calendar("GET", _events(calendar), access, ground, now, query=query).json()
        except Rejected as refused:
            if refused.status == 410:
                raise FullSyncNeeded from None
            raise
        found |= {busy_id: _busy(busy_id, one) for one in _list(said, "items") if (busy_id := _own(one))}
        if not (isinstance(said, dict) and said.get("nextPageToken")):
            return Changes(found, _text(said, "nextSyncToken"))
        query["pageToken"] = _text(said, "nextPageToken")


def watch(
    calendar: str, channel: UUID, token: str, address: str, access: str, *, ground: Ground, now: datetime
) -> Channel:
    """Have Google tell ``address`` of changes, under our ``token``. Raises :class:`Stale`, ``Refused``, ``Fault``."""
    body: dict[str, Json] = {
        "id": str(channel), "type": "web_hook", "address": address, "token": token,
        "params": {"ttl": str(int(WATCH_LIFE.total_seconds()))},
    }  # fmt: skip
    said = _calendar("POST", f"{_events(calendar)}/watch", access, ground, now, json=body).json()
    ends = _text(said, "expiration")
    if not ends.isascii() or not ends.isdigit():
        raise _unusable()
    return Channel(_text(said, "resourceId"), datetime.fromtimestamp(int(ends) / 1000, UTC))


def unwatch(channel: UUID, resource_id: str, access: str, *, ground: Ground, now: datetime) -> None:
    """Have it tell us no more; a channel that is over is done. Raises :class:`Stale`, ``Refused``, ``Fault``."""
    try:
        _calendar("POST", "/channels/stop", access, ground, now, json={"id": str(channel), "resourceId": resource_id})
    except Rejected as refused:
        if refused.status != 404:
            raise


def event(busy: BusyTime) -> dict[str, Json]:
    """A busy time as Google takes it: the hours, and that nobody else sees more of it."""
    return {
        "id": busy.id.hex, "summary": TITLE, "start": {"dateTime": _moment(busy.starts_at)},
        "end": {"dateTime": _moment(busy.ends_at)}, "transparency": "opaque", "visibility": "private",
        "reminders": {"useDefault": False},
    }  # fmt: skip


def _token_call(form: Mapping[str, str], ground: Ground, now: datetime) -> Mapping[str, Any]:
    whole = {**form, "client_id": _credential("GOOGLE_CLIENT_ID"), "client_secret": _credential("GOOGLE_CLIENT_SECRET")}
    try:
        said = send(
            Call(subprocessor=KEY, method="POST", url=TOKEN, form=whole, categories=NOTHING), ground=ground, now=now
        ).json()
    except Rejected as refused:
        if _oauth_error(refused) == "invalid_grant":
            raise LinkGone("invalid_grant") from None
        raise
    if not isinstance(said, dict) or str(said.get("token_type", "")).lower() != "bearer":
        raise _unusable()
    return said


def _calendar(
    method: Method, path: str, access: str, ground: Ground, now: datetime,
    *, json: Json = None, query: Mapping[str, str | int] | None = None,
) -> Answer:  # fmt: skip
    """One call of the calendar's interface. What isn't idempotent by its method is so by our id, or asked once."""
    call = Call(
        subprocessor=KEY, method=method, url=f"{CALENDARS}{path}", json=json, query=query or {},
        headers={"Authorization": f"Bearer {access}"}, categories=frozenset({Category.APPOINTMENT}),
    )  # fmt: skip
    try:
        return send(call, ground=ground, now=now)
    except Rejected as refused:
        if refused.status == 401:
            raise Stale from None
        if refused.status == 403 and _reasons(refused) & TOO_MANY:
            raise Busy(KEY, 403, None) from None
        raise


def _events(calendar: str) -> str:
    return f"/calendars/{quote(calendar, safe='')}/events"


def _own(said: Any) -> UUID | None:
    """The id of a busy time of ours; None for what the practitioner put there by hand."""
    value = _text(said, "id")
    try:
        return UUID(hex=value) if len(value) == 32 else None
    except ValueError:
        return None


def _busy(busy_id: UUID, said: Any) -> BusyTime | None:
    """Its hours; None when it was deleted. Raises :class:`Broken` for hours that can't be read."""
    if said.get("status") == "cancelled":
        return None
    try:
        starts_at, ends_at = (datetime.fromisoformat(_text(said.get(name), "dateTime")) for name in ("start", "end"))
        return BusyTime(busy_id, starts_at.astimezone(UTC), ends_at.astimezone(UTC))
    except ValueError:
        raise _unusable() from None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(said: Mapping[str, Any]) -> timedelta:
    value = said.get("expires_in")
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise _unusable()
    return timedelta(seconds=value)


def _oauth_error(refused: Rejected) -> str:
    said = _said(refused)
    return str(said.get("error", "")) if isinstance(said, dict) else ""


def _reasons(refused: Rejected) -> set[str]:
    said = _said(refused)
    error = said.get("error") if isinstance(said, dict) else None
    errors = error.get("errors") if isinstance(error, dict) else None
    return {str(one.get("reason")) for one in errors or () if isinstance(one, dict)}


def _said(refused: Rejected) -> Any:
    try:
        return refused.answer.json()
    except Broken:
        return None


def _credential(name: str) -> str:
    return credentials_of(KEY)[name]


def _list(said: Any, name: str) -> list[Any]:
    found = said.get(name, []) if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise _unusable()
    return found


def _text(said: Any, name: str) -> str:
    """The text under this name. Raises :class:`Broken` for an answer without it."""
    value = said.get(name) if isinstance(said, dict) else None
    if not isinstance(value, str) or not value:
        raise _unusable()
    return value


def _unusable() -> Broken:
    return Broken(KEY, "it answers something else than agreed", sent=True)
