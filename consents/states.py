"""The state of every switch, folded from the facts of the ledger and stored nowhere. Pure.

A fact is an act of a person. Nothing else moves a state: no default, no silence, no configuration.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from consents.notices import slot_of, slots
from privacy.patient_keys import EVERY_KEY
from privacy.wording import gettext_noop as _


class Action(StrEnum):
    """What an entry of the ledger says was done."""

    GIVEN = _("given")
    RENEWED = _("renewed")
    REFUSED = _("refused")
    WITHDRAWN = _("withdrawn")


class Position(StrEnum):
    """Where a switch stands. Unset and off both mean no; only off was somebody's act."""

    UNSET = _("not chosen")
    ON = _("on")
    OFF = _("off")


RESULT = {
    Action.GIVEN: Position.ON,
    Action.RENEWED: Position.ON,
    Action.REFUSED: Position.OFF,
    Action.WITHDRAWN: Position.OFF,
}

# (where the switch stands, wanted on) → the act; what isn't here changes nothing.
MOVES = {
    (Position.UNSET, True): Action.GIVEN,
    (Position.UNSET, False): Action.REFUSED,
    (Position.OFF, True): Action.GIVEN,
    (Position.ON, False): Action.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What the fold reads of an entry. ``number`` counts the subject's entries from 1."""

    number: int
    key: str
    child: str
    action: Action
    at: datetime
    text_number: int
    policy_number: int = 0

    @property
    def slot(self) -> str:
        """The switch the fact is about."""
        return slot_of(self.key, self.child)


@dataclass(frozen=True, slots=True)
class State:
    """Where a switch stands, since when, and by which entry; ``by_parent``: its parent's entry."""

    position: Position = Position.UNSET
    since: datetime | None = None
    number: int = 0
    text_number: int = 0
    by_parent: bool = False
    policy_number: int = 0

    @property
    def on(self) -> bool:
        """Whether the processing may take place."""
        return self.position is Position.ON


def fold(facts: Iterable[Fact], over: Sequence[str] | None = None) -> dict[str, State]:
    """The state of each switch of ``over`` (an account's) after ``facts``, given in the order of their numbers (PC-11).

    A parent that goes off takes its children with it, and one that comes back brings none; a child
    is never on under a parent that is off (PC-22).
    """
    states = dict.fromkeys(slots() if over is None else over, State())
    for fact in facts:
        orphan = bool(fact.child) and not states[fact.key].on
        states[fact.slot] = _after(fact, by_parent=orphan)
        if not fact.child and not states[fact.slot].on:
            for slot in children_of(fact.key):
                if states[slot].on:
                    states[slot] = _after(fact, by_parent=True)
    return states


def move(state: State, *, on: bool, text_number: int, policy_number: int = 0) -> Action | None:
    """The act that a choice amounts to, or None where it changes nothing.

    Agreeing again counts only where the wording has moved on since: then it replaces (PC-13). ``policy_number`` is given
    where the policy is part of what is agreed to: a newer one counts as a newer wording (MD-13).
    """
    if on and state.on and (text_number > state.text_number or policy_number > state.policy_number):
        return Action.RENEWED
    return MOVES.get((state.position, on))


def ended_at(facts: Iterable[Fact], number: int) -> datetime | None:
    """When what entry ``number`` established came to its end; None while it holds (PC-13).

    A yes ends with the next entry of its switch or its parent's withdrawal. A no establishes
    nothing that lasts: it ends at its own moment.
    """
    ordered = list(facts)
    start = next(fact for fact in ordered if fact.number == number)
    if RESULT[start.action] is Position.OFF:
        return start.at
    later = (fact for fact in ordered if fact.number > number and _ends(fact, start))
    return next((fact.at for fact in later), None)


def children_of(key: str) -> tuple[str, ...]:
    """The switches under ``key``."""
    return tuple(slot_of(key, child.key) for child in EVERY_KEY[key].children)


def _after(fact: Fact, *, by_parent: bool = False) -> State:
    position = Position.OFF if by_parent else RESULT[fact.action]
    return State(position, fact.at, fact.number, fact.text_number, by_parent, fact.policy_number)


def _ends(fact: Fact, start: Fact) -> bool:
    parent_off = fact.slot == start.key and RESULT[fact.action] is Position.OFF
    return fact.slot == start.slot or parent_off
