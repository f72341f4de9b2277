"""Counts of use leave at their term (PC-19, PC-43)."""

from datetime import datetime
from typing import Final

from audit.actors import Actor
from consents.usage import queries
from lifecycle.sweeping import Outcome

NAME: Final = "PC-43.usage"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Delete the entries past their year."""
    due = queries.past_term(now)
    found = Outcome(due=due.count())
    if not dry_run:
        found.done = due.delete()[0]
    return {NAME: found}
