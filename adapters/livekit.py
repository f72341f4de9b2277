"""LiveKit: video rooms on a server of our own in the EEA (PC-95). Rooms, seats of minutes, recording only with both sides' yes.

Twirp in JSON (``POST /twirp/livekit.SERVICE/METHOD``): the server takes it beside protobuf, and it needs no compiler. A token is
a JWT (HS256): ten lines of the standard library, since none of the house's libraries makes one.

Doubts: servers write field names as in the ``.proto`` files (``egress_id``) or in camel case, by their configuration, so both are read.
``empty_timeout`` and ``departure_timeout`` count in seconds. Where a recording is stored is the egress service's own configuration: no
credential of a store is sent. The server must run with ``room.auto_create: false``: else who holds a seat of a room that was ended
makes it anew by entering it, within the seat's minutes.
"""

import base64
import hmac
import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from adapters import gates
from adapters.calls import credentials_of
from adapters.door import Broken, Call, Closed, Rejected, send
from adapters.grounds import Ground, NoGround, must_be_genuine
from privacy.declare import Category
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.refusals import Refusal

KEY: Final = "livekit"
SWITCH: Final = "third_party_integrations.livekit"
SEAT_LIFE: Final = timedelta(minutes=10)
"""How long somebody may take to enter; who is inside stays."""
CALL_LIFE: Final = timedelta(minutes=1)
"""How long one of our own calls is believed."""
EMPTY: Final = 300
"""Seconds a room waits for the first person, and for one who lost the line."""
NAME: Final = re.compile(r"[A-Za-z0-9_-]{32}")
"""A random name has 32 characters: no id of ours has, so none can be given by mistake."""
SOURCES: Final = ("camera", "microphone")
HOST_SOURCES: Final = (*SOURCES, "screen_share", "screen_share_audio")
OVER: Final = frozenset({"not_found", "failed_precondition"})
"""What the server calls a room or a recording that has ended."""


@dataclass(frozen=True, slots=True)
class Room:
    """A room as the server knows it."""

    name: str
    sid: str


@dataclass(frozen=True, slots=True)
class Seat:
    """What a browser enters with: where, and a token for this room under this one name."""

    address: str
    token: str
    until: datetime

    def __repr__(self) -> str:
        return f"<Seat until {self.until}>"


def random_name() -> str:
    """A name for a room, a person in it, or a recording: 192 random bits that say nothing."""
    return secrets.token_urlsafe(24)


def open_room(name: str, *, most: int, ground: Ground, now: datetime) -> Room:
    """Open a room for ``most`` people; the same name twice is the same room. Raises ``Refused``, ValueError, ``Fault``."""
    _must_be(ground, TELECONSULTATION)
    body = {"name": _random(name), "empty_timeout": EMPTY, "departure_timeout": EMPTY, "max_participants": most}
    said = _ask("RoomService", "CreateRoom", body, {"roomCreate": True}, ground=ground, now=now)
    if _text(said, "name") != name:
        raise _unusable()
    return Room(name, _text(said, "sid"))


def end_room(name: str, *, ground: Ground, now: datetime) -> None:
    """Send everybody out and close the room; one that is gone is done. Raises ``Refused``, ``Fault``."""
    _end("RoomService", "DeleteRoom", {"room": _random(name)}, {"roomCreate": True}, ground=ground, now=now)


def rooms(names: Collection[str], *, ground: Ground, now: datetime) -> frozenset[str]:
    """Which of these rooms there are. Raises ``Refused``, ``Fault``."""
    body = {"names": sorted(_random(name) for name in names)}
    said = _ask("RoomService", "ListRooms", body, {"roomList": True}, ground=ground, now=now).get("rooms", [])
    if not isinstance(said, list):
        raise _unusable()
    return frozenset(_text(one, "name") for one in said) & frozenset(names)


def seat(room: str, identity: str, *, host: bool, ground: Ground, now: datetime) -> Seat:
    """A place in one room under one name, for minutes; ``host``: the practitioner, who may send people out.

    Made here, without a call. Raises ``Refused`` without both sides' yes, ``Closed``, ValueError for names that aren't random.
    """
    _must_be(ground, TELECONSULTATION)
    must_be_genuine(ground)
    ground.check(now)
    if closed := gates.why_shut(KEY, now):
        raise closed
    may = {
        "room": _random(room), "roomJoin": True, "roomAdmin": host, "roomCreate": False, "roomRecord": False,
        "canPublish": True, "canSubscribe": True, "canPublishData": False, "canUpdateOwnMetadata": False,
        "canPublishSources": list(HOST_SOURCES if host else SOURCES),
    }  # fmt: skip
    return Seat(f"wss://{_host()}", _token(may, SEAT_LIFE, now, _random(identity)), now + SEAT_LIFE)


