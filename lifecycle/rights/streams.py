"""Which evidence of the main database is copied to the rights journal: ids and codes only, never a person's words."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from audit.evidence import of_table
from lifecycle.models import Erasure
from records.models import PatientFile, Restriction
from vault.models import RightsEntry
from vault.rights import Entry

BATCH: Final = 2_000

NEWEST: Final = """
select id, seq, {subject}, {at}, written_at, (to_jsonb(row) - 'seq' - 'written_at' - 'leaf')::text from {table} row
 where (%s::bigint is null or seq < %s) and {only} order by seq desc limit %s
"""
# Rows that left by their numbers; after a replay they have other numbers, so what is older than the shortest term counts
# as gone too: no backup of that age is restored.
EXPIRED: Final = """
select entry.id from unnest(%s::uuid[], %s::bigint[], %s::timestamptz[]) as entry (id, number, written_at)
 where exists (select from audit_expiredrows where table_name = %s and numbers @> entry.number)
    or (%s and entry.written_at < now() - interval '3 years')
"""
PRESENT: Final = "select id from {table} where id = any(%s)"
INSERT: Final = """
insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, %s::jsonb)
on conflict do nothing
"""
NEXT: Final = "select coalesce(max(number), 0) + 1 from {table} where {subject} = %s"
# A restriction isn't evidence of its own: what begins and what ends it are read off its row, each with an id of its own.
# Both moments are those of the acts; ``number`` puts a beginning before an end of the same moment.
RESTRICTED: Final = """
select id, number, file_id, at, at, facts::text from (
  select id, 2 * (extract(epoch from since_at) * 1000000)::bigint as number, file_id, since_at as at,
         to_jsonb(row) - array['note', 'lifted_why'] || '{"kind": "begun"}' as facts
    from records_restriction row
  union all
  select md5(id::text || 'lifted')::uuid, 2 * (extract(epoch from lifted_at) * 1000000)::bigint + 1, file_id, lifted_at,
         to_jsonb(row) - array['note', 'lifted_why'] || '{"kind": "lifted"}'
    from records_restriction row where lifted_at is not null
) acts where %s::timestamptz is null or at >= %s order by at desc, number desc
"""
ACTS_OF: Final = """
select id from records_restriction where file_id = any(%s)
 union all
