"""The rights journal's table in the keys database: written in batches, read by those who compare (NEW-08)."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from vault.models import RightsEntry

TABLE: Final = RightsEntry._meta.db_table
INSERT: Final = f"""
insert into {TABLE} (id, stream, number, subject_id, at, written_at, facts)
select * from jsonb_to_recordset(%s::jsonb) as row (
  id uuid, stream text, number bigint, subject_id uuid, at timestamptz, written_at timestamptz, facts jsonb)
on conflict (id) do nothing
"""  # noqa: S608 - our own table


COLUMNS: Final = ("id", "stream", "number", "subject_id", "at", "written_at", "facts")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the main database's evidence, as it is copied."""

    id: UUID
    stream: str
    number: int
    subject_id: UUID
    at: datetime
    written_at: datetime
    facts: dict[str, Any]


def exists() -> bool:
    """Whether the journal's table is there."""
    with connections["keys"].cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", [TABLE])
        return bool(cursor.fetchone()[0])


def is_empty() -> bool:
    """Whether it holds nothing at all."""
    return not RightsEntry.objects.exists()


def append(entries: Sequence[Entry]) -> int:
    """Copy those that aren't known yet, durably; returns how many."""
    if not entries:
        return 0
    rows = json.dumps([{name: getattr(one, name) for name in COLUMNS} for one in entries], default=str)
    with transaction.atomic(using="keys"), connections["keys"].cursor() as cursor:
        cursor.execute(INSERT, [rows])
        return int(cursor.rowcount)


def known(ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that the journal has."""
    return set(RightsEntry.objects.filter(pk__in=ids).values_list("pk", flat=True))


def newest(stream: str, count: int) -> list[RightsEntry]:
    """The latest entries, without what the rows say."""
    rows = RightsEntry.objects.filter(stream=stream).order_by("-written_at", "-number")
    return list(rows.defer("facts")[:count])


def batches(stream: str, size: int) -> Iterator[list[RightsEntry]]:
    """All entries of a stream in the order in which they were entered, ``size`` at a time."""
    rows = RightsEntry.objects.filter(stream=stream).order_by("written_at", "number", "pk")
    batch: list[RightsEntry] = []
    for row in rows.iterator(chunk_size=size):
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
