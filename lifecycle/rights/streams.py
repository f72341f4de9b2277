"""Which evidence of the main database is copied to the rights journal: ids and codes only, never a person's words."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from lifecycle.models import Disposal, Hold
from lifecycle.retention.aggregates import count_departed
from lifecycle.schedule.queries import in_force
from lifecycle.schedule.redating import waiting
from records.models import PatientFile
from vault.models import RightsEntry
from vault.rights import Entry

BATCH: Final = 2_000

NEWEST: Final = """
select id, seq, {subject}, {at}, written_at, (to_jsonb(row) - 'seq' - 'written_at' - 'leaf')::text from {table} row
 where (%s::bigint is null or seq < %s) order by seq desc limit %s
"""
EXPIRED: Final = """
select number from unnest(%s::bigint[]) number
 where exists (select from audit_expiredrows where table_name = %s and numbers @> number)
"""
PRESENT: Final = "select id from {table} where id = any(%s)"
INSERT: Final = """
insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, %s::jsonb)
on conflict do nothing
"""
NEXT: Final = "select coalesce(max(number), 0) + 1 from {table} where {subject} = %s"


@dataclass(frozen=True, slots=True)
class Stream:
    """An append-only table with a random ``id``; ``subject`` and ``at`` name its columns."""

    label: str
    subject: str
    at: str

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

    def expired(self, numbers: Collection[int]) -> set[int]:
        """Those of the row numbers that left the table at the end of their own term."""
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass('audit_expiredrows') is not null")
            if not cursor.fetchone()[0]:
                return set()
            cursor.execute(EXPIRED, [list(numbers), self.table])
            return {number for (number,) in cursor.fetchall()}

    def put_back(self, entry: RightsEntry) -> None:
        """Insert the row again. Raises ValueError when another row stands in its place."""
        facts = dict(entry.facts)
        if not self._insert(facts) and "number" in facts:
            facts["number"] = self._next_number(entry.subject_id)  # somebody acted between restore and replay
            self._insert(facts)
        self._require(entry)

    def _require(self, entry: RightsEntry) -> None:
        if not self.present([entry.pk]):
            raise ValueError(f"row {entry.pk} of {self.table} can't be put back: another row stands in its place")

    def _insert(self, facts: dict[str, Any]) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(self._sql(INSERT), [json.dumps(facts)])
            return bool(cursor.rowcount)

    def _next_number(self, subject_id: UUID) -> int:
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
        return template.format(table=quote(self.table), subject=quote(self.subject), at=quote(self.at), columns=columns)


@dataclass(frozen=True, slots=True)
class Disposals(Stream):
    """The decisions that files are destroyed: put back with what was written beside them."""

    def put_back(self, entry: RightsEntry) -> None:
        """Neither a hold that was lifted since the backup keeps the file, nor an end that was re-dated since (NEW-05)."""
        held = Hold.objects.filter(file_id=entry.subject_id, lifted_at=None).exists()
        stale = waiting(in_force()).filter(pk=entry.subject_id).exists()
        self._insert({**entry.facts, "reason": Disposal.Reason.REPLAY} if held or stale else entry.facts)
        self._require(entry)
        PatientFile.objects.filter(pk=entry.subject_id, leaving_at=None).update(leaving_at=entry.at)
        count_departed([entry.subject_id], entry.at)


@dataclass(frozen=True, slots=True)
class Versions(Stream):
    """The steps of the retention schedule: without a lengthening that was approved, files would leave too early (NEW-05)."""

    def put_back(self, entry: RightsEntry) -> None:
        """As it was: its number is its own, so nothing else may stand in its place."""
        self._insert(entry.facts)
        self._require(entry)


STREAMS: Final = (
    Stream("consents.ConsentEvent", "subject_id", "at"),
    Stream("lifecycle.DeletionEvent", "account_id", "at"),
    Disposals("lifecycle.Disposal", "file_id", "decided_at"),
    Versions("lifecycle.ScheduleVersion", "id", "at"),
)
"""In the order in which they are replayed. Every decision on consent is copied, so that the numbers have no gap."""
