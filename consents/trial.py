"""A person who doesn't exist decides for real on the live database, and all of it is undone.

What the promises PC-12 and PC-16 say is an act with an effect; they are measured by doing it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actors import Actor
from consents import queries
from consents.actions import decide
from privacy.ids import new_id


@dataclass(frozen=True, slots=True)
class Trial:
    """The person of a trial, at one moment."""

    subject_id: UUID
    now: datetime

    def turn(self, slot: str, *, on: bool) -> bool:
        """Turn a switch by the one action of the page; whether it then stands as asked."""
        key, _dot, child = slot.partition(".")
        by = Actor(account_id=self.subject_id, role="practitioner", channel="trial")
        decide(
            subject_id=self.subject_id, key=key, child=child, on=on, by=by, language="en", channel="trial", now=self.now
        )
        return queries.is_live(self.subject_id, key, child, now=self.now) is on

    def turns_both_ways(self, slot: str) -> bool:
        """Whether one act each turns a switch on, off, and on again (children need their parent on)."""
        return all(self.turn(slot, on=position) for position in (True, False, True))

    def core_is_open(self) -> bool:
        """Whether the core functions are open to the person of the trial."""
        return queries.core_open(self.subject_id, now=self.now) is None


@contextmanager
def trial(now: datetime) -> Iterator[Trial]:
    """A trial; nothing of it stays."""
    with transaction.atomic():
        yield Trial(new_id(), now)
        transaction.set_rollback(True)
