"""Which months of the journals reach the end of their term, and with how many entries (NEW-04)."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from django.apps import apps
from django.db import connection

from audit.evidence import Evidence, registered
from audit.months import later, term_ends
from privacy.declare import REGISTRY
from privacy.forecast import Leaving, forecast

BY_MONTH: Final = """
SELECT date_trunc('month', written_at AT TIME ZONE 'UTC')::date, count(*) FROM {table}
WHERE written_at < %s::timestamp AT TIME ZONE 'UTC' GROUP BY 1 ORDER BY 1
"""


@forecast
def journal_months(today: date, until: date) -> Iterator[Leaving]:
    """Each month of a journal with a term: a whole month leaves at once, as its partition."""
    labels = {model._meta.db_table: model._meta.label for model in apps.get_models()}
    for evidence in registered():
        if evidence.keep_months is not None:
            yield from _months(evidence, evidence.keep_months, labels[evidence.table], today, until)


def _months(evidence: Evidence, keep: int, label: str, today: date, until: date) -> Iterator[Leaving]:
    """A month written in M leaves ``keep`` whole months after its end (:func:`audit.months.term_ends`)."""
    table = connection.ops.quote_name(evidence.table)
    with connection.cursor() as cursor:
        cursor.execute(BY_MONTH.format(table=table), [later(until.replace(day=1), -keep)])
        found = cursor.fetchall()
    for written, count in found:
        leaves_on = term_ends(written, keep).date()
        if leaves_on <= until:
            month = max(leaves_on, today).replace(day=1)
            yield Leaving(month, _rule_of(label), label, count)


def _rule_of(label: str) -> str:
    """The rule its personal fields are declared under."""
    return next(field.retention for field in REGISTRY[label].fields.values() if field.retention)
