"""The admin's own log of what the office changed leaves a year after the act (PC-46)."""

from datetime import datetime
from typing import Final

from django.contrib.admin.models import LogEntry
from django.db.models import Min, QuerySet

from audit.actors import Actor
from lifecycle.expiring.terms import ONE_DAY, ended_by, last_day
from lifecycle.sweeping import Outcome
from privacy.clocks import end_of_term, legal_day
from privacy.retention import Anchor

NAME: Final = "PC-46.office"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Delete the lines whose year is over."""
    due = past_term(now)
    oldest = due.aggregate(at=Min("action_time"))["at"]
    since = last_day("PC-46", Anchor.EVENT, legal_day(oldest)) + ONE_DAY if oldest else None
    found = Outcome(due=due.count(), since=since)
    if not dry_run:
        found.done = due.delete()[0]
    return {NAME: found}


def past_term(now: datetime) -> QuerySet[LogEntry]:
    """The lines that may go."""
    return LogEntry.objects.filter(action_time__lt=end_of_term(ended_by("PC-46", Anchor.EVENT, legal_day(now))))
