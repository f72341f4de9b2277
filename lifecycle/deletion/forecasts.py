"""Which accounts are to be deleted, for the circuit breaker and for whoever asks the future (NEW-04, PC-34)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from accounts.models import User
from lifecycle.deletion import executing, queries
from privacy.clocks import end_of_term, legal_day
from privacy.forecast import Leaving, forecast

KIND: Final = User._meta.label


@forecast
def accounts_to_delete(today: date, until: date) -> Iterator[Leaving]:
    """Requests that wait, by the month of their instant; each may still be withdrawn."""
    waiting = queries.due(end_of_term(until))
    months = Counter(max(day, today).replace(day=1) for _account, at in waiting if (day := legal_day(at)) <= until)
    for month, count in sorted(months.items()):
        yield Leaving(month, executing.RULE, KIND, count)
