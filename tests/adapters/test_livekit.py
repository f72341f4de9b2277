"""LiveKit's contract: what is asked of it, which seats exist, what it may answer, and what its events have to prove."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from adapters import inbox, livekit
from adapters.boxes.refs import GroundRef, minted
from adapters.door import Busy, Closed, Fault
from adapters.grounds import NoGround, necessary
from care.models import PortalLink
from fakes.server import Fakes
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.refusals import Refused
from subprocessors.rooms.hearing import HEARD
from tests.accounts.factories import make_patient, make_practitioner
from tests.adapters.contract import FAILURES, fails, names
from tests.records.factories import NOW, link, make_file
from tests.subprocessors.links import turn, wish

pytestmark = pytest.mark.django_db(databases="__all__")
ROOM = "r" * 32
PERSON = "p" * 32


@pytest.fixture
def own(fakes: Fakes) -> PortalLink:
    """A patient's file, both sides willing."""
    fakes.at(NOW)
    user = make_practitioner(now=NOW)
    found = link(make_file(user), make_patient(), now=NOW)
    turn(user, "livekit")
    wish(found, TELECONSULTATION)
    found.practitioner = user  # type: ignore[attr-defined]
    return found


def ref(own: PortalLink, key: str = TELECONSULTATION) -> GroundRef:
    user: Any = own.practitioner  # type: ignore[attr-defined]
    return GroundRef.patient(own.patient_id, key, subject_id=user.pk, slot=livekit.SWITCH)


def open_room(own: PortalLink) -> livekit.Room:
    with minted(ref(own), NOW) as ground:
        return livekit.open_room(ROOM, most=4, ground=ground, now=NOW)


def end_room(name: str = ROOM) -> None:
    livekit.end_room(name, ground=necessary("end_of_use"), now=NOW)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_a_room_is_asked_for_as_the_schema_has_it(fakes: Fakes, own: PortalLink) -> None:
    room = open_room(own)
    (call,) = fakes["livekit"].calls
    assert (call.method, call.path, call.media_type) == (
        "POST",
        "/twirp/livekit.RoomService/CreateRoom",
        "application/json",
    )
    assert call.json() == {"name": ROOM, "empty_timeout": 300, "departure_timeout": 300, "max_participants": 4}
    said = claims(call.headers["authorization"].removeprefix("Bearer "))
    assert (said["video"], said["exp"] - said["nbf"], "sub" in said) == ({"roomCreate": True}, 60, False)
    assert open_room(own) == room
    assert livekit.rooms({ROOM, PERSON}, ground=necessary("end_of_use"), now=NOW) == {ROOM}


def test_a_seat_is_for_minutes_one_room_one_name_and_no_more_than_needed(fakes: Fakes, own: PortalLink) -> None:
    with minted(ref(own), NOW) as ground:
        guest, host = (livekit.seat(ROOM, PERSON, host=who, ground=ground, now=NOW) for who in (False, True))
    said = claims(guest.token)
    assert said == {
        "iss": "stand-in-livekit_api_key", "nbf": said["nbf"], "exp": said["nbf"] + 600, "sub": PERSON,
        "video": {
            "room": ROOM, "roomJoin": True, "roomAdmin": False, "roomCreate": False, "roomRecord": False, "canPublish": True,
            "canSubscribe": True, "canPublishData": False, "canUpdateOwnMetadata": False,
            "canPublishSources": ["camera", "microphone"],
        },
    }  # fmt: skip
    more = claims(host.token)["video"]
    assert {name for name in more if more[name] != said["video"][name]} == {"roomAdmin", "canPublishSources"}
    assert (guest.address, guest.until, fakes.count) == (
        "wss://livekit.praticonnect.com",
        NOW + timedelta(minutes=10),
        0,
    )
    assert guest.token not in repr(guest)


def test_somebody_enters_with_a_seat_and_only_an_open_room(fakes: Fakes, own: PortalLink) -> None:
    with minted(ref(own), NOW) as ground:
        seat = livekit.seat(ROOM, PERSON, host=True, ground=ground, now=NOW)
    body = f"token={seat.token}".encode()
    heads = {"content-type": "application/x-www-form-urlencoded"}
    playing = fakes["livekit"]
    from fakes.wire import Asked

    enter = Asked("POST", "127.0.0.1:1", "/enter", {}, heads, body)
    assert playing.show(enter).status == 401
    open_room(own)
    assert (playing.show(enter).status, playing.inside) == (303, {ROOM: {PERSON: True}})
    fakes.at(NOW + timedelta(minutes=12))
    assert playing.show(enter).status == 401


