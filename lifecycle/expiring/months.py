"""Journals leave month by month: a partition is dropped, no row is deleted one by one (PC-43, PC-46, PC-46b, PC-41)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.apps import apps
from django.db import connection

from audit.actors import Actor
from audit.calendar import expire_partition
from audit.evidence import journaled, of_table, registered, still_needed
from audit.models import EventEntry
from audit.months import begins, later, month_of, term_ends
from care.tenancy import ALL, scope
from lifecycle.expiring.terms import ONE_DAY, last_day
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day, start_of
from privacy.retention import RULES, Anchor
from records.models import PatientFile

EVENTS: Final = EventEntry._meta.db_table
FILES: Final = PatientFile._meta.db_table

# Months that have a partition, and those that have rows in the default one.
STORED: Final = """
SELECT to_date(right(inhrelid::regclass::text, 7), 'YYYY_MM') FROM pg_inherits
 WHERE inhparent = %s::regclass AND inhrelid::regclass::text ~ '_[0-9]{{4}}_[0-9]{{2}}$'
UNION SELECT date_trunc('month', written_at AT TIME ZONE 'UTC')::date FROM {default} ORDER BY 1
"""
ROWS: Final = "SELECT count(*) FROM {table} WHERE written_at >= %s AND written_at < %s"
DATABASE_CLOCK: Final = "SELECT clock_timestamp()"
TELLS_OF_A_FILE: Final = """
SELECT EXISTS (SELECT FROM audit_evententry event JOIN {table} AS file ON file.id = event.subject_id
 WHERE event.written_at >= %s AND event.written_at < %s)
"""
TELLS_OF_A_ROW: Final = """
SELECT EXISTS (SELECT FROM audit_evententry event JOIN {table} AS row ON row.{key}::text = event.object_id
 WHERE event.object_type = %s AND event.written_at >= %s AND event.written_at < %s)
"""


@dataclass(frozen=True)
class Months:
    """The sweep of one journal; ``name`` as the sweep reports it, ``kind`` as forecasts count it."""

    name: str
    kind: str
    table: str
    rule: str

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Take away each month at the end of its term that tells of nothing living."""
        found = Outcome()
        for month in past_term(self.table, self.rule, now):
            with scope(ALL):
                rows, needed = _rows(self.table, month), still_needed(self.table, month)
            if needed:
                found.held += rows
                continue
            found.due += rows
            found.since = found.since or legal_day(ends_at(self.table, self.rule, month))
            if not dry_run:
                found.done += expire_partition(table=self.table, month=month, by=by, now=now)
        return {self.name: found}


JOURNALS: Final = (
    Months("PC-43", "consents.EventOrigin", "consents_eventorigin", "PC-43"),
    Months("PC-46", "audit.SecurityEntry", "audit_securityentry", "PC-46"),
    Months("PC-46b", "audit.AccessEntry", "audit_accessentry", "PC-46b"),
    Months("PC-46b.egress", "adapters.Egress", "adapters_egress", "PC-46b"),
    Months("PC-46b.egress_outcomes", "adapters.EgressOutcome", "adapters_egressoutcome", "PC-46b"),
    Months("PC-41.events", "audit.EventEntry", EVENTS, "PC-41"),
)
"""Each journal with a term, under the rule its fields are declared under."""


def past_term(table: str, rule: str, now: datetime) -> Iterator[date]:
    """The months that are past their term; never one that may still be written to, whatever clock ``now`` is from."""
    open_month = month_of(_database_clock())
    for month in _stored(table):
        if month < open_month and ends_at(table, rule, month) <= now:
            yield month


def ends_at(table: str, rule: str, month: date) -> datetime:
    """When a month may go: full months after its own end, or later where a longer schedule is in force."""
    keep = of_table(table).keep_months
    if keep is None:
        raise ValueError(f"{table} has no term")
    ends = term_ends(month, keep)
    if RULES[rule].anchor is Anchor.EVENT:
        last_of_month = later(month, 1) - ONE_DAY
        ends = max(ends, start_of(last_day(rule, Anchor.EVENT, last_of_month) + ONE_DAY))
    return ends


def tells_of_something_living(month: date) -> bool:
    """Whether an event of the month is about a patient's file, or a row that must have its event, that is still there."""
    span = [begins(month), begins(later(month, 1))]
    if _exists(TELLS_OF_A_FILE.format(table=FILES), span):
        return True
    sealed = {one.table for one in registered() if one.each is None}
    for label in journaled():
        meta = apps.get_model(label)._meta
        if meta.db_table in sealed or meta.pk is None:
            continue
        sql = TELLS_OF_A_ROW.format(
            table=connection.ops.quote_name(meta.db_table), key=connection.ops.quote_name(meta.pk.column)
        )
        if _exists(sql, [label, *span]):
            return True
    return False


def _stored(table: str) -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(STORED.format(default=connection.ops.quote_name(f"{table}_default")), [table])
        return [month for (month,) in cursor.fetchall()]


def _rows(table: str, month: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(table=connection.ops.quote_name(table)), [begins(month), begins(later(month, 1))])
        count: int = cursor.fetchone()[0]
    return count


def _database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(DATABASE_CLOCK)
        moment: datetime = cursor.fetchone()[0]
    return moment


def _exists(sql: str, values: Sequence[str | datetime]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: bool = cursor.fetchone()[0]
    return found
