"""Counts of pages leave at their term (PC-110)."""

from datetime import datetime
from typing import Final

from audit.actors import Actor
from consents.cookies import audience
from lifecycle.sweeping import Outcome

NAME: Final = "PC-110"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Delete the counts of days past their term."""
    due = audience.past_term(now)
    found = Outcome(due=due.count())
    if not dry_run:
        found.done = due.delete()[0]
    return {NAME: found}
