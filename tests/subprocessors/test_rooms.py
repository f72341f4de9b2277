"""Video rooms: open while both agree, ended when one says no (PC-95)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from adapters import inbox
from adapters.boxes.models import Incoming, Outgoing
from adapters.grounds import necessary
from adapters.models import Egress
from audit.actors import Actor
from care.models import PortalLink
from fakes.server import Fakes
from privacy.ids import new_id
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.refusals import Refused
from subprocessors.rooms import actions, sending
from subprocessors.rooms.models import VideoRoom
from subprocessors.rooms.promises import a_room_is_open_while_both_agree
from tests.accounts.factories import make_patient, make_practitioner
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.adapters.factories import work
from tests.records.factories import NOW, link, make_file
from tests.subprocessors.links import brought, measured, opened, stop_all, turn, wish

# ruff: noqa: F811
pytestmark = pytest.mark.django_db(databases="__all__")
SYSTEM = Actor.system("test")


@pytest.fixture(autouse=True)
def clock(fakes: Fakes, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's clock stands where ours does, it records, and nobody rings a bell."""
    fakes.at(NOW)
    settings.VIDEO_RECORDING = True
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)


@pytest.fixture
def user() -> User:
    return make_practitioner(now=NOW)


@pytest.fixture
def own(user: User) -> PortalLink:
    return link(make_file(user), make_patient(), now=NOW)


def names(fakes: Fakes) -> list[str]:
    return list(fakes["livekit"].rooms)


def apply() -> None:
    """What a worker does to the events that are here; they came at the hour it really is."""
    while row := Incoming.claim(timezone.now()):
        inbox.finish(row, inbox.attempt(row, now=NOW), now=NOW)


def test_a_room_that_both_agreed_to_is_open_under_a_random_name(fakes: Fakes, user: User, own: PortalLink) -> None:
    room = opened(user, own)
    assert (names(fakes), room.opened_at, room.until) == ([room.name], NOW, NOW + timedelta(hours=4))
    said = "".join(call.text + str(call.headers) for call in fakes["livekit"].calls)
    assert not [word for word in (room.pk, user.pk, own.patient_id, own.account_id, "Lefèvre") if str(word) in said]
    seats = {actions.seat(room_id=room.pk, host=True, now=NOW).token for _twice in range(2)}
    assert (len(seats), measured("PC-95")) == (2, True)


def test_without_either_side_s_yes_there_is_no_room_and_no_packet(fakes: Fakes, user: User, own: PortalLink) -> None:
    def ask() -> None:
        actions.open_room(account_id=user.pk, file_id=own.patient_id, by=SYSTEM, now=NOW)

    with pytest.raises(Refused):
        ask()
    turn(user, "livekit")
    with pytest.raises(Refused):
        ask()
    turn(user, "livekit", on=False)
    wish(own, TELECONSULTATION)
    with pytest.raises(Refused):
        ask()
    assert (VideoRoom.objects.count(), Outgoing.objects.count(), fakes.count) == (0, 0, 0)


def test_a_withdrawal_between_the_act_and_the_worker_leaves_no_packet(
    fakes: Fakes, user: User, own: PortalLink
) -> None:
    turn(user, "livekit")
    wish(own, TELECONSULTATION)
    actions.open_room(account_id=user.pk, file_id=own.patient_id, by=SYSTEM, now=NOW)
    wish(own, TELECONSULTATION, on=False)
    work(NOW)
    assert (fakes.count, Outgoing.objects.get().state) == (0, "dropped")


@pytest.mark.parametrize("who", ["practitioner", "patient"])
def test_a_withdrawal_ends_the_running_room(fakes: Fakes, user: User, own: PortalLink, who: str) -> None:
    room = opened(user, own, recorded=True)
    assert list(fakes["livekit"].recordings.values()) == [room.name]
    if who == "patient":
        wish(own, TELECONSULTATION, on=False)
    else:
        turn(user, "livekit", on=False)
    with pytest.raises(Refused):
        actions.seat(room_id=room.pk, host=False, now=NOW)
    done = dict(stop_all(NOW))
    assert set(done.values()) == {"done"}
    assert (names(fakes), fakes["livekit"].recordings, VideoRoom.objects.count()) == ([], {}, 0)
    assert measured("PC-95")


