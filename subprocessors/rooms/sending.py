"""What workers do towards the video server: open, record, end; and look each hour for rooms whose end nobody told us."""

import json
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from adapters import livekit
from adapters.boxes.models import Outgoing
from adapters.grounds import Ground, necessary
from adapters.inbox import repairs, take
from adapters.outbox import GroundRef, handles
from audit.actors import Actor
from subprocessors.rooms import actions
from subprocessors.rooms.models import VideoRoom

PEOPLE: Final = 4
"""Who fits in: two, a companion, an interpreter."""
SETTLES: Final = timedelta(minutes=5)
"""How old a room is before its absence at the server means that it ended."""


@handles(actions.OPEN)
def open_room(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Open it; one that was ended here meanwhile is ended there at once."""
    room = VideoRoom.objects.filter(pk=UUID(row.content["room"])).first()
    if room is None:
        return
    livekit.open_room(room.name, most=PEOPLE, ground=ground, now=now)
    if not VideoRoom.objects.filter(pk=room.pk).update(opened_at=now):
        livekit.end_room(room.name, ground=_end_of(room), now=now)


@handles(actions.RECORD)
def record(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Begin to record, once; a room that was ended meanwhile keeps no recording running.

    If the answer gets lost, the server's own event names the recording (``hearing.recording``), and nothing is begun again.
    """
    room = VideoRoom.objects.filter(pk=UUID(row.content["room"]), recording="").first()
    if room is None:
        return
    began = livekit.record(room.name, ground=ground, now=now)
    if not VideoRoom.objects.filter(pk=room.pk, recording__in=("", began)).update(recording=began):
        livekit.end_recording(began, ground=_end_of(room), now=now)


@handles(actions.END)
def end_room(row: Outgoing, ground: Ground, now: datetime) -> None:
    """End a recording first, then the room."""
    said = row.content
    if said["recording"]:
        livekit.end_recording(said["recording"], ground=ground, now=now)
    livekit.end_room(said["name"], ground=ground, now=now)


@handles(actions.END_RECORDING)
def end_recording(row: Outgoing, ground: Ground, now: datetime) -> None:
    """End a recording, and not the room."""
    livekit.end_recording(row.content["recording"], ground=ground, now=now)


@repairs(livekit.KEY, GroundRef.necessary("end_of_use"))
def every_hour(row: Outgoing, ground: Ground, now: datetime) -> None:
    """End rooms that are open too long; of the others, those that the server doesn't have were ended without our hearing of it."""
    for lapsed in VideoRoom.objects.filter(until__lte=now).values_list("pk", flat=True):
        actions.end_room(room_id=lapsed, by=Actor.system("rooms"), now=now)
    names = set(VideoRoom.objects.filter(opened_at__lte=now - SETTLES).values_list("name", flat=True))
    for name in sorted(names - livekit.rooms(names, ground=ground, now=now) if names else ()):
        body = json.dumps({"room": {"name": name}})
        take(subprocessor=livekit.KEY, event_id=f"looked:{name}", kind="room_finished", body=body, now=now)


def _end_of(room: VideoRoom) -> Ground:
    return necessary("end_of_use", subject_id=room.account_id, file_id=room.file_id)
