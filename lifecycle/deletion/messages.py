"""Which message about a deletion is due: start, seven days, one day, withdrawn, stopped. Pure (PC-34).

The last one, at the end, is the certificate's (lifecycle/erasure). A late sweep sends what is still true, and nothing else.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.deletion.rules import Kind, Standing, State
from privacy.clocks import legal_day, start_of

STILL_NEWS = timedelta(days=7)
"""How long after a withdrawal or a stop its message is still worth sending."""


class Message(StrEnum):
    """The messages; also the names of their templates."""

    REQUESTED = "deletion_requested"
    WEEK = "deletion_week"
    DAY = "deletion_day"
    WITHDRAWN = "deletion_withdrawn"
    STOPPED = "deletion_stopped"


WAITING = frozenset({Message.REQUESTED, Message.WEEK, Message.DAY})
"""Those that are true as long as the request stands."""
BY_DAY = frozenset({Message.WEEK, Message.DAY})
"""Those that come due at midnight: as a text message they wait for the morning."""
BEFORE = ((1, Message.DAY), (7, Message.WEEK))
AFTER = {Kind.WITHDRAWN: Message.WITHDRAWN, Kind.STOPPED: Message.STOPPED}


def message_due(standing: Standing, now: datetime) -> tuple[Message, datetime] | None:
    """The message that is true and due at ``now``, and the moment it is about (once for each such moment)."""
    if standing.state is State.PENDING and standing.requested_at and standing.execute_at:
        return _waiting(standing.execute_at, now), standing.requested_at
    last = standing.last
    if standing.state is State.NONE and last and last.kind in AFTER and now < last.at + STILL_NEWS:
        return AFTER[last.kind], last.at
    return None


def _waiting(execute_at: datetime, now: datetime) -> Message:
    """Days before the instant count from local midnights."""
    for days, message in BEFORE:
        if start_of(legal_day(execute_at) - timedelta(days=days)) <= now:
            return message
    return Message.REQUESTED
