"""The access journal at ten million lines: pages of who reads it and the office's extraction against bare keyset queries (PC-70, MD-45).

The lines are made inside PostgreSQL, through the journal's own triggers: numbered, dated and hashed as any other.
"""

from __future__ import annotations

import io
import os
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bench.harness import Run, bench, rate_of
from bench.retention_rows import Place, make_place
from praticonnect.database import as_owner
from privacy.ids import new_id
from records.models import PatientFile
from tests.accounts.factories import make_patient, make_staff, prove, verified_client
from tests.records.factories import link, make_file

ROWS = int(os.environ.get("PRATICONNECT_BENCH_ROWS", "1000000"))
PIECE = 250_000
VISITS = 12
OURS, THEIRS = 10, 2_000
"""One line of ten is of the practice that looks, one of two thousand of the patient who looks."""
LINES = """
insert into audit_accessentry
  (written_at, at, actor_id, actor_role, channel, session_ref, request_id, practice_id, subject_id, part, action,
   purpose, user_agent, leaf)
select now(), now() - n * interval '9 seconds', case when n %% %(ours)s = 0 then %(user)s::uuid else md5('a' || n %% 5000)::uuid end,
  'practitioner', 'web', '', '', case when n %% %(ours)s = 0 then %(practice)s::uuid else md5('p' || n %% 900)::uuid end,
  case when n %% %(theirs)s = 0 then %(file)s::uuid else md5('f' || n %% 400000)::uuid end,
  'file', 'open', 'care', 'Mozilla/5.0', ''
from generate_series(%(first)s::bigint, %(last)s::bigint) n
"""
SUBJECT = "select * from audit_accessentry where subject_id = %s order by at desc, seq desc limit 50"
PRACTICE = "select * from audit_accessentry where practice_id = %s order by at desc, seq desc limit 50"
NEWEST = "select * from audit_accessentry where written_at >= %s order by seq desc limit 50"
EXTRACT = """
copy (select seq, at, actor_id, actor_role, channel, ip, practice_id, subject_id, part, action, purpose
      from audit_accessentry where subject_id = %s order by seq desc) to stdout (format csv)
"""


@bench
def journal(run: Run) -> None:
    """Pages at so many lines, each against the bare query of its lines; and against itself at a hundredth of them."""
    place, patient = make_place(f"{new_id().hex}@bench.example"), make_patient()
    file, office = make_file(place.user), make_staff()
    link(file, patient)
    users = {"gdpr:journal": place.user, "patient_privacy:journal": patient, "admin:supervision": office}
    add(place, file, 1, ROWS // 100)
    small = {name: rate_of(partial(visit, at(user), name)) for name, user in users.items()}
    began = timezone.now()
    add(place, file, ROWS // 100 + 1, ROWS)
    run.figure("lines in the journal", ROWS)
    run.figure(
        "lines a second, made inside PostgreSQL", (ROWS - ROWS // 100) / (timezone.now() - began).total_seconds()
    )
    # Signed in only now: filling ten million lines outlasts a session.
    readers = {name: at(user) for name, user in users.items()}
    compare(run, place, file, readers)
    for name, client in readers.items():
        run.figure(
            f"{name}: pages/s at all lines to pages/s at a hundredth",
            rate_of(partial(visit, client, name)) / small[name],
        )
    extraction(run, file, at(office))


def compare(run: Run, place: Place, file: PatientFile, readers: dict[str, Client]) -> None:
    """Each page against the query of its lines, from psycopg, with no page around it."""
    bare = {
        "gdpr:journal": partial(asked, PRACTICE, place.practice.pk),
        "patient_privacy:journal": partial(asked, SUBJECT, file.pk),
        "admin:supervision": partial(asked, NEWEST, timezone.now().replace(day=1, hour=0, minute=0)),
    }
    for name, client in readers.items():
        variants = {"bare keyset query": bare[name], name: partial(visit, client, name)}
        run.compare(f"{name} at {ROWS:,} lines", "pages", variants, rounds=5)


def extraction(run: Run, file: PatientFile, office: Client) -> None:
    """The office's CSV of one file's lines, journaled and streamed, against COPY of the same lines."""
    found = asked("select count(*) from audit_accessentry where subject_id = %s", file.pk, number=True)

    def copied() -> int:
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            with cursor.cursor.copy(EXTRACT, [file.pk]) as copy:
                for _piece in copy:
                    pass
            return int(cursor.cursor.rowcount)

    def taken() -> int:
        said = {"journal": "access", "file": str(file.pk)}
        answer = office.get(reverse("admin:supervision_csv"), said)
        assert answer.status_code == 200, (
            "the second factor isn't fresh any more: the machine is too busy to measure on"
        )
        return sum(1 for _line in io.BytesIO(answer.getvalue())) - 1

    run.figure("lines extracted", found)
    run.compare("Extraction", "lines", {"COPY as CSV": copied, "supervision.csv": taken}, rounds=3)


def add(place: Place, file: PatientFile, first: int, last: int) -> None:
    """Lines ``first`` to ``last``, in pieces; then the planner learns of them."""
    values: dict[str, Any] = {
        "ours": OURS, "theirs": THEIRS, "user": place.user.pk, "practice": place.practice.pk, "file": file.pk,
    }  # fmt: skip
    for start in range(first, last + 1, PIECE):
        with as_owner(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LINES, values | {"first": start, "last": min(start + PIECE - 1, last)})
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("analyze audit_accessentry")


def at(user: User) -> Client:
    """A signed-in client with a fresh second factor."""
    client = verified_client(user)
    prove(client, user)
    client.defaults["SERVER_NAME"] = "localhost"
    return client


def visit(client: Client, name: str) -> int:
    """Some visits of a page. Raises AssertionError when it isn't shown."""
    for _ in range(VISITS):
        answer = client.get(reverse(name), {"journal": "access"} if name.startswith("admin:") else {})
        assert answer.status_code == 200, f"{name} answers {answer.status_code}"
    return VISITS


def asked(sql: str, key: UUID | datetime, *, number: bool = False) -> int:
    """The lines of some pages, or the one number that ``sql`` asks for."""
    with connection.cursor() as cursor:
        for _ in range(1 if number else VISITS):
            cursor.execute(sql, [key])
            rows = cursor.fetchall()
            assert rows
    return int(rows[0][0]) if number else VISITS