def test_the_server_out_of_reach_is_told_again(fakes: Fakes, user: User, own: PortalLink) -> None:
    opened(user, own)
    wish(own, TELECONSULTATION, on=False)
    fakes["livekit"].fail_next(close=True)
    assert dict(stop_all(NOW))["livekit_room_of_file"] == "waiting"
    assert names(fakes)
    assert dict(stop_all(NOW + timedelta(minutes=1)))["livekit_room_of_file"] == "done"
    assert names(fakes) == []


def test_a_patient_who_takes_the_recording_back_goes_on_unrecorded(fakes: Fakes, user: User, own: PortalLink) -> None:
    room = opened(user, own, recorded=True)
    wish(own, RECORDING, on=False)
    assert dict(stop_all(NOW))["livekit_recordings"] == "done"
    room.refresh_from_db()
    assert (names(fakes), fakes["livekit"].recordings, room.recording) == ([room.name], {}, "")


def heard(fakes: Fakes, client: Client, number: str, room: VideoRoom) -> str:
    """The server tells that a recording began; which one the room is noted with then."""
    fakes.live()
    said = {"egressInfo": {"egressId": number, "roomName": room.name}}
    assert brought(client, fakes["livekit"]._tell("egress_started", said)) == 200
    fakes.at(NOW)
    apply()
    room.refresh_from_db()
    return room.recording


def test_a_recording_whose_answer_got_lost_is_heard_of_begun_once_and_stopped(
    fakes: Fakes, user: User, own: PortalLink, client: Client
) -> None:
    room = opened(user, own)
    wish(own, RECORDING)
    actions.record(room_id=room.pk, by=SYSTEM, now=NOW)
    fakes["livekit"].fail_next(close=True, after=True)
    work(NOW)
    (begun,) = fakes["livekit"].recordings
    assert heard(fakes, client, begun, room) == begun
    work(NOW + timedelta(minutes=1))
    room.refresh_from_db()
    assert (room.recording, list(fakes["livekit"].recordings)) == (begun, [begun])
    wish(own, RECORDING, on=False)
    assert dict(stop_all(NOW))["livekit_recordings"] == "done"
    assert (fakes["livekit"].recordings, heard(fakes, client, begun, room)) == ({}, "")


def test_a_recording_that_was_taken_back_before_we_knew_of_it_is_ended(
    fakes: Fakes, user: User, own: PortalLink, client: Client
) -> None:
    room = opened(user, own)
    wish(own, RECORDING)
    actions.record(room_id=room.pk, by=SYSTEM, now=NOW)
    fakes["livekit"].fail_next(close=True, after=True)
    work(NOW)
    wish(own, RECORDING, on=False)
    assert dict(stop_all(NOW))["livekit_recordings"] == "done"
    (number,) = fakes["livekit"].recordings
    heard(fakes, client, number, room)
    work(NOW)
    room.refresh_from_db()
    assert (fakes["livekit"].recordings, room.recording, names(fakes)) == ({}, "", [room.name])


def test_recording_needs_the_patient_s_wish(fakes: Fakes, user: User, own: PortalLink) -> None:
    room = opened(user, own)
    before = fakes.count
    with pytest.raises(Refused):
        actions.record(room_id=room.pk, by=SYSTEM, now=NOW)
    work(NOW)
    assert (fakes.count, fakes["livekit"].recordings) == (before, {})


