"""LiveKit's operations, and Google's."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters import google, livekit
from privacy.ids import new_id
from privacy.patient_keys import RECORDING, TELECONSULTATION
from tests.adapters.contracts.shape import CONSENT, INTEGRATION, Act, Operation, Step
from tests.adapters.contracts.stage import Stage
from tests.records.factories import NOW
from tests.subprocessors.links import BACK, allowed

ROOM = "r" * 32


def open_room(at: Stage) -> Act:
    ground = at.both(TELECONSULTATION, "livekit")
    return lambda: livekit.open_room(ROOM, most=4, ground=ground, now=NOW)


def end_room(at: Stage) -> Act:
    open_room(at)()
    ground = at.law("end_of_use")
    return lambda: livekit.end_room(ROOM, ground=ground, now=NOW)


def rooms(at: Stage) -> Act:
    open_room(at)()
    ground = at.law("end_of_use")
    return lambda: livekit.rooms({ROOM}, ground=ground, now=NOW)


def record(at: Stage) -> Act:
    open_room(at)()
    ground = at.both(RECORDING, "livekit")
    return lambda: livekit.record(ROOM, ground=ground, now=NOW)


def end_recording(at: Stage) -> Act:
    began = str(record(at)())
    ground = at.law("end_of_use")
    return lambda: livekit.end_recording(began, ground=ground, now=NOW)


def twirp(service: str, method: str, *, bare: bool = False) -> tuple[Step, ...]:
    return (
        Step("POST", "livekit.praticonnect.com", f"/twirp/livekit.{service}/{method}", "connection", method, bare=bare),
    )


LIVEKIT = (
    Operation(
        "livekit.open_room", f"{TELECONSULTATION}+{livekit.SWITCH}", open_room, twirp("RoomService", "CreateRoom")
    ),
    Operation("livekit.end_room", "end_of_use", end_room, twirp("RoomService", "DeleteRoom", bare=True)),
    Operation("livekit.rooms", "end_of_use", rooms, twirp("RoomService", "ListRooms", bare=True)),
    Operation("livekit.record", f"{RECORDING}+{livekit.SWITCH}", record, twirp("Egress", "StartRoomCompositeEgress")),
    Operation("livekit.end_recording", "end_of_use", end_recording, twirp("Egress", "StopEgress", bare=True)),
)

TIME = google.BusyTime(new_id(), NOW, NOW + timedelta(minutes=30))


def linked(at: Stage) -> dict[str, Any]:
    return {"ground": at.own(INTEGRATION, "google"), "now": NOW}


def exchange(at: Stage) -> Act:
    sign_in, code = allowed(at.fakes)
    how = linked(at)
    return lambda: google.exchange(code, sign_in.verifier, BACK, **how)


def refresh(at: Stage) -> Act:
    held: Any = exchange(at)()
    how = linked(at)
    return lambda: google.refresh(held.refresh, **how)


def revoke(at: Stage) -> Act:
    held: Any = exchange(at)()
    ground = at.law("end_of_use")
    return lambda: google.revoke(held.refresh, ground=ground, now=NOW)


def make_calendar(at: Stage) -> Act:
    held: Any = exchange(at)()
    how = linked(at)
    return lambda: google.make_calendar(held.access, **how)


def calendar(at: Stage) -> dict[str, Any]:
    held: Any = exchange(at)()
    made = google.make_calendar(held.access, **linked(at))
    return {"calendar": made, "access": held.access, **linked(at)}


def put_busy(at: Stage) -> Act:
    to = calendar(at)
    return lambda: google.put_busy(busy=TIME, **to)


def put_busy_again(at: Stage) -> Act:
    act = put_busy(at)
    act()
    return act


def move_busy(at: Stage) -> Act:
    to = calendar(at)
    google.put_busy(busy=TIME, **to)
    return lambda: google.move_busy(busy=TIME, **to)


def free(at: Stage) -> Act:
    to = calendar(at)
    google.put_busy(busy=TIME, **to)
    return lambda: google.free(busy_id=TIME.id, **to)


def changes(at: Stage) -> Act:
    to = calendar(at)
    google.put_busy(busy=TIME, **to)
    return lambda: google.changes(since="", **to)


def watch(at: Stage) -> Act:
    to = calendar(at)
    return lambda: google.watch(channel=TIME.id, token="word", address="https://x.example/hooks/google/", **to)


def unwatch(at: Stage) -> Act:
    to = calendar(at)
    made = google.watch(channel=TIME.id, token="word", address="https://x.example/hooks/google/", **to)
    rest = {name: value for name, value in to.items() if name != "calendar"}
    return lambda: google.unwatch(TIME.id, made.resource_id, **rest)


OAUTH, API = "oauth2.googleapis.com", "www.googleapis.com"
STALE: Mapping[int, type[Exception] | None] = {401: google.Stale}
EVENTS = r"/calendar/v3/calendars/c_\d+@group\.calendar\.google\.com/events"
CREDENTIALS = "client_id client_secret"
KNOWN_ALREADY = Step("POST", API, EVENTS, "appointment", "event", reads=False, own=STALE)
GOOGLE = tuple(
    Operation(f"google.{function}", "end_of_use" if function == "revoke" else CONSENT % "google", ready, tuple(steps),
              since=int(ready is put_busy_again))
    for function, ready, *steps in (
        ("exchange", exchange, Step("POST", OAUTH, "/token", "", f"form {CREDENTIALS} code code_verifier grant_type redirect_uri",
                                    states=(("token_type",), ("expires_in",)))),
        ("refresh", refresh, Step("POST", OAUTH, "/token", "", f"form {CREDENTIALS} grant_type refresh_token",
                                  states=(("token_type",), ("expires_in",)))),
        ("revoke", revoke, Step("POST", OAUTH, "/revoke", "", "form token", reads=False)),
        ("make_calendar", make_calendar, Step("POST", API, "/calendar/v3/calendars", "appointment", "calendar", own=STALE)),
        ("put_busy", put_busy, KNOWN_ALREADY),
        ("put_busy", put_busy_again, KNOWN_ALREADY,
         Step("PUT", API, f"{EVENTS}/{TIME.id.hex}", "appointment", "whole_event", again=True, reads=False, own=STALE)),
        ("move_busy", move_busy, Step("PATCH", API, f"{EVENTS}/{TIME.id.hex}", "appointment", "hours", reads=False, own=STALE)),
        ("free", free, Step("DELETE", API, f"{EVENTS}/{TIME.id.hex}", "appointment", again=True, reads=False,
                            own={**STALE, 404: None, 410: None})),
        ("changes", changes, Step("GET", API, EVENTS, "appointment", again=True, own={**STALE, 410: google.FullSyncNeeded},
                                  states=(("items", 0, "start", "dateTime"),))),
        ("watch", watch, Step("POST", API, f"{EVENTS}/watch", "appointment", "watch", own=STALE, states=(("expiration",),))),
        ("unwatch", unwatch, Step("POST", API, "/calendar/v3/channels/stop", "appointment", "stop", reads=False,
                                  own={**STALE, 404: None})),
    )
)  # fmt: skip
