"""The ledger: what a decision costs with its journal line, sealed row and durable commit (NEW-02, PC-11)."""

import os
from uuid import UUID

import psycopg
from django.utils import timezone

from audit.actors import Actor
from bench.harness import Run, bench
from consents.actions import decide
from privacy.ids import new_id

EVENTS = 240
PEOPLE = 30

TABLE = """
create table if not exists bench_raw (id uuid primary key, subject_id uuid not null, key text not null, action text not null,
  at timestamptz not null, text_sha256 text not null, language text not null, channel text not null)
"""


def choose(subject: UUID, *, on: bool) -> bool:
    """One decision by the action of the page; whether it was written."""
    by = Actor(account_id=subject, role="practitioner", ip="192.0.2.7", user_agent="bench")
    done = decide(
        subject_id=subject, key="marketing_emails", on=on, by=by, language="en", channel="web", now=timezone.now()
    )
    return done.changed


@bench
def ledger(run: Run) -> None:
    """A consent decision (lock, fold, entry, origin, journal line) against a bare single-row INSERT, each committed."""
    raw = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    raw.execute(TABLE)
    people = [new_id() for _ in range(PEOPLE)]

    def insert() -> int:
        for step in range(EVENTS):
            raw.execute(
                "insert into bench_raw values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [new_id(), people[step % PEOPLE], "marketing_emails", "given", timezone.now(), "0" * 64, "en", "web"],
            )
        return EVENTS

    def event() -> int:
        for _ in range(EVENTS // (2 * PEOPLE)):
            crowd = [new_id() for _ in range(PEOPLE)]
            for on in (True, False):
                changed = [choose(subject, on=on) for subject in crowd]
                assert all(changed)
        return EVENTS // (2 * PEOPLE) * 2 * PEOPLE

    run.compare(
        "Consent decision",
        "decisions",
        {"raw INSERT commit": insert, "consents.decide": event},
        aims={"consents.decide": 0.25},
    )
    raw.close()
