"""What is known of an account after its closing leaves too: contract facts, notices, requests, proofs (PC-40, PC-51, PC-52)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet

from audit.actors import Actor
from audit.calendar import expire_rows
from care.tenancy import ALL, scope
from consents import proofs
from lifecycle.expiring.terms import ONE_DAY, ended_by, last_day
from lifecycle.models import BreachEvent, BreachNotice
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day
from privacy.retention import Anchor
from vault import rings

BATCH: Final = 5_000

# When accounts were closed for good: by a request of theirs, or by an erasure that operations carried out.
CLOSINGS: Final = """
SELECT account_id, max(at) AS closed_at FROM (
  SELECT account_id, at FROM lifecycle_deletionevent WHERE kind = 'executed'
  UNION ALL SELECT subject_id, at FROM lifecycle_erasure WHERE kind = 'account' AND state = 'decided'
) AS known WHERE at <= %(now)s GROUP BY 1
"""
# When patients' files about which something was decided were destroyed: what the patient agreed to ended with them (MD-10).
FILES_GONE: Final = """
SELECT file_id, decided_at FROM lifecycle_disposal AS gone WHERE decided_at <= %(now)s
   AND EXISTS (SELECT FROM consents_consentevent AS said WHERE said.subject_id = gone.file_id)
"""
# Rows of a table of evidence with the day, in Paris, from which their term counts.
OF_CONTRACTS: Final = f"""
SELECT seq, (closed_at AT TIME ZONE 'Europe/Paris')::date AS ended_on
FROM {{table}} AS row JOIN ({CLOSINGS}) AS closing USING (account_id)
"""  # noqa: S608 - a fixed text
OF_THEMSELVES: Final = """
SELECT seq, (at AT TIME ZONE 'Europe/Paris')::date AS ended_on FROM {table} AS row WHERE at <= %(now)s
"""
OF_REQUESTS: Final = f"""
SELECT seq, (ended_at AT TIME ZONE 'Europe/Paris')::date AS ended_on FROM {{table}} AS row JOIN (
  SELECT account_id, request, bool_or(kind = 'executed') AS executed,
         coalesce(max(at) FILTER (WHERE kind IN ('withdrawn', 'stopped', 'executed')), max(closed_at)) AS ended_at
  FROM lifecycle_deletionevent LEFT JOIN ({CLOSINGS}) AS closing USING (account_id)
  WHERE at <= %(now)s GROUP BY 1, 2
) AS request USING (account_id, request)
WHERE ended_at IS NOT NULL AND NOT (executed AND (
  EXISTS (SELECT FROM lifecycle_subscriptionevent fact WHERE fact.account_id = row.account_id)
  OR EXISTS (SELECT FROM lifecycle_noticesent told WHERE told.account_id = row.account_id)))
"""  # noqa: S608 - a fixed text

OF_BREACHES: Final = """
SELECT row.seq, (closed.at AT TIME ZONE 'Europe/Paris')::date AS ended_on FROM {table} AS row
  JOIN lifecycle_breachevent AS closed ON closed.breach_id = row.breach_id AND closed.kind = 'closed' AND closed.at <= %(now)s
