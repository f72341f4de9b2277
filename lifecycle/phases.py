"""The phase of an account, computed from its facts and the clock whenever it is asked for. Pure.

Days are counted as in :mod:`privacy.clocks`: a term of n days doesn't count the day it starts in, and ends at the
midnight after its last day on the calendar of the account's jurisdiction. So a trial of 30 days begun on 1 March, at
whatever hour, ends when 31 March does; the seven days of grace that follow end when 7 April does. A change to or from
summer time, or a 29 February, moves no boundary off its midnight. At the boundary second the next phase has begun.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lifecycle.states import GRACE, Event, Name, by_clock, move
from privacy.clocks import Jurisdiction, Period, end_of_term, legal_day

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Fact:
    """What the fold reads of a stored event. ``until``: the end of the trial that it began."""

    event: Event
    at: datetime
    until: datetime | None
    jurisdiction: Jurisdiction


@dataclass(frozen=True, slots=True)
class Phase:
    """Where an account is, since when, and when the clock alone moves it on (None: never)."""

    name: Name
    since: datetime | None = None
    next_change: datetime | None = None
    jurisdiction: Jurisdiction = Jurisdiction.FR

    @property
    def then(self) -> Name | None:
        """The phase that follows at :attr:`next_change`."""
        if self.name is Name.DELETION_PENDING:
            return Name.CLOSED
        following = by_clock(self.name)
        return following.to if following else None

    @property
    def first_day(self) -> date | None:
        """The day it began on, on its own calendar."""
        return legal_day(self.since, self.jurisdiction) if self.since else None

    @property
    def last_day(self) -> date | None:
        """The last day of the phase on its own calendar. Of the contract's phases each ends when this day does."""
        return legal_day(self.next_change - _INSTANT, self.jurisdiction) if self.next_change else None


def term_end(start: datetime, length: Period, jurisdiction: Jurisdiction) -> datetime:
    """When a term ends that begins at ``start``, in UTC.

    A term that begins at midnight begins with the end of the day before, so its first day counts whole.
    """
    return end_of_term(length.after(legal_day(start - _INSTANT, jurisdiction)), jurisdiction)


def phase_of(facts: Iterable[Fact], now: datetime) -> Phase:
    """The phase at ``now`` after ``facts``, given in the order of their numbers (PC-30 to PC-33).

    Facts after ``now`` don't count yet; one that the table has no move for changes nothing. A subscription uses up
    what was left of the trial: when it ends, grace begins.
    """
    phase = Phase(Name.NONE)
    for fact in facts:
        if fact.at > now:
            break
        phase = _after(_at(phase, fact.at), fact)
    return _at(phase, now)


def _after(phase: Phase, fact: Fact) -> Phase:
    made = move(phase.name, fact.event)
    return _begun(made.to, fact.at, fact.jurisdiction, fact.until) if made else phase


def _at(phase: Phase, now: datetime) -> Phase:
    """``phase`` moved on by the clock alone."""
    while phase.next_change is not None and phase.next_change <= now and phase.then is not None:
        phase = _begun(phase.then, phase.next_change, phase.jurisdiction)
    return phase


def _begun(name: Name, at: datetime, jurisdiction: Jurisdiction, until: datetime | None = None) -> Phase:
    end = term_end(at, GRACE, jurisdiction) if name is Name.GRACE else until if name is Name.TRIAL else None
    return Phase(name, at, end, jurisdiction)
