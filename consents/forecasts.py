"""Which proofs of ended consents reach the end of their term (PC-51, NEW-04)."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from django.db import connection

from consents.states import Action
from privacy.forecast import Leaving, forecast
from privacy.retention import Anchor, ends
from privacy.schedule import in_force

ONE_DAY: Final = timedelta(days=1)
# One row per day on which consents ended: the entries of each switch whose last entry withdrew it.
ENDED: Final = """
SELECT ended_on, sum(entries) FROM (
  SELECT (max(at) AT TIME ZONE 'Europe/Paris')::date AS ended_on, count(*) AS entries,
         (array_agg(action ORDER BY number DESC))[1] AS last
  FROM consents_consentevent GROUP BY subject_id, key, child
) AS switch WHERE last = %s GROUP BY ended_on
"""


@forecast
def proofs(today: date, until: date) -> Iterator[Leaving]:
    """The proof of a consent leaves five years after it was withdrawn; a consent still given has no end yet."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED, [Action.WITHDRAWN.value])
        ended = cursor.fetchall()
    months: Counter[date] = Counter()
    rule = in_force().rules["PC-51"]
    for day, entries in ended:
        last_day = ends(rule, {Anchor.CONSENT_END: day}).until
        if last_day is not None and last_day < until:
            months[max(last_day + ONE_DAY, today).replace(day=1)] += int(entries)
    for month, count in months.items():
        yield Leaving(month, "PC-51", "consents.ConsentEvent", count)
