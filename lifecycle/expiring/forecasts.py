"""Which facts, notices and requests reach the end of their term (NEW-04)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from lifecycle.expiring.facts import TABLES, Rows
from lifecycle.expiring.terms import ONE_DAY
from privacy.clocks import end_of_term
from privacy.forecast import Leaving, forecast


@forecast
def rows_of_evidence(today: date, until: date) -> Iterator[Leaving]:
    """Rows of closed accounts and requests; of a request, as long as nothing else keeps it."""
    for table in TABLES:
        for month, count in _months(table, today, until).items():
            yield Leaving(month, table.rule, table.kind, count)


def _months(table: Rows, today: date, until: date) -> Counter[date]:
    months: Counter[date] = Counter()
    for last, count in table.leaving(end_of_term(today)):
        if last < until:
            months[max(last + ONE_DAY, today).replace(day=1)] += count
    return months
