"""A lawful destruction breaks no promise, and rows of before know their daily use (PC-41)."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations import RunSQL
from django.utils import timezone

from audit.sealing import seal_all
from audit.verification import verify
from care.tenancy import ALL, scope
from lifecycle.retention import door, sweep
from lifecycle.sweeping import run_all
from praticonnect.database import as_owner
from privacy.promises import discover, measure
from records.models import ImportLine, ImportRun, PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.imports.factories import imported, make_practising
from tests.lifecycle.retention.helpers import BY, DUE, make_full_file, ring_of, rows_of, stored
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import NOW, make_consultation, make_file

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def kept(now: datetime) -> dict[str, bool | None]:
    discover()
    return {result.row.id: result.kept for result in measure(now)}


def test_no_promise_breaks_when_files_are_destroyed_at_their_end() -> None:
    """One with all kinds of rows and a lifted hold, and an imported one; a child's file stays."""
    practitioner = make_practitioner(now=LONG_AGO)
    whole, child = make_full_file(practitioner), make_file(practitioner, birth_date="2024-06-15")
    lift(place(whole), now=NOW + timedelta(hours=1))
    imported(make_practising(NOW).user, "Zzyzx")
    with scope(ALL):
        ending = list(PatientFile.objects.exclude(pk=child.pk).values_list("pk", flat=True))
    run_all(by=BY, now=DUE - timedelta(days=1), dry_run=False)
    before = kept(DUE - timedelta(days=1))
    over = timezone.now() + timedelta(days=20 * 365 + 10)  # the imported one was brought today
    run_all(by=BY, now=over, dry_run=False)
    assert [rows_of(file_id) for file_id in ending] == [{}] * 2
    assert ring_of(child.pk) == "archive"
    after = kept(over)
    assert {name for name, was in before.items() if was and after[name] is not True} == set()
    assert before["PC-41"] is True


def test_seals_hold_over_what_was_destroyed() -> None:
    file = make_full_file(make_practitioner(now=LONG_AGO))
    seal_all(NOW)
    door.destroy([file.pk], reason="erasure", by=BY, now=NOW)
    seal_all(NOW)
    assert verify().findings == []


def test_report_of_an_import_leaves_with_the_last_file_it_brought() -> None:
    importing = make_practising(NOW)
    runs = imported(importing.user, "Zzyzx")
    with scope(ALL):
        dry = ImportRun.objects.get(pk=runs["run_id"])
        (file_id,) = PatientFile.objects.values_list("pk", flat=True)
        done = ImportRun.objects.create(
            practice=importing.practice, started_at=NOW, started_by=importing.user, finished_at=NOW, format="fhir",
            dry_run=False, state="done",
        )  # fmt: skip
        ImportLine.objects.create(practice=importing.practice, run=done, number=1, outcome="created", file_id=file_id)
        ImportLine.objects.create(practice=importing.practice, run=done, number=2, outcome="refused")
    door.destroy([file_id], reason="erasure", by=BY, now=NOW)
    with scope(ALL):
        assert set(ImportRun.objects.values_list("pk", flat=True)) == {dry.pk}
        assert not ImportLine.objects.filter(run_id=done.pk).exists()


def test_sweep_destroys_by_the_practice_s_own_calendar() -> None:
    """Midnight comes an hour earlier in Jerusalem."""
    here, there = make_practitioner(now=LONG_AGO), make_practitioner(now=LONG_AGO, jurisdiction="IL")
    paris, jerusalem = make_file(here), make_file(there)
    sweep.destroy(by=BY, now=DUE - timedelta(hours=1), dry_run=False)
    assert [ring_of(file.pk) for file in (paris, jerusalem)] == ["active", "dead"]
    sweep.destroy(by=BY, now=DUE, dry_run=False)
    assert ring_of(paris.pk) == "dead"


def test_rows_of_before_get_the_daily_use_that_the_clock_gives() -> None:
    """The migration's own SQL against records.clock, on files with and without consultations, here and there."""
    migration = import_module("records.migrations.0005_archive").Migration
    (fill,) = (operation for operation in migration.operations if isinstance(operation, RunSQL))
    files = []
    for where in ("FR", "IL"):
        practitioner = make_practitioner(now=LONG_AGO, jurisdiction=where)
        late = datetime.fromisoformat("2024-02-29T22:30:00+00:00")  # the 29th in Paris, the 1st in Jerusalem
        files += [make_file(practitioner, now=late), make_file(practitioner, birth_date="2020-05-05")]
        make_consultation(files[-1], practitioner, at=late)
    wanted = [stored(file.pk).active_until for file in files]
    with scope(ALL):
        PatientFile.objects.update(active_until="1900-01-01")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(fill.sql)
    assert [stored(file.pk).active_until for file in files] == wanted
    assert len(set(wanted)) == 2
