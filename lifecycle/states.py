"""The phases of an account as a table of moves: from, event, to, by whom. Nothing else moves it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from privacy.clocks import Period

GRACE = Period(days=7)
"""What follows the end of a trial or of a subscription (PC-31)."""


class Name(StrEnum):
    """The phases. NONE: no contract was ever begun, so nothing but the account itself is open.

    The last two lie over the contract's phase, which goes on beneath and is back when the request ends.
    """

    NONE = "none"
    TRIAL = "trial"
    GRACE = "grace"
    FREE_LISTING = "free_listing"
    SUBSCRIBED = "subscribed"
    DELETION_PENDING = "deletion_pending"
    CLOSED = "closed"


LEAVING = (Name.DELETION_PENDING, Name.CLOSED)
"""The phases of an account whose deletion was asked for; they follow from lifecycle/deletion/rules.py."""

OF_CONTRACT = tuple(name for name in Name if name not in LEAVING)


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
    SHIELD = "a change of e-mail or factor in the last seven days"


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


class Over(StrEnum):
    """What takes an account out of its contract's phase, and back."""

    REQUESTED = "deletion_requested"
    WITHDRAWN = "deletion_withdrawn"
    STOPPED = "deletion_stopped"
    DUE = "deletion_due"


@dataclass(frozen=True, slots=True)
class OverMove:
    """One row of the table over the contract's; None is whatever phase the contract is in."""

    start: Name | None
    event: Over
    to: Name | None
    by: By


OVER_MOVES = (
    OverMove(None, Over.REQUESTED, Name.DELETION_PENDING, By.HOLDER),
    OverMove(Name.DELETION_PENDING, Over.WITHDRAWN, None, By.HOLDER),
    OverMove(Name.DELETION_PENDING, Over.STOPPED, None, By.SHIELD),
    OverMove(Name.DELETION_PENDING, Over.DUE, Name.CLOSED, By.CLOCK),
)


def move(start: Name, event: Event) -> Move | None:
    """The move that ``event`` makes from ``start``, or None when there is none."""
    return next((m for m in MOVES if m.start is start and m.event is event), None)


def by_clock(start: Name) -> Move | None:
    """The move that time alone makes from ``start``, or None when the phase lasts until somebody acts."""
    return next((m for m in MOVES if m.start is start and m.by is By.CLOCK), None)
