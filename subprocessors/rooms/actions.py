"""Every write about open rooms. What a visit is, and its page, is another app's; here is what may be open and who may enter."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from adapters import livekit
from adapters.boxes.refs import minted
from adapters.outbox import GroundRef, enqueue
from audit.actions import record_event
from audit.actors import Actor
from privacy.patient_keys import RECORDING, TELECONSULTATION
from subprocessors.rooms.models import VideoRoom

OPEN: Final = "livekit.open"
RECORD: Final = "livekit.record"
END: Final = "livekit.end"
END_RECORDING: Final = "livekit.end_recording"
LONGEST: Final = timedelta(hours=4)
"""After this a room is ended, whoever is inside: nobody's visit is that long, and a forgotten one must not stay open."""


def ground_of(account_id: UUID, file_id: UUID, wish: str) -> GroundRef:
    """Both sides' yes: the practitioner's switch and the patient's own wish."""
    return GroundRef.patient(file_id, wish, subject_id=account_id, slot=livekit.SWITCH)


@transaction.atomic
def open_room(*, account_id: UUID, file_id: UUID, by: Actor, now: datetime) -> VideoRoom:
    """Have a room opened for one practitioner and one patient. Its name is random. Raises ``Refused`` without both sides' yes."""
    ground = ground_of(account_id, file_id, TELECONSULTATION)
    with minted(ground, now):
        room = VideoRoom.objects.create(
            account_id=account_id, file_id=file_id, name=livekit.random_name(), asked_at=now, until=now + LONGEST
        )
    enqueue(kind=OPEN, payload={"room": str(room.pk)}, ground=ground, now=now)
    _note("subprocessors.room_asked", room, by, now)
    return room


def seat(*, room_id: UUID, host: bool, now: datetime) -> livekit.Seat:
    """A place in an open room, for minutes. Raises ``VideoRoom.DoesNotExist`` for one that isn't open, ``Refused``, ``Closed``."""
    room = VideoRoom.objects.get(pk=room_id, opened_at__isnull=False, until__gt=now)
    with minted(ground_of(room.account_id, room.file_id, TELECONSULTATION), now) as ground:
        return livekit.seat(room.name, livekit.random_name(), host=host, ground=ground, now=now)


@transaction.atomic
def record(*, room_id: UUID, by: Actor, now: datetime) -> None:
    """Have an open room recorded. Raises ``Refused`` unless the patient wished that too, ``VideoRoom.DoesNotExist``."""
    room = VideoRoom.objects.select_for_update().get(pk=room_id, opened_at__isnull=False)
    ground = ground_of(room.account_id, room.file_id, RECORDING)
    with minted(ground, now):
        enqueue(kind=RECORD, payload={"room": str(room.pk)}, ground=ground, now=now)
    _note("subprocessors.room_recorded", room, by, now)


@transaction.atomic
def end_room(*, room_id: UUID, by: Actor, now: datetime) -> None:
    """Have a room ended; nobody gets a seat from now on."""
    room = VideoRoom.objects.select_for_update().filter(pk=room_id).first()
    if room is not None:
        end = GroundRef.necessary("end_of_use", subject_id=room.account_id, file_id=room.file_id)
        enqueue(kind=END, payload={"name": room.name, "recording": room.recording}, ground=end, now=now)
        _note("subprocessors.room_ended", room, by, now)
        room.delete()


def end_recording(room: VideoRoom, number: str, *, now: datetime) -> None:
    """Have a recording ended that isn't the room's: nobody here asks for it any more. In the caller's transaction."""
    end = GroundRef.necessary("end_of_use", subject_id=room.account_id, file_id=room.file_id)
    enqueue(kind=END_RECORDING, payload={"recording": number}, ground=end, now=now, dedupe=number)


def _note(verb: str, room: VideoRoom, by: Actor, now: datetime) -> None:
    record_event(by=by, verb=verb, object_type=room._meta.label, object_id=room.pk, subject_id=room.file_id, now=now)
