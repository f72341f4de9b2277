"""Patient files by the hundred thousand, made inside PostgreSQL: rows as the application writes them, sealed bytes made up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, connections, transaction

from accounts.models import User
from care.models import Practice
from care.queries import practices_of
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from records.fields import FILE_FIELDS
from tests.accounts.factories import make_practitioner

MADE = datetime(2010, 1, 1, tzinfo=UTC)
PIECE = 100_000
ID = "md5('file' || {name} || n)::uuid"
# 84 bytes: what 40 characters are once they are sealed.
SEALED = "decode(rpad(md5({word} || n), 168, 'c0ffee'), 'hex')"

FILES = f"""
insert into records_patientfile (id, practice_id, created_at, created_by_id, changed_at, revision, origin, status,
  retain_until, retention_rule, active_until, schedule_version, search_tokens, last_consultation_on, {", ".join(FILE_FIELDS)})
select {ID.format(name="%(name)s")}, %(practice)s, %(made)s, %(user)s, %(made)s, 1, 'written', 'open',
  %(until)s::date + (n %% %(spread)s)::int, 'PC-41', %(until)s::date + (n %% %(spread)s)::int - 5475, 1, '{{}}',
  %(until)s::date + (n %% %(spread)s)::int - 7305, {", ".join(SEALED.format(word=f"'{name}'") for name in FILE_FIELDS)}
from generate_series(%(first)s::bigint, %(last)s::bigint) n
"""  # noqa: S608 - our own names
CARES = f"""
insert into care_carerelationship (id, patient_id, practitioner_id, practice_id, since_at)
select gen_random_uuid(), {ID.format(name="%(name)s")}, %(user)s, %(practice)s, %(made)s
from generate_series(%(first)s::bigint, %(last)s::bigint) n
"""  # noqa: S608
CONSULTATIONS = f"""
insert into records_consultation (id, practice_id, file_id, author_id, created_at, changed_at, started_at, kind, origin,
  status, revision, signed_at, signed_by_id, reason, note, examination, assessment, plan)
select gen_random_uuid(), %(practice)s, {ID.format(name="%(name)s")}, %(user)s, %(made)s, %(made)s, %(made)s, 'visit',
  'written', 'signed', 1, %(made)s, %(user)s,
  {", ".join(SEALED.format(word=f"c || '{name}'") for name in ("reason", "note", "examination", "assessment", "plan"))}
from generate_series(%(first)s::bigint, %(last)s::bigint) n, generate_series(1, %(each)s) c
"""  # noqa: S608
KEYS = f"""
insert into vault_filekey (id, wrapped, master_id, created_at, file_id, generation, ring)
select gen_random_uuid(), {SEALED.format(word="'key'")}, 'bench', %(made)s, {ID.format(name="%(name)s")}, 1, 'active'
from generate_series(%(first)s::bigint, %(last)s::bigint) n
"""  # noqa: S608


@dataclass(frozen=True)
class Place:
    """Where files are put."""

    user: User
    practice: Practice


def make_place(email: str) -> Place:
    """A practitioner and their practice."""
    user = make_practitioner(email)
    return Place(user, practices_of(user).get())


def fill(place: Place, name: str, count: int, *, until: date, spread: int = 1, each: int = 1, first: int = 1) -> None:
    """Make files ``first`` to ``count`` of set ``name``, kept until ``until`` or up to ``spread`` days longer.

    Each has ``each`` signed consultations, a treating practitioner and a key.
    """
    values: dict[str, Any] = {
        "name": name, "practice": place.practice.pk, "user": place.user.pk, "made": MADE, "until": until,
        "spread": spread, "each": each,
    }  # fmt: skip
    for start in range(first, count + 1, PIECE):
        piece = values | {"first": start, "last": min(start + PIECE - 1, count)}
        with as_owner(), transaction.atomic(), scope(ALL), connection.cursor() as cursor:
            for sql in (FILES, CARES, CONSULTATIONS):
                cursor.execute(sql, piece)
        with connections["keys"].cursor() as cursor:
            cursor.execute(KEYS, piece)


def analyze() -> None:
    """Let the planner know what is there now."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("analyze records_patientfile, records_consultation, care_carerelationship, lifecycle_disposal")
    with connections["keys"].cursor() as cursor:
        cursor.execute("analyze vault_filekey")
