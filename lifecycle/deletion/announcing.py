"""What a request to delete an account obliged us to say, and when: read from its events alone, apart from what sends it. Pure (PC-34).

Whoever sends asks :func:`lifecycle.deletion.messages.message_due` what is true now. This asks of each event on record what had
to be said about it, so that the one can be held against the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from lifecycle.deletion.messages import AFTER, STILL_NEWS, Message
from lifecycle.deletion.rules import Fact, Kind
from privacy.clocks import legal_day, start_of

GRACE = timedelta(hours=2)
"""The sweep runs each hour, and what it queues has another hour to leave."""
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One message that had to be sent from ``start`` on and was true until ``end``; ``since`` is the moment it is about."""

    account_id: UUID
    kind: Message
    since: datetime
    start: datetime
    end: datetime

    def is_owed(self, now: datetime) -> bool:
        """Whether there was time to send it: what was true for less than that needn't have been said."""
        return min(self.end, now) - self.start >= GRACE


def announcements(account_id: UUID, facts: Sequence[Fact]) -> Iterator[Announcement]:
    """Every message that an account's events ask for, in their order, coming ones too."""
    for fact, after in pairwise([*facts, None]):
        assert fact is not None  # noqa: S101 - None stands at the end alone
        if fact.kind is Kind.REQUESTED and fact.execute_at:
            until = min(fact.execute_at, after.at) if after else fact.execute_at
            yield from _waiting(account_id, fact.at, fact.execute_at, until)
        elif fact.kind in AFTER:
            end = fact.at + STILL_NEWS
            yield Announcement(account_id, AFTER[fact.kind], fact.at, fact.at, min(end, after.at) if after else end)


def _waiting(account_id: UUID, since: datetime, execute_at: datetime, until: datetime) -> Iterator[Announcement]:
    """Start, seven days, one day: each from its local midnight until the next one's, none after ``until``."""
    last = legal_day(execute_at)
    starts = [since, *(max(since, start_of(last - before)) for before in (WEEK, DAY)), execute_at]
    for kind, (start, end) in zip((Message.REQUESTED, Message.WEEK, Message.DAY), pairwise(starts), strict=True):
        if start < min(end, until):
            yield Announcement(account_id, kind, since, start, min(end, until))
