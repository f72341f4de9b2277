"""The phases of an account as a table of moves: from, event, to, by whom. Nothing else moves it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from privacy.clocks import Period

GRACE = Period(days=7)
"""What follows the end of a trial or of a subscription (PC-31)."""


class Name(StrEnum):
    """The phases. NONE: no contract was ever begun, so nothing but the account itself is open."""

    NONE = "none"
    TRIAL = "trial"
    GRACE = "grace"
    FREE_LISTING = "free_listing"
    SUBSCRIBED = "subscribed"


class Event(StrEnum):
    """What can happen: the first three are stored facts, the others are the clock's."""

    TRIAL_STARTED = "trial_started"
    SUBSCRIBED = "subscribed"
    SUBSCRIPTION_ENDED = "subscription_ended"
    TRIAL_OVER = "trial_over"
    GRACE_OVER = "grace_over"


class By(StrEnum):
    """Who may make the move."""

    SIGN_UP = "sign-up"
    HOLDER = "holder or operations"
    CLOCK = "the clock"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table."""

    start: Name
    event: Event
    to: Name
    by: By


MOVES = (
    Move(Name.NONE, Event.TRIAL_STARTED, Name.TRIAL, By.SIGN_UP),
    Move(Name.TRIAL, Event.TRIAL_OVER, Name.GRACE, By.CLOCK),
    Move(Name.GRACE, Event.GRACE_OVER, Name.FREE_LISTING, By.CLOCK),
    Move(Name.TRIAL, Event.SUBSCRIBED, Name.SUBSCRIBED, By.HOLDER),
    Move(Name.GRACE, Event.SUBSCRIBED, Name.SUBSCRIBED, By.HOLDER),
    Move(Name.FREE_LISTING, Event.SUBSCRIBED, Name.SUBSCRIBED, By.HOLDER),
    Move(Name.SUBSCRIBED, Event.SUBSCRIPTION_ENDED, Name.GRACE, By.HOLDER),
)


def move(start: Name, event: Event) -> Move | None:
    """The move that ``event`` makes from ``start``, or None when there is none."""
    return next((m for m in MOVES if m.start is start and m.event is event), None)


def by_clock(start: Name) -> Move | None:
    """The move that time alone makes from ``start``, or None when the phase lasts until somebody acts."""
    return next((m for m in MOVES if m.start is start and m.by is By.CLOCK), None)
