"""Which message is due in which part of a phase: one table, and one function that sweep and sending both ask. Pure.

A message is due for as long as what it says is true: a late sweep sends what is still true, and nothing that isn't.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lifecycle.phases import Phase
from lifecycle.states import Name
from privacy.clocks import legal_day, start_of


class Kind(StrEnum):
    """The messages."""

    TRIAL_WEEK = "trial_week"
    TRIAL_DAY = "trial_day"
    GRACE = "grace"
    FREE_LISTING = "free_listing"


@dataclass(frozen=True, slots=True)
class Notice:
    """One row: in which phase, and from how many days before its end (None: from its beginning)."""

    kind: Kind
    phase: Name
    days_before_end: int | None = None


# A later row of the same phase replaces an earlier one as soon as it is due.
NOTICES = (
    Notice(Kind.TRIAL_WEEK, Name.TRIAL, 7),
    Notice(Kind.TRIAL_DAY, Name.TRIAL, 1),
    Notice(Kind.GRACE, Name.GRACE),
    Notice(Kind.FREE_LISTING, Name.FREE_LISTING),
)


def notice_due(phase: Phase, now: datetime) -> Kind | None:
    """The message that is true and due at ``now`` in ``phase``, whether or not it was sent already."""
    due = [one.kind for one in NOTICES if one.phase is phase.name and _has_come(one, phase, now)]
    return due[-1] if due else None


def _has_come(one: Notice, phase: Phase, now: datetime) -> bool:
    """Whether the part of the phase has begun that the notice is about; days before the end count from local midnights."""
    if one.days_before_end is None or phase.next_change is None:
        return True
    day = legal_day(phase.next_change, phase.jurisdiction) - timedelta(days=one.days_before_end)
    return start_of(day, phase.jurisdiction) <= now
