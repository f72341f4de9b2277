"""The circuit breaker's measure: what the forecast said beforehand would leave (NEW-04).

Each day's first sweep stores what leaves until each of the next days, months and years. A destroying rule is
compared with what was said on an earlier day: a wrong fact or a wrong clock shows as far more due than was foreseen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final

from lifecycle.models import Forecasted
from privacy.clocks import add_years, legal_day
from privacy.forecast import Forecast, simulate

NEAR_DAYS: Final = 8
FAR_YEARS: Final = 60
KEPT_DAYS: Final = 40
TIMES, SLACK = 2, 100


def too_many(due: int, expected: int | None) -> bool:
    """Whether more is due than any forecast can have meant. Without a forecast nothing was expected."""
    return due > TIMES * (expected or 0) + SLACK


def expected(kind: str, now: datetime) -> int | None:
    """How many rows of ``kind`` were to leave until today, as last said on an earlier day; None if nothing was said."""
    today = legal_day(now)
    said = Forecasted.objects.filter(taken_on__lt=today).order_by("-taken_on").first()
    if said is None:
        return None
    until = {date.fromisoformat(day): count for day, count in said.counts.get(kind, {}).items()}
    later = [day for day in until if day >= today]
    return until[min(later)] if later else max(until.values(), default=0)


def take_snapshot(now: datetime) -> bool:
    """Store today's forecast unless it is stored; forget those of more than 40 days ago. Whether it was taken now."""
    today = legal_day(now)
    if Forecasted.objects.filter(taken_on=today).exists():
        return False
    futures = _futures(today, now)
    kinds = {kind for _, so_far in futures for kind in so_far}
    counts = {kind: {day.isoformat(): so_far[kind] for day, so_far in futures} for kind in kinds}
    _, made = Forecasted.objects.get_or_create(taken_on=today, defaults={"counts": counts})
    Forecasted.objects.filter(taken_on__lt=today - timedelta(days=KEPT_DAYS)).delete()
    return made


def _futures(today: date, now: datetime) -> list[tuple[date, Counter[str]]]:
    """Days ahead with what leaves until then: each of the next eight, then the end of each month in which some leaves."""
    near = [today + timedelta(days=count) for count in range(1, NEAR_DAYS + 1)]
    futures = [(day, _by_kind(simulate(day, now))) for day in near]
    months: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for line in simulate(add_years(today, FAR_YEARS), now).leaves:
        months[_last_day(line.month)][line.kind] += line.count
    ends = sorted(months)
    sums: Iterable[Counter[str]] = accumulate((months[day] for day in ends), lambda one, more: one + more)
    return [*futures, *((day, so_far) for day, so_far in zip(ends, sums, strict=True) if day > near[-1])]


def _by_kind(future: Forecast) -> Counter[str]:
    kinds: Counter[str] = Counter()
    for line in future.leaves:
        kinds[line.kind] += line.count
    return kinds


def _last_day(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
