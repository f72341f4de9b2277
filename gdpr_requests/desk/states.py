"""Where a request can stand, and what moves it: a table (from, event, to, by whom)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """Where a request stands."""

    RECEIVED = "received", _("received")
    IDENTITY = "identity", _("waiting for proof of identity")
    IN_PROGRESS = "in_progress", _("in progress")
    EXTENDED = "extended", _("extended")
    ANSWERED = "answered", _("answered")
    CLOSED = "closed", _("closed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Event(StrEnum):
    """What happens to a request. ``NOTE`` is a message of either side that moves nothing."""

    FILE = "file"
    NOTE = "note"
    ASK_IDENTITY = "ask_identity"
    PROVE = "prove"
    TAKE = "take"
    EXTEND = "extend"
    ANSWER = "answer"
    CLOSE = "close"
    WITHDRAW = "withdraw"


class By(StrEnum):
    """Which side may."""

    HANDLER = "handler"
    PERSON = "person"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table."""

    to: State
    by: frozenset[By]


_HANDLER: Final = frozenset({By.HANDLER})
_EITHER: Final = frozenset({By.HANDLER, By.PERSON})
_OPEN: Final = (State.RECEIVED, State.IDENTITY, State.IN_PROGRESS, State.EXTENDED)

MOVES: Final[dict[tuple[State, Event], Move]] = {
    (State.RECEIVED, Event.ASK_IDENTITY): Move(State.IDENTITY, _HANDLER),
    (State.IN_PROGRESS, Event.ASK_IDENTITY): Move(State.IDENTITY, _HANDLER),
    (State.RECEIVED, Event.PROVE): Move(State.IN_PROGRESS, _HANDLER),
    (State.IDENTITY, Event.PROVE): Move(State.IN_PROGRESS, _HANDLER),
    (State.IN_PROGRESS, Event.PROVE): Move(State.IN_PROGRESS, _HANDLER),
    (State.EXTENDED, Event.PROVE): Move(State.EXTENDED, _HANDLER),
    (State.RECEIVED, Event.TAKE): Move(State.IN_PROGRESS, _HANDLER),
    (State.RECEIVED, Event.EXTEND): Move(State.EXTENDED, _HANDLER),
    (State.IDENTITY, Event.EXTEND): Move(State.EXTENDED, _HANDLER),
    (State.IN_PROGRESS, Event.EXTEND): Move(State.EXTENDED, _HANDLER),
    (State.ANSWERED, Event.CLOSE): Move(State.CLOSED, frozenset({By.HANDLER, By.CLOCK})),
    **{(state, Event.ANSWER): Move(State.ANSWERED, _HANDLER) for state in _OPEN},
    **{(state, Event.WITHDRAW): Move(State.WITHDRAWN, _EITHER) for state in _OPEN},
    **{(state, Event.NOTE): Move(state, _EITHER) for state in (*_OPEN, State.ANSWERED)},
}
"""What isn't here can't happen."""


def move(state: str, event: Event) -> Move | None:
    """The row for ``event`` in ``state``, or None when it can't happen."""
    return MOVES.get((State(state), event))


DONE: Final = (State.ANSWERED, State.CLOSED, State.WITHDRAWN)
"""No answer is owed any more."""
OVER: Final = (State.CLOSED, State.WITHDRAWN)
"""Nothing happens any more; the three years of PC-52 run."""
