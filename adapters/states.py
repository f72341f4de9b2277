"""The moves of what goes out, comes in and has to be stopped, as tables: from, event, to, by whom. Nothing else may move it.

Under way is no state of its own: a row that waits and is claimed is under way until its lease is over.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from privacy.wording import gettext_noop as _


class State(StrEnum):
    """Where a row stands. ``DONE``: sent, applied or stopped."""

    WAITING = _("waiting")
    DONE = _("done")
    DROPPED = _("dropped")
    UNKNOWN = _("unknown")
    FAILED = _("failed")


class Event(StrEnum):
    """What can happen to it."""

    RETRY = "retry"
    DO = "do"
    REFUSE = "refuse"
    NOT_KNOW = "not know"
    GIVE_OUT = "give out"
    TRY_AGAIN = "try again"
    GIVE_UP = "give up"
    ASK_ANEW = "ask anew"


class By(StrEnum):
    """Who makes the move."""

    WORKER = "worker"
    WITHDRAWAL = "withdrawal"
    OFFICE = "office"
    ASKER = "asker"
    """Whoever asked for it asks for another in its place."""


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a table."""

    start: State
    event: Event
    to: State
    by: frozenset[By]


_WORKER: Final = frozenset({By.WORKER})
_OFFICE: Final = frozenset({By.OFFICE})

COMMON: Final = (
    Move(State.WAITING, Event.DO, State.DONE, _WORKER),
    Move(State.WAITING, Event.RETRY, State.WAITING, _WORKER),
    Move(State.WAITING, Event.GIVE_OUT, State.FAILED, _WORKER),
    Move(State.FAILED, Event.TRY_AGAIN, State.WAITING, _OFFICE),
    Move(State.FAILED, Event.GIVE_UP, State.DROPPED, _OFFICE),
)
OUTGOING: Final = (
    *COMMON,
    Move(State.WAITING, Event.REFUSE, State.DROPPED, frozenset({By.WORKER, By.WITHDRAWAL})),
    Move(State.FAILED, Event.ASK_ANEW, State.DROPPED, frozenset({By.ASKER})),
)
INCOMING: Final = (
    *COMMON,
    Move(State.WAITING, Event.NOT_KNOW, State.UNKNOWN, _WORKER),
    Move(State.UNKNOWN, Event.TRY_AGAIN, State.WAITING, _OFFICE),
    Move(State.UNKNOWN, Event.GIVE_UP, State.DROPPED, _OFFICE),
)
STOP: Final = (
    *COMMON[:-1],  # nobody gives up telling a service that a consent is withdrawn
    Move(State.WAITING, Event.REFUSE, State.DROPPED, _WORKER),
)


def move(table: tuple[Move, ...], start: str, event: Event, by: By) -> State | None:
    """Where ``event`` leads from ``start`` when ``by`` makes it, or None: not from here, or not by them."""
    found = (one for one in table if one.start == start and one.event is event and by in one.by)
    return next((one.to for one in found), None)