@pytest.mark.parametrize("name", ["", "0192f0c1-aaaa-7bbb-8ccc-0123456789ab", "a" * 31, "é" * 32])
def test_a_name_that_isn_t_random_is_refused_before_anything_leaves(fakes: Fakes, own: PortalLink, name: str) -> None:
    with minted(ref(own), NOW) as ground, pytest.raises(ValueError, match="random"):
        livekit.open_room(name, most=2, ground=ground, now=NOW)
    with minted(ref(own), NOW) as ground, pytest.raises(ValueError, match="random"):
        livekit.seat(ROOM, name, host=False, ground=ground, now=NOW)
    assert (fakes.count, len(livekit.random_name()), livekit.random_name() == livekit.random_name()) == (0, 32, False)


def test_recording_needs_the_patient_s_own_wish_and_a_service_for_it(
    fakes: Fakes, own: PortalLink, settings: Any
) -> None:
    open_room(own)
    with minted(ref(own), NOW) as ground, pytest.raises(NoGround):
        livekit.record(ROOM, ground=ground, now=NOW)
    with pytest.raises(Refused), minted(ref(own, RECORDING), NOW):
        pass
    wish(own, RECORDING)
    with minted(ref(own, RECORDING), NOW) as ground:
        with pytest.raises(Closed, match="isn't set up"):
            livekit.record(ROOM, ground=ground, now=NOW)
        assert fakes.count == 1
        settings.VIDEO_RECORDING = True
        began = livekit.record(ROOM, ground=ground, now=NOW)
    assert fakes["livekit"].recordings == {began: ROOM}
    for _again in range(2):
        livekit.end_recording(began, ground=necessary("end_of_use"), now=NOW)
    assert fakes["livekit"].recordings == {}


def test_ending_a_room_twice_is_ending_it(fakes: Fakes, own: PortalLink) -> None:
    open_room(own)
    end_room()
    end_room()
    assert (fakes["livekit"].rooms, fakes.count) == ({}, 3)


@pytest.mark.parametrize(("trouble", "fault"), FAILURES, ids=names)
def test_each_failure_is_a_fault(fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]) -> None:
    found = fails(fakes["livekit"], trouble, fault, end_room)
    assert not isinstance(found, Busy) or found.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize("body", [b"[]", b'{"name": "other", "sid": "RM_1"}', b'{"name": 1}', b"{}"])
def test_an_answer_of_another_shape_is_believed_in_nothing(fakes: Fakes, own: PortalLink, body: bytes) -> None:
    fakes["livekit"].fail_next(status=200, body=body)
    with pytest.raises(Fault):
        open_room(own)


def test_without_both_nothing_leaves(fakes: Fakes, own: PortalLink) -> None:
    with minted(ref(own), NOW) as ground:
        wish(own, TELECONSULTATION, on=False)
        with pytest.raises(Refused):
            livekit.open_room(ROOM, most=2, ground=ground, now=NOW)
        with pytest.raises(Refused):
            livekit.seat(ROOM, PERSON, host=False, ground=ground, now=NOW)
    with pytest.raises(NoGround):
        livekit.open_room(ROOM, most=2, ground=necessary("end_of_use"), now=NOW)
    assert fakes.count == 0


def test_a_token_that_may_do_something_else_is_refused_there(fakes: Fakes) -> None:
    """The fake is strict: one grant for one operation."""
    with pytest.raises(Fault, match="401"):
        livekit._ask(
            "RoomService", "DeleteRoom", {"room": ROOM}, {"roomList": True}, ground=necessary("end_of_use"), now=NOW
        )


def test_every_event_of_the_fake_has_an_applier() -> None:
    heeded = {"room_finished", "egress_started", "egress_updated", "egress_ended"}
    assert {kind for key, kind in inbox._appliers if key == "livekit"} == heeded | set(HEARD)
