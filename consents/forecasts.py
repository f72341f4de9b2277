"""Which proofs of ended consents reach the end of their term (PC-51, NEW-04)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from consents.proofs import ONE_DAY, RULE, ends_by_day
from consents.queries import last_day
from privacy.clocks import end_of_term
from privacy.forecast import Leaving, forecast


@forecast
def proofs(today: date, until: date) -> Iterator[Leaving]:
    """The proof of a consent leaves five years after it ended; a consent still given has no end yet."""
    months: Counter[date] = Counter()
    for ended_on, count in ends_by_day(end_of_term(today)):
        last = last_day(ended_on)
        if last < until:
            months[max(last + ONE_DAY, today).replace(day=1)] += count
    for month, count in months.items():
        yield Leaving(month, RULE, "consents.ConsentEvent", count)