def test_a_room_ended_here_is_ended_there_and_one_ended_meanwhile_never_stays_open(fakes: Fakes, user: User, own: PortalLink) -> None:  # fmt: skip
    room = opened(user, own)
    for _twice in range(2):
        actions.end_room(room_id=room.pk, by=SYSTEM, now=NOW)
    work(NOW)
    assert (names(fakes), VideoRoom.objects.count()) == ([], 0)
    actions.open_room(account_id=user.pk, file_id=own.patient_id, by=SYSTEM, now=NOW)
    VideoRoom.objects.all().delete()
    work(NOW)
    assert names(fakes) == []


def test_the_server_s_word_ends_a_room_once_whatever_the_order(fakes: Fakes, user: User, own: PortalLink, client: Client) -> None:  # fmt: skip
    room = opened(user, own, recorded=True)
    fakes.live()
    fakes["livekit"].finish(room.name)
    ended, finished = fakes["livekit"].notices[-2:]
    assert [brought(client, one) for one in (finished, ended, finished)] == [200, 200, 200]
    apply()
    assert (VideoRoom.objects.count(), set(Incoming.objects.values_list("state", flat=True))) == (0, {"done"})


def test_an_event_proves_its_sender_and_its_body(fakes: Fakes, user: User, own: PortalLink, client: Client) -> None:
    room = opened(user, own)
    fakes.live()
    fakes["livekit"].finish(room.name)
    told = fakes["livekit"].notices[-1]
    altered = type(told)(told.method, told.path, told.headers, told.body.replace(b"EV_", b"EW_"))
    plain = type(told)(told.method, told.path, told.headers | {"Content-Type": "application/json"}, told.body)
    answers = [brought(client, altered), brought(client, told, Authorization="x.y.z"), brought(client, plain)]
    assert (answers, Incoming.objects.count(), VideoRoom.objects.count()) == ([401, 401, 415], 0, 1)


def test_a_lost_end_is_found_and_a_forgotten_room_ended(fakes: Fakes, user: User, own: PortalLink) -> None:
    lost, kept = opened(user, own), opened(user, own)
    fakes["livekit"].rooms.pop(lost.name)
    fakes.at(NOW + timedelta(minutes=6))
    sending.every_hour(Outgoing(), _end(), NOW + timedelta(minutes=6))
    apply()
    assert list(VideoRoom.objects.all()) == [kept]
    fakes.at(NOW + timedelta(hours=4))
    sending.every_hour(Outgoing(), _end(), NOW + timedelta(hours=4))
    work(NOW + timedelta(hours=4))
    assert (VideoRoom.objects.count(), names(fakes)) == (0, [])


def _end() -> Any:
    return necessary("end_of_use")


def test_the_promise_breaks_with_a_room_that_one_side_never_agreed_to(
    fakes: Fakes, user: User, own: PortalLink
) -> None:
    room = opened(user, own)
    assert measured("PC-95")
    VideoRoom.objects.filter(pk=room.pk).update(recording="EG_9")
    assert not measured("PC-95")
    VideoRoom.objects.filter(pk=room.pk).update(recording="", file_id=new_id())
    assert not measured("PC-95")


@pytest.mark.parametrize(
    ("room", "line", "figure"),
    [
        ({"asked_at": NOW - timedelta(hours=4), "until": NOW - timedelta(hours=3)}, None, "rooms_open_too_long"),
        ({"name": "lefevre-2026-11-18"}, None, "rooms_with_a_name_that_isnt_random"),
        ({}, "marketing_emails", "calls_on_another_ground"),
        ({}, "third_party_integrations.livekit", "calls_on_another_ground"),
    ],
)
def test_the_promise_breaks_with_a_room_or_a_call_that_is_wrong(
    fakes: Fakes, user: User, own: PortalLink, room: dict[str, Any], line: str | None, figure: str
) -> None:
    opened(user, own)
    if room:
        VideoRoom.objects.update(**room)
    if line:
        Egress.objects.create(at=NOW, subprocessor="livekit", host="x.example", ground=line, categories="")
    found = a_room_is_open_while_both_agree(NOW)
    assert (found.kept, found.figures[figure]) == (False, 1)