select md5(id::text || 'lifted')::uuid from records_restriction where file_id = any(%s) and lifted_at is not null
"""
LATE: Final = timedelta(days=1)
"""No act on a restriction is dated longer before its commit."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An append-only table with a random ``id``; ``subject`` and ``at`` name its columns.

    ``only`` is a condition in SQL on the rows that are copied.
    """

    label: str
    subject: str
    at: str
    only: str = "true"

    @property
    def table(self) -> str:
        """The table's name."""
        return self.model._meta.db_table

    @property
    def model(self) -> type[models.Model]:
        """The table's model."""
        return apps.get_model(self.label)

    def newest_first(self, since: datetime | None) -> Iterator[list[Entry]]:
        """Its rows in batches, the newest leading, from the moment ``since`` on."""
        before: int | None = None
        while batch := self._batch(before):
            fresh = [row for row in batch if since is None or row.written_at >= since]
            if fresh:
                yield fresh
            if len(fresh) < len(batch):
                return
            before = batch[-1].number

    def present(self, ids: Collection[UUID]) -> set[UUID]:
        """Those of the ids that the table has."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql(PRESENT), [list(ids)])
            return {found for (found,) in cursor.fetchall()}

    def missing(self, entries: Sequence[RightsEntry]) -> list[RightsEntry]:
        """Those of the entries that this database doesn't know, though their rows aren't at the end of their own term."""
        there = self._known(entries) if entries else set()
        gone = [entry for entry in entries if entry.pk not in there]
        expired = self._expired(gone) if gone else set()
        return [entry for entry in gone if entry.pk not in expired]

    def _known(self, entries: Sequence[RightsEntry]) -> set[UUID]:
        return self.present([entry.pk for entry in entries])

    def _expired(self, entries: Sequence[RightsEntry]) -> set[UUID]:
        ids, numbers = [entry.pk for entry in entries], [entry.number for entry in entries]
        written, leaves = [entry.written_at for entry in entries], of_table(self.table).each is not None
        with connection.cursor() as cursor:
            cursor.execute(EXPIRED, [ids, numbers, written, self.table, leaves])
            return {found for (found,) in cursor.fetchall()}

    def insert(self, facts: dict[str, Any]) -> bool:
        """Put a row in again; False when another one stands in its place, or the row itself."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql(INSERT), [json.dumps(facts)])
            return bool(cursor.rowcount)

    def next_number(self, subject_id: UUID) -> int:
        """The number after the last of a subject, in a table that numbers each subject's rows."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql(NEXT), [subject_id])
            return int(cursor.fetchone()[0])

    def _batch(self, before: int | None) -> list[Entry]:
        with connection.cursor() as cursor:
            cursor.execute(self._sql(NEWEST), [before, before, BATCH])
            return [
                Entry(row_id, self.table, number, subject, at, written_at, json.loads(facts))
                for row_id, number, subject, at, written_at, facts in cursor.fetchall()
            ]

    def _sql(self, template: str) -> str:
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in self.model._meta.local_concrete_fields)
        return template.format(
            table=quote(self.table), subject=quote(self.subject), at=quote(self.at), columns=columns, only=self.only
        )


@dataclass(frozen=True, slots=True)
class Erasures(Stream):
    """The decisions of erasures; one is known by whom it is about, as nobody is erased twice."""

    def _known(self, entries: Sequence[RightsEntry]) -> set[UUID]:
        decided = Erasure.objects.filter(
            state=Erasure.State.DECIDED, subject_id__in=[entry.subject_id for entry in entries]
        )
        subjects = set(decided.values_list("subject_id", flat=True))
        return {entry.pk for entry in entries if entry.subject_id in subjects}


@dataclass(frozen=True, slots=True)
class Restrictions(Stream):
    """What began and what lifted the restrictions of files (PC-63)."""

    def newest_first(self, since: datetime | None) -> Iterator[list[Entry]]:
        """Its acts in batches, the newest leading, from a day before the moment ``since`` on."""
        from_day = since - LATE if since else None
        with connection.cursor() as cursor:
            cursor.execute(RESTRICTED, [from_day, from_day])
            acts = [
                Entry(act_id, self.table, number, file_id, at, written_at, json.loads(facts))
                for act_id, number, file_id, at, written_at, facts in cursor.fetchall()
            ]
        yield from (acts[start : start + BATCH] for start in range(0, len(acts), BATCH))

    def missing(self, entries: Sequence[RightsEntry]) -> list[RightsEntry]:
        """Acts on files that are here and stay, of which this database has no trace; unless the same was begun anew since."""
        files = PatientFile.objects.filter(pk__in=[entry.subject_id for entry in entries], leaving_at=None)
        here = set(files.values_list("pk", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(ACTS_OF, [list(here), list(here)])
            known = {found for (found,) in cursor.fetchall()}
        lost = [entry for entry in entries if entry.subject_id in here and entry.pk not in known]
        return [entry for entry in lost if not _begun_anew(entry)]


def _begun_anew(entry: RightsEntry) -> bool:
    """Whether somebody restricted the file once more, on the same ground, between the restore and the replay."""
    facts = entry.facts
    same = Restriction.objects.filter(
        file_id=entry.subject_id, ground=facts["ground"], request_id=facts["request_id"], lifted_at=None
    )
    return same.filter(since_at__gt=facts["since_at"]).exclude(pk=facts["id"]).exists()


DECISIONS: Final = Stream("consents.ConsentEvent", "subject_id", "at")
REQUESTS: Final = Stream("lifecycle.DeletionEvent", "account_id", "at")
DISPOSALS: Final = Stream("lifecycle.Disposal", "file_id", "decided_at")
ERASURES: Final = Erasures("lifecycle.Erasure", "subject_id", "at", only="state = 'decided'")
VERSIONS: Final = Stream("lifecycle.ScheduleVersion", "id", "at")
RESTRICTIONS: Final = Restrictions("records.Restriction", "file_id", "since_at")

STREAMS: Final = (DECISIONS, REQUESTS, DISPOSALS, ERASURES, VERSIONS, RESTRICTIONS)
"""In the order in which they are replayed. Every decision on consent is copied, so that the numbers have no gap."""
