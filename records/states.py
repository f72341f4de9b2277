"""The moves of a consultation, as a table: from, event, to, by whom. Nothing else may move it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a consultation is. DISCARDED has no row any more."""

    NONE = "none"
    DRAFT = "draft"
    SIGNED = "signed"
    DISCARDED = "discarded"
    STRUCK = "struck"


class Event(StrEnum):
    """What can happen to it."""

    START = "start"
    SAVE = "save"
    SIGN = "sign"
    AMEND = "amend"
    DISCARD = "discard"
    STRIKE = "strike"


class By(StrEnum):
    """Who may make the move."""

    TREATING = "treating practitioner"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table."""

    start: State
    event: Event
    to: State
    by: By


MOVES = (
    Move(State.NONE, Event.START, State.DRAFT, By.TREATING),
    Move(State.DRAFT, Event.SAVE, State.DRAFT, By.AUTHOR),
    Move(State.DRAFT, Event.SIGN, State.SIGNED, By.AUTHOR),
    Move(State.DRAFT, Event.DISCARD, State.DISCARDED, By.AUTHOR),
    Move(State.SIGNED, Event.AMEND, State.SIGNED, By.AUTHOR),
    Move(State.SIGNED, Event.STRIKE, State.STRUCK, By.AUTHOR),
)


def move(start: str, event: Event) -> Move | None:
    """The move that ``event`` makes from ``start``, or None when there is none."""
    return next((m for m in MOVES if m.start == start and m.event is event), None)
