"""What the video server tells us, and what a withdrawal stops there.

A room's row goes when it ends, so that an event that comes late, twice or in any order finds nothing to change.
"""

import json
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from adapters import livekit
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.signatures import token_of_body
from adapters.grounds import Ground, necessary
from adapters.inbox import Arrival, Hook, Said, applies, register
from adapters.outbox import TryLater
from adapters.states import State
from consents.models import Stop
from consents.stopping import stops
from privacy.patient_keys import RECORDING, TELECONSULTATION
from subprocessors.rooms import actions
from subprocessors.rooms.models import VideoRoom

HEARD: Final = (
    "room_started", "participant_joined", "participant_left", "participant_connection_aborted", "track_published",
    "track_unpublished",
)  # fmt: skip
"""Events of a visit's course: the visit's own app may want them; nothing here follows from them."""


def read(arrival: Arrival) -> Said:
    """The server's own id of an event, and what happened."""
    said = json.loads(arrival.body)
    return Said(str(said["id"]), str(said["event"]))


register(Hook(livekit.KEY, token_of_body(livekit.keys), read, frozenset({"application/webhook+json"})))


@applies(livekit.KEY, "room_finished")
def finished(event: Incoming, now: datetime) -> UUID | None:
    """The last one left, or the room was ended."""
    room = VideoRoom.objects.filter(name=str(event.content["room"]["name"])).first()
    if room is None:
        return None
    VideoRoom.objects.filter(pk=room.pk).delete()
    return room.account_id


@applies(livekit.KEY, "egress_ended")
def recorded(event: Incoming, now: datetime) -> UUID | None:
    """A recording has ended, by whoever's hand."""
    said = event.content["egressInfo"]
    ended = str(said.get("egressId") or said["egress_id"])
    room = VideoRoom.objects.filter(recording=ended).first()
    if room is None:
        return None
    VideoRoom.objects.filter(pk=room.pk, recording=ended).update(recording="")
    return room.account_id


@applies(livekit.KEY, "egress_started", "egress_updated")
def recording(event: Incoming, now: datetime) -> UUID | None:
    """A recording that we don't know: noted while our message that asks for one waits (its answer got lost), else ended."""
    said = event.content["egressInfo"]
    number, name = str(said.get("egressId") or said["egress_id"]), str(said.get("roomName") or said["room_name"])
    room = VideoRoom.objects.filter(name=name).first()
    if room is None:
        return None
    asked = _asked_to_record(room.file_id).exists()
    noted = asked and VideoRoom.objects.filter(pk=room.pk, opened_at__isnull=False, recording="").update(
        recording=number
    )
    if not noted and room.recording != number:
        actions.end_recording(room, number, now=now)
    return room.account_id


@applies(livekit.KEY, *HEARD)
def heard(event: Incoming, now: datetime) -> UUID | None:
    """Nothing follows."""
    return None


@stops(livekit.SWITCH, name="livekit_rooms", words=_("Video rooms that are open"))
def end_rooms(stop: Stop, now: datetime) -> None:
    """The practitioner's switch: every room of theirs ends."""
    _end(VideoRoom.objects.filter(account_id=stop.subject_id), stop, now)


@stops(TELECONSULTATION, name="livekit_room_of_file", words=_("A video visit under way"))
def end_rooms_of_file(stop: Stop, now: datetime) -> None:
    """The patient's consent to being cared for by video: the visit under way ends."""
    _end(VideoRoom.objects.filter(file_id=stop.subject_id), stop, now)


@stops(RECORDING, name="livekit_recordings", words=_("A recording under way"))
def end_recordings(stop: Stop, now: datetime) -> None:
    """The patient's authorisation to record: the recording stops, the visit goes on."""
    for room in VideoRoom.objects.filter(file_id=stop.subject_id).exclude(recording=""):
        livekit.end_recording(room.recording, ground=_ground(room), now=now)
        VideoRoom.objects.filter(pk=room.pk, recording=room.recording).update(recording="")
    if _asked_to_record(stop.subject_id).exists():  # a worker may be beginning one at this moment
        raise TryLater("under_way")


def _end(rooms: QuerySet[VideoRoom], stop: Stop, now: datetime) -> None:
    """No seat is given from the withdrawal on, since each asks the ground anew; here those inside are sent out."""
    for room in rooms:
        if room.recording:
            livekit.end_recording(room.recording, ground=_ground(room), now=now)
        livekit.end_room(room.name, ground=_ground(room), now=now)
        VideoRoom.objects.filter(pk=room.pk).delete()


def _asked_to_record(file_id: UUID) -> QuerySet[Outgoing]:
    """Messages that ask for a recording, and aren't answered yet."""
    return Outgoing.objects.filter(kind=actions.RECORD, file_id=file_id, state=State.WAITING)


def _ground(room: VideoRoom) -> Ground:
    return necessary("end_of_use", subject_id=room.account_id, file_id=room.file_id)
