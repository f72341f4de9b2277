"""LiveKit's server, as far as rooms and recordings go: Twirp in JSON, tokens looked at grant by grant, events signed by token."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any, Final

from fakes import pages
from fakes.provider import Notice, Provider, Route, api, page
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

TWIRP: Final = {
    "auth": ("unauthenticated", 401),
    "path": ("bad_route", 404),
    "method": ("bad_route", 404),
    "json": ("malformed", 400),
}
NEEDED: Final = {
    "CreateRoom": "roomCreate", "DeleteRoom": "roomCreate", "ListRooms": "roomList", "StartRoomCompositeEgress": "roomRecord",
    "StopEgress": "roomRecord",
}  # fmt: skip
ROOMS: Final = "/twirp/livekit.RoomService"
EGRESS: Final = "/twirp/livekit.Egress"
LEEWAY: Final = 60
"""Seconds a clock may be off."""
LONGEST_SEAT: Final = timedelta(minutes=15)
"""Stricter than LiveKit, which takes six hours: the product promises minutes."""


class LiveKit(Provider):
    """Rooms without picture or sound: who is inside, and what was recorded."""

    key = "livekit"
    title = "Video rooms"
    hosts = ("livekit.praticonnect.com",)
    home = "rooms"

    def fresh(self) -> None:
        """No room."""
        self.rooms: dict[str, dict[str, Any]] = {}
        self.inside: dict[str, dict[str, bool]] = {}
        self.recordings: dict[str, str] = {}
        self.numbered = 0

    def authorise(self, asked: Asked, route: Route) -> None:
        """The token has to be for this operation, and for nobody who sits in a room."""
        claims = self._claims(asked.headers.get("authorization", "").removeprefix("Bearer "))
        grant = NEEDED[route.path.rpartition("/")[2]]
        if claims.get("video") != {grant: True} or "sub" in claims:
            raise Wrong("auth", 401, "permissions denied")

    def refuse(self, wrong: Wrong) -> Reply:
        """Twirp's shape."""
        code, status = TWIRP.get(wrong.kind, (wrong.code or "invalid_argument", wrong.status))
        return in_json(400 if wrong.status in (415, 422) else status, {"code": code, "msg": wrong.words})

    @api("POST", f"{ROOMS}/CreateRoom", body="CreateRoom")
    def create(self, asked: Asked) -> Reply:
        """A room, or the one of that name."""
        said = asked.json()
        room = self.rooms.setdefault(said["name"], {**said, "sid": f"RM_{self._number()}", "num_participants": 0, "creation_time": str(int(self.now.timestamp()))})  # fmt: skip
        self.inside.setdefault(said["name"], {})
        return in_json(200, room)

    @api("POST", f"{ROOMS}/DeleteRoom", body="DeleteRoom")
    def delete(self, asked: Asked) -> Reply:
        """Everybody out."""
        if not self.finish(asked.json()["room"]):
            raise Wrong("missing", 404, "requested room does not exist", "not_found")
        return in_json(200, {})

    @api("POST", f"{ROOMS}/ListRooms", body="ListRooms")
    def listed(self, asked: Asked) -> Reply:
        """Those of the names asked for, or all."""
        names = asked.json().get("names") or list(self.rooms)
        return in_json(200, {"rooms": [self.rooms[name] for name in names if name in self.rooms]})

    @api("POST", f"{EGRESS}/StartRoomCompositeEgress", body="StartRoomCompositeEgress")
    def record(self, asked: Asked) -> Reply:
        """Record a room that is open."""
        name = asked.json()["room_name"]
        if name not in self.rooms:
            raise Wrong("missing", 404, "requested room does not exist", "not_found")
        number = f"EG_{self._number()}"
        self.recordings[number] = name
        said = {"egressId": number, "roomName": name, "status": "EGRESS_STARTING"}
        self._tell("egress_started", {"egressInfo": said})
        return in_json(200, {"egress_id": number, "room_name": name, "status": "EGRESS_STARTING"})

    @api("POST", f"{EGRESS}/StopEgress", body="StopEgress")
    def stop(self, asked: Asked) -> Reply:
        """Stop one that runs."""
        number = asked.json()["egress_id"]
        if number not in self.recordings:
            raise Wrong("conflict", 412, "egress is not running", "failed_precondition")
        self._recorded(number)
        return in_json(200, {"egress_id": number, "status": "EGRESS_ENDING"})

    @page("GET", "/rooms")
    def shown(self, asked: Asked) -> Reply:
        """Who is where, and a way to enter with a token."""
        rows = [
            (escape(name), escape(", ".join(sorted(self.inside[name])) or "nobody"), "yes" if name in self.recordings.values() else "no",
             pages.form("/livekit/leave", "Everybody leaves", {"room": name}))
            for name in self.rooms
        ]  # fmt: skip
        enter = pages.form("/livekit/enter", "Enter", inner=pages.field("token", "Token of a seat"))
        return pages.page(
            "Video rooms", pages.table(["Room", "Inside", "Recorded", ""], rows, "No room is open."), enter
        )

    @page("POST", "/enter")
    def entered(self, asked: Asked) -> Reply:
        """Somebody enters with a seat; rooms aren't made by entering."""
        claims = self._claims(asked.form().get("token", ""))
        may, who = claims.get("video", {}), claims.get("sub", "")
        if not (may.get("roomJoin") and who and may.get("room") in self.rooms):
            raise Wrong("auth", 401, "no such room, or no seat in it")
        if may.get("roomCreate") or claims["exp"] - claims["nbf"] > LONGEST_SEAT.total_seconds():
            raise Wrong("auth", 401, "this seat may do more, or longer, than it should")
        self.inside[may["room"]][who] = bool(may.get("roomAdmin"))
        self._tell("participant_joined", {"room": {"name": may["room"]}, "participant": {"identity": who}})
        return see_other("/livekit/rooms")

    @page("POST", "/leave")
    def left(self, asked: Asked) -> Reply:
        """The last one leaves."""
        if not self.finish(asked.form().get("room", "")):
            raise Wrong("missing", 404, "no such room")
        return see_other("/livekit/rooms")

    def finish(self, name: str) -> bool:
        """End a room, and tell; False when there is none."""
        if self.rooms.pop(name, None) is None:
            return False
        for number in [number for number, room in self.recordings.items() if room == name]:
            self._recorded(number)
        self.inside.pop(name)
        self._tell("room_finished", {"room": {"name": name}})
        return True

    def _recorded(self, number: str) -> None:
        name = self.recordings.pop(number)
        self._tell("egress_ended", {"egressInfo": {"egressId": number, "roomName": name, "status": "EGRESS_COMPLETE"}})

    def _tell(self, event: str, what: Mapping[str, Any]) -> Notice:
        """An event, with a token whose claim is the hash of the body."""
        said = {"event": event, "id": f"EV_{self._number()}", "createdAt": str(int(self.now.timestamp())), **what}
        body = json.dumps(said).encode()
        since = int(self.now.timestamp())
        claims = {
            "iss": self.made_up("LIVEKIT_API_KEY"), "nbf": since, "exp": since + 300,
            "sha256": base64.b64encode(hashlib.sha256(body).digest()).decode(),
        }  # fmt: skip
        headers = {"Authorization": self._token(claims), "Content-Type": "application/webhook+json"}
        return self.notify("/hooks/livekit/", body, headers)

    def _claims(self, token: str) -> dict[str, Any]:
        """What a token of ours says, if it is one and counts now. Raises :class:`Wrong`."""
        signed, _dot, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(signed).encode()):
            raise Wrong("auth", 401, "invalid token")
        header, claims = (json.loads(_unfold(part)) for part in signed.split("."))
        moment = self.now.timestamp()
        fits = claims.get("nbf", 0) - LEEWAY <= moment <= claims.get("exp", 0) + LEEWAY
        if header != {"alg": "HS256", "typ": "JWT"} or claims.get("iss") != self.made_up("LIVEKIT_API_KEY") or not fits:
            raise Wrong("auth", 401, "invalid token")
        return dict(claims)

    def _token(self, claims: Mapping[str, Any]) -> str:
        signed = ".".join(_fold(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims))
        return f"{signed}.{self._signature(signed)}"

    def _signature(self, signed: str) -> str:
        return _fold(hmac.digest(self.made_up("LIVEKIT_API_SECRET").encode(), signed.encode(), "sha256"))

    def _number(self) -> int:
        self.numbered += 1
        return self.numbered


def _fold(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unfold(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
