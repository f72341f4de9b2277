"""How long people wait for an answer, right by right: counted in PostgreSQL, the same for the office and for who asked (MD-44)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet
from django.db.models.functions import TruncDate

from gdpr_requests.desk.queries import limit
from gdpr_requests.desk.states import DONE, State
from gdpr_requests.models import Request
from privacy.clocks import ZONES, Jurisdiction, legal_day
from privacy.deadlines import Right

YEAR: Final = timedelta(days=365)
FEWEST: Final = 5
"""Below this many answers a median says more about one person than about the desk: it isn't shown outside the office."""


class Median(Aggregate):
    """The middle value; empty ones don't count."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one right: how many were asked, are open, overdue and answered; how many in time; how long it took.

    ``median`` and ``longest`` run from the receipt to the decision, whatever was waited for; None while none is answered.
    """

    right: Right
    asked: int
    open: int
    overdue: int
    answered: int
    in_time: int
    median: timedelta | None
    longest: timedelta | None

    @property
    def on_time(self) -> int | None:
        """The share answered in time, in whole per cent rounded down; None while none is answered."""
        return self.in_time * 100 // self.answered if self.answered else None

    @property
    def median_days(self) -> float | None:
        """The median in days, to a tenth."""
        return None if self.median is None else round(self.median / timedelta(days=1), 1)

    @property
    def longest_days(self) -> float | None:
        """The longest wait in days, to a tenth."""
        return None if self.longest is None else round(self.longest / timedelta(days=1), 1)


def paces(requests: QuerySet[Request], now: datetime) -> list[Pace]:
    """Right by right, in one statement; withdrawn requests were never to be answered."""
    took = ExpressionWrapper(F("decided_at") - F("received_at"), output_field=DurationField())
    waiting, decided = ~Q(state__in=DONE), Q(decided_at__isnull=False)
    rows = (
        requests.exclude(state=State.WITHDRAWN)
        .order_by()
        .annotate(last=limit(), decided_on=TruncDate("decided_at", tzinfo=ZONES[Jurisdiction.FR]), took=took)
        .values("right")
        .annotate(
            asked=Count("pk"),
            open=Count("pk", filter=waiting),
            overdue=Count("pk", filter=waiting & Q(last__lt=legal_day(now))),
            answered=Count("pk", filter=decided),
            in_time=Count("pk", filter=decided & Q(decided_on__lte=F("last"))),
            median=Median("took"),
            longest=Max("took"),
        )
    )
    found = {row["right"]: row for row in rows}
    return [Pace(**{**_plain(found[right.value]), "right": right}) for right in Right if right.value in found]


def lately(now: datetime) -> QuerySet[Request]:
    """What was received in the last twelve months."""
    return Request.objects.filter(received_at__gt=now - YEAR, received_at__lte=now)


def for_readers(rights: Iterable[str], now: datetime) -> list[Pace]:
    """What somebody who waits may be told: the last year's pace of these rights, where enough was answered."""
    wanted = lately(now).filter(right__in=set(rights))
    return [one for one in paces(wanted, now) if one.answered >= FEWEST]


def _plain(row: Any) -> dict[str, Any]:
    return {name: row[name] for name in Pace.__dataclass_fields__}
