"""Which closed requests leave, for the circuit breaker and for whoever asks the future (NEW-04, PC-52)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import cast

from gdpr_requests.desk.closing import TERM
from gdpr_requests.models import Request
from lifecycle.expiring.terms import ONE_DAY, last_day
from privacy.clocks import legal_day
from privacy.forecast import Leaving, forecast
from privacy.retention import Anchor


@forecast
def closed_requests(today: date, until: date) -> Iterator[Leaving]:
    """By month: each leaves on the day after its last."""
    months: Counter[date] = Counter()
    closed = Request.objects.filter(closed_at__isnull=False).values_list("closed_at", flat=True)
    for closed_at in cast("Iterator[datetime]", closed.iterator()):
        last = last_day(TERM, Anchor.REQUEST_CLOSED, legal_day(closed_at))
        if last < until:
            months[max(last + ONE_DAY, today).replace(day=1)] += 1
    for month, count in sorted(months.items()):
        yield Leaving(month, TERM, Request._meta.label, count)
