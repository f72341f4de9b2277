"""Months of the ledger: UTC months, named by their first day. Pure."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime


def month_of(moment: datetime) -> date:
    """The month of a moment."""
    return moment.astimezone(UTC).date().replace(day=1)


def later(month: date, count: int) -> date:
    """The month ``count`` months later."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def begins(month: date) -> datetime:
    """Its first moment."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def between(first: date, last: date) -> Iterator[date]:
    """All months from ``first`` to ``last``, both included."""
    while first <= last:
        yield first
        first = later(first, 1)


def term_ends(month: date, keep_months: int) -> datetime:
    """When a month may leave that is kept ``keep_months`` full months after its end."""
    return begins(later(month, keep_months + 1))


def months_after(moment: datetime, count: int) -> datetime:
    """The same clock ``count`` months later, on the month's last day where it has no such day (as PostgreSQL adds)."""
    utc = moment.astimezone(UTC)
    month = later(month_of(moment), count)
    return utc.replace(year=month.year, month=month.month, day=min(utc.day, monthrange(month.year, month.month)[1]))
