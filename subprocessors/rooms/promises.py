"""PC-95: a video room is open as long as both agree, under a name that says nothing; recorded only when both said so."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from adapters import livekit
from adapters.boxes.refs import minted
from adapters.models import Egress
from consents.models import Stop
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.promises import Measure, promise
from privacy.refusals import Refused
from subprocessors.rooms.actions import ground_of
from subprocessors.rooms.models import VideoRoom

STOPPED_WITHIN: Final = timedelta(minutes=5)
SWEPT_WITHIN: Final = timedelta(hours=2)


@promise("PC-95", checked_by="tests/subprocessors/test_rooms.py")
def a_room_is_open_while_both_agree(now: datetime) -> Measure:
    """No open room and no recording without both sides' yes, none forgotten, none named by an id; each call had its ground."""
    rooms = list(VideoRoom.objects.all())
    grounds = [f"{wish}+{livekit.SWITCH}" for wish in (TELECONSULTATION, RECORDING)]
    lines = Egress.objects.filter(subprocessor=livekit.KEY)
    broken = {
        "rooms_without_both_sides_yes": sum(not _agreed(room, TELECONSULTATION, now) for room in rooms),
        "recordings_without_both_sides_yes": sum(bool(r.recording) and not _agreed(r, RECORDING, now) for r in rooms),
        "rooms_open_too_long": sum(room.until < now - SWEPT_WITHIN for room in rooms),
        "rooms_with_a_name_that_isnt_random": sum(not livekit.NAME.fullmatch(room.name) for room in rooms),
        "calls_on_another_ground": lines.exclude(Q(ground__in=grounds) | Q(ground="end_of_use")).count(),
    }
    figures = {"rooms_open": len(rooms), "calls": lines.count(), "recorded_now": sum(bool(r.recording) for r in rooms)}
    return Measure(not any(broken.values()), figures | broken)


def _agreed(room: VideoRoom, wish: str, now: datetime) -> bool:
    """Whether both say yes, or said no so lately that a worker is still at it."""
    try:
        with minted(ground_of(room.account_id, room.file_id, wish), now):
            return True
    except Refused:
        about = Q(subject_id__in=(room.account_id, room.file_id))
        return Stop.objects.filter(about, name__startswith="livekit_", asked_at__gte=now - STOPPED_WITHIN).exists()
