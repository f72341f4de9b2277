"""The circuit breaker of each way out: after failures in a row nothing is tried for a while, then one call tries it.

The state is one row in PostgreSQL, so that all processes rest together. A way that works has no row, or one with no failures.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from adapters.models import Breaker

OPENS_AFTER: Final = 5
"""Failures in a row."""
FIRST_REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(minutes=10)
TRYING: Final = timedelta(seconds=60)
"""How long the one call that tries has before the next may: longer than any call."""


def resting_until(subprocessor: str, now: datetime) -> datetime | None:
    """Until when nothing may be tried; None if it may, and then the caller is the only one who tries."""
    row = Breaker.objects.filter(pk=subprocessor).first()
    if row is None or row.until is None:
        return None
    if now < row.until:
        return row.until
    leased = now + TRYING
    won = Breaker.objects.filter(pk=subprocessor, until=row.until).update(until=leased)
    return None if won else leased


def rests_until(subprocessor: str, now: datetime) -> datetime | None:
    """Until when nothing may be tried; None if something may. For whoever only looks: the one try is left to whoever calls."""
    row = Breaker.objects.filter(pk=subprocessor, until__gt=now).first()
    return row.until if row else None


@transaction.atomic
def failed(subprocessor: str, now: datetime) -> None:
    """One more failure in a row; from the fifth on it rests, twice as long each time, ten minutes at most."""
    Breaker.objects.get_or_create(pk=subprocessor, defaults={"failed_at": now})
    row = Breaker.objects.select_for_update().get(pk=subprocessor)
    row.failures += 1
    row.failed_at = now
    if row.failures >= OPENS_AFTER:
        row.opened_at = row.opened_at or now
        row.until = now + rest_after(row.failures)
    row.save()


def succeeded(subprocessor: str) -> None:
    """The service answers: all is well again."""
    Breaker.objects.filter(pk=subprocessor, failures__gt=0).update(failures=0, opened_at=None, until=None)


def rest_after(failures: int) -> timedelta:
    """How long to rest after so many failures in a row."""
    doublings = min(max(failures - OPENS_AFTER, 0), 10)
    return min(FIRST_REST * (1 << doublings), LONGEST_REST)