"""


@dataclass(frozen=True)
class Rows:
    """The sweep of one table of evidence whose rows leave a term after some other moment than their own."""

    name: str
    kind: str
    rule: str
    anchor: Anchor
    ended: str

    @property
    def table(self) -> str:
        """In the database."""
        return str(apps.get_model(self.kind)._meta.db_table)

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Let go the rows whose last day is past."""
        due = self._due(now)
        found = Outcome(due=len(due))
        if due:
            found.since = last_day(self.rule, self.anchor, min(day for _, day in due)) + ONE_DAY
        for start in range(0, 0 if dry_run else len(due), BATCH):
            numbers = [number for number, _ in due[start : start + BATCH]]
            found.done += expire_rows(table=self.table, numbers=numbers, rule=self.rule, by=by, now=now)
        return {self.name: found}

    def _due(self, now: datetime) -> list[tuple[int, date]]:
        past = ended_by(self.rule, self.anchor, legal_day(now))
        with connection.cursor() as cursor:
            sql = f"SELECT seq, ended_on FROM ({self._sql()}) AS row WHERE ended_on <= %(past)s ORDER BY seq"  # noqa: S608
            cursor.execute(sql, {"now": now, "past": past})
            return list(cursor.fetchall())

    def leaving(self, now: datetime) -> Iterator[tuple[date, int]]:
        """By their last day: how many rows leave on the next."""
        sql = f"SELECT ended_on, count(*) FROM ({self._sql()}) AS row GROUP BY 1"  # noqa: S608 - our own words
        with connection.cursor() as cursor:
            cursor.execute(sql, {"now": now})
            for ended_on, count in cursor.fetchall():
                yield last_day(self.rule, self.anchor, ended_on), count

    def _sql(self) -> str:
        return self.ended.format(table=connection.ops.quote_name(self.table))


class Breaches(Rows):
    """The register of breaches: what lies under a breach's own key dies with the key, and its notices go with its rows.

    The key goes first, the notices last: cut off in between, the next run finds what is left.
    """

    notices = "PC-52.breach_notices"

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Let go the breaches whose last day is past."""
        due = [number for number, _ in self._due(now)]
        ids = BreachEvent.objects.filter(seq__in=due).values_list("breach_id", flat=True).distinct()
        going = BreachNotice.objects.filter(breach_id__in=list(ids)) | notices_left_behind()
        found = Outcome(due=going.count())
        if not dry_run:
            rings.destroy(set(ids), now)
        rows = super().__call__(by=by, now=now, dry_run=dry_run)
        if not dry_run:
            found.done = notices_left_behind().delete()[0]
        return {**rows, self.notices: found}


def notices_left_behind() -> QuerySet[BreachNotice]:
    """Notices of breaches that the register doesn't hold any more."""
    return BreachNotice.objects.exclude(breach_id__in=BreachEvent.objects.values("breach_id"))


FACTS = Rows("PC-40.facts", "lifecycle.SubscriptionEvent", "PC-40", Anchor.CONTRACT_END, OF_CONTRACTS)
NOTICES = Rows("PC-40.notices", "lifecycle.NoticeSent", "PC-40", Anchor.CONTRACT_END, OF_CONTRACTS)
REQUESTS = Rows("PC-52", "lifecycle.DeletionEvent", "PC-52", Anchor.REQUEST_CLOSED, OF_REQUESTS)
"""An executed request stays while facts of its contract do: it is what they count from."""
SCANS = Rows("PC-52.scans", "lifecycle.ResidueScan", "PC-52", Anchor.REQUEST_CLOSED, OF_THEMSELVES)
BREACHES = Breaches("PC-52.breaches", "lifecycle.BreachEvent", "PC-52", Anchor.REQUEST_CLOSED, OF_BREACHES)
"""The register of a breach stays three years after its closing, the term of the other files of accountability."""
TABLES: Final = (FACTS, NOTICES, REQUESTS, SCANS, BREACHES)


def sweep_proofs(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """The proofs of ended consents, five years after the end: withdrawal, replacement or closing of the account (PC-51)."""
    closed = closings(now)
    found = proofs.due(now, closed) if dry_run else proofs.expire(by=by, now=now, closed=closed)
    count = len(found.rows)
    return {proofs.RULE: Outcome(due=count, done=0 if dry_run else count, held=found.needed, since=found.since)}


def closings(now: datetime) -> dict[UUID, datetime]:
    """When accounts were closed for good, and patients' files destroyed that consents are about, by id."""
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(CLOSINGS, {"now": now})
        accounts = cursor.fetchall()
        cursor.execute(FILES_GONE, {"now": now})
        return dict([*accounts, *cursor.fetchall()])
