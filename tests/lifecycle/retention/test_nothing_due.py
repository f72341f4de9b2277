"""A sweep with nothing due asks a handful of indexed questions, however much there is (issue 3, speed)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from lifecycle.expiring.terms import ended_by
from lifecycle.retention import sweep
from privacy.retention import Anchor
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.retention.helpers import ARCHIVED, BY, DUE, make_full_file, ring_of
from tests.records.factories import NOW
from vault import rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
FRAME = ("SAVEPOINT", "RELEASE", "WITH before AS")
"""What opens and closes a scope."""


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements of both databases, without those that only open or close a scope."""
    found: list[str] = []
    with ExitStack() as stack:
        logs = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in ("default", "keys")]
        yield found
    every = [one["sql"].strip() for log in logs for one in log.captured_queries]
    found += [sql for sql in every if not sql.startswith(FRAME)]


def test_sweep_with_nothing_due_asks_four_questions_at_one_file_and_at_three() -> None:
    practitioner = make_practitioner(now=LONG_AGO)
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_full_file(practitioner)
        with asked() as found:
            sweep.archive(by=BY, now=NOW, dry_run=False)
            sweep.destroy(by=BY, now=NOW, dry_run=False)
        counts.append(len(found))
    assert counts == [4, 4]


def test_day_that_a_term_counts_from_is_found_with_one_look_at_the_schedule() -> None:
    with asked() as found:
        assert ended_by("PC-52", Anchor.REQUEST_CLOSED, date(2028, 3, 1)) == date(2025, 2, 28)
    assert len(found) == 1


def test_what_is_due_is_still_done() -> None:
    """The same sweeps a moment before and at the moment: nothing, then all of it."""
    file_id = make_full_file(make_practitioner(now=LONG_AGO)).pk
    before = timedelta(microseconds=1)
    for now, ring in ((ARCHIVED - before, "active"), (ARCHIVED, "archive"), (DUE - before, "archive"), (DUE, "dead")):
        sweep.archive(by=BY, now=now, dry_run=False)
        sweep.destroy(by=BY, now=now, dry_run=False)
        assert ring_of(file_id) == ring


def test_restricted_keys_are_found_by_their_index() -> None:
    """The whole table of keys is never read for them."""
    file_id = make_full_file(make_practitioner(now=LONG_AGO)).pk
    FileKey.objects.filter(file_id=file_id).update(restricted_at=NOW)
    with connections["keys"].cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(
            "explain select file_id from vault_filekey where restricted_at is not null and destroyed_at is null"
        )
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert ("vault_restricted" in plan, rings.all_restricted()) == (True, {file_id})
