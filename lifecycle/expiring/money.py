"""Payments leave ten years after the end of their accounting year (PC-44), the youngest of a chain first."""

from datetime import date, datetime
from typing import Final

from django.db.models import Min, QuerySet

from adapters.models import Payment
from audit.actors import Actor
from lifecycle.expiring.terms import ONE_DAY, ended_by, last_day
from lifecycle.sweeping import Outcome
from privacy.clocks import end_of_year, legal_day, start_of
from privacy.retention import Anchor

RULE: Final = "PC-44"
NAME: Final = "PC-44.payments"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Let go what is past its term. What something younger follows stays with it."""
    due = past(legal_day(now))
    oldest = due.aggregate(at=Min("asked_at"))["at"]
    found = Outcome(due=due.count(), since=leaves_on(legal_day(oldest)) if oldest else None)
    while not dry_run and (gone := due.filter(children=None).delete()[0]):
        found.done += gone
    return {NAME: found}


def past(today: date) -> QuerySet[Payment]:
    """Payments of accounting years whose term is over."""
    last = ended_by(RULE, Anchor.ACCOUNTING_YEAR_END, today)
    year = last.year if last == end_of_year(last) else last.year - 1
    return Payment.objects.filter(asked_at__lt=start_of(date(year + 1, 1, 1)))


def leaves_on(day: date) -> date:
    """The day on which a payment of ``day`` is let go."""
    return last_day(RULE, Anchor.ACCOUNTING_YEAR_END, end_of_year(day)) + ONE_DAY