def record(room: str, *, ground: Ground, now: datetime) -> str:
    """Begin to record a room, under a random name; the recording's id. Raises ``Refused`` unless the patient wished it too,
    ``Closed`` where no recording service is set up, ``Fault``.
    """
    _must_be(ground, RECORDING)
    if not settings.VIDEO_RECORDING:
        raise Closed(KEY, "setting", str(_("recording isn't set up here")))
    body = {
        "room_name": _random(room),
        "layout": "speaker",
        "file_outputs": [{"file_type": "MP4", "filepath": f"{random_name()}.mp4"}],
    }
    said = _ask("Egress", "StartRoomCompositeEgress", body, {"roomRecord": True}, ground=ground, now=now)
    return _text(said, "egress_id", "egressId")


def end_recording(recording: str, *, ground: Ground, now: datetime) -> None:
    """Stop a recording; one that has ended is done. Raises ``Refused``, ``Fault``."""
    _end("Egress", "StopEgress", {"egress_id": recording}, {"roomRecord": True}, ground=ground, now=now)


def keys() -> Mapping[str, str]:
    """Secrets by issuer, for events that the server signs."""
    held = credentials_of(KEY)
    return {held["LIVEKIT_API_KEY"]: held["LIVEKIT_API_SECRET"]} if held["LIVEKIT_API_KEY"] else {}


def _must_be(ground: Ground, wish: str) -> None:
    """Raises :class:`NoGround` for any ground but the patient's own wish beside the practitioner's switch."""
    if ground.name != f"{wish}+{SWITCH}":
        raise NoGround(Refusal("needs_both", _("This needs the practitioner's switch and the patient's own consent.")))


def _random(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("a room and who sits in it have random names, never ids: ask random_name")
    return name


def _end(
    service: str, method: str, body: Mapping[str, str], may: Mapping[str, bool], *, ground: Ground, now: datetime
) -> None:
    try:
        _ask(service, method, body, may, ground=ground, now=now)
    except Rejected as refused:
        if refused.code not in OVER:
            raise


def _ask(
    service: str, method: str, body: Mapping[str, Any], may: Mapping[str, bool], *, ground: Ground, now: datetime
) -> Mapping[str, Any]:
    """One Twirp call with a token that may do this and nothing else."""
    call = Call(
        subprocessor=KEY, method="POST", url=f"https://{_host()}/twirp/livekit.{service}/{method}", json=body,
        headers={"Authorization": f"Bearer {_token(may, CALL_LIFE, now)}"}, categories=frozenset({Category.CONNECTION}),
    )  # fmt: skip
    said = send(call, ground=ground, now=now).json()
    if not isinstance(said, dict):
        raise _unusable()
    return said


def _host() -> str:
    """Where the server is, by its setting. Raises :class:`Closed` when it names none."""
    host = urlsplit(credentials_of(KEY)["LIVEKIT_URL"]).hostname
    if not host:
        raise Closed(KEY, "credentials", str(_("not set up: %(names)s") % {"names": "LIVEKIT_URL"}))
    return host


def _token(may: Mapping[str, Any], life: timedelta, now: datetime, identity: str = "") -> str:
    """A JWT (RFC 7519) under HS256. Without an identity it is one of our own calls."""
    held, since = credentials_of(KEY), int(now.timestamp())
    claims = {
        "iss": held["LIVEKIT_API_KEY"],
        "nbf": since,
        "exp": since + int(life.total_seconds()),
        "video": dict(may),
    }
    parts = [{"alg": "HS256", "typ": "JWT"}, claims | ({"sub": identity} if identity else {})]
    signed = ".".join(_url64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{_url64(hmac.digest(held['LIVEKIT_API_SECRET'].encode(), signed.encode(), 'sha256'))}"


def _url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _text(said: Any, *names: str) -> str:
    """The text under any of these names. Raises :class:`Broken` for an answer without it."""
    for name in names:
        if isinstance(said, dict) and isinstance(value := said.get(name), str) and value:
            return value
    raise _unusable()


def _unusable() -> Broken:
    return Broken(KEY, "it answers something else than agreed", sent=True)
