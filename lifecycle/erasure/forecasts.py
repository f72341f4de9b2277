"""Which identities of closed accounts leave, for the circuit breaker and for whoever asks the future (NEW-04, PC-40)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from django.db.models import Count

from lifecycle.models import ClosedAccount
from privacy.forecast import Leaving, forecast

KIND: Final = ClosedAccount._meta.label


@forecast
def closed_accounts(today: date, until: date) -> Iterator[Leaving]:
    """Identities by month: each leaves on the day after its last."""
    by_day = ClosedAccount.objects.filter(keep_until__lt=until).values_list("keep_until").annotate(count=Count("pk"))
    months: Counter[date] = Counter()
    for last, count in by_day:
        months[max(last + timedelta(days=1), today).replace(day=1)] += count
    for month, count in sorted(months.items()):
        yield Leaving(month, "PC-40", KIND, count)
