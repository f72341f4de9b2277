"""Payments leave ten years after the end of their accounting year (PC-44), and not before what follows them: an agreement to
charge again stays as long as its last charge, a payment as long as its last refund.
"""

from datetime import date, datetime
from typing import Any, Final

from django.db.models import Max, Min, QuerySet
from django.db.models.functions import Greatest

from adapters.models import Payment
from audit.actors import Actor
from lifecycle.expiring.terms import ONE_DAY, ended_by, last_day
from lifecycle.sweeping import Outcome
from privacy.clocks import end_of_year, legal_day, start_of
from privacy.retention import Anchor

RULE: Final = "PC-44"
NAME: Final = "PC-44.payments"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Let go what is past its term, refunds and charges before what they follow."""
    due = past(legal_day(now))
    oldest = due.aggregate(at=Min("last_at"))["at"]
    found = Outcome(due=due.count(), since=leaves_on(legal_day(oldest)) if oldest else None)
    while not dry_run and (gone := _without_children(due).delete()[0]):
        found.done += gone
    return {NAME: found}


def payments() -> QuerySet[Any]:
    """All of them, with the moment of the last that follows: a charge of an order, a refund of either."""
    last = Greatest("asked_at", Max("children__asked_at"), Max("children__children__asked_at"))
    return Payment.objects.annotate(last_at=last)


def past(today: date) -> QuerySet[Any]:
    """Payments whose last accounting year is over for its whole term."""
    last = ended_by(RULE, Anchor.ACCOUNTING_YEAR_END, today)
    year = last.year if last == end_of_year(last) else last.year - 1
    return payments().filter(last_at__lt=start_of(date(year + 1, 1, 1)))


def leaves_on(day: date) -> date:
    """The day on which a payment of ``day`` is let go."""
    return last_day(RULE, Anchor.ACCOUNTING_YEAR_END, end_of_year(day)) + ONE_DAY


def _without_children(due: QuerySet[Any]) -> QuerySet[Payment]:
    numbers = list(due.values_list("pk", flat=True))
    return Payment.objects.filter(pk__in=numbers, children=None)
