"""PC-123 is measured live, and turns false when its fact is broken by hand."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.promises import Measure, measure
from records.importing import promises, runs
from records.models import ImportRun, KeptResource, SourceRecord

from .bundles import SAMPLE
from .factories import Practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def imported(practising: Practising) -> Practising:
    """One run of one bundle, 21 resources of which 7 are kept."""
    path = SAMPLE / "fhir" / "eleonore-dufrene.json"
    importer = practising.importer()
    upload = [runs.Upload(path.name, path.stat().st_size, lambda: path.open("rb"))]
    run, handle = runs.open_run(
        practice=practising.practice, names=[path.name], steps=1, dry_run=False, by=importer.by, now=importer.now
    )
    assert runs.process(importer, run, handle, upload).complete()
    return practising


def kept(check: Callable[[datetime], Measure], now: datetime) -> tuple[bool, dict[str, object]]:
    found = check(now)
    return found.kept, dict(found.figures)


def broken(sql: str) -> None:
    """Change something behind the house's back."""
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0


def test_promise_is_kept_after_an_import(imported: Practising, now: datetime) -> None:
    [result] = measure(now, only=["PC-123"])
    assert result.kept is True
    assert dict(result.evidence) == {
        "imports_done": 1, "records_read": 21, "imports_not_adding_up": 0, "imported_records": 21, "records_without_original": 0,
        "records_compared": 21, "records_that_differ": 0,
    }  # fmt: skip


def test_promise_is_kept_on_an_empty_house(db: None, now: datetime) -> None:
    [result] = measure(now, only=["PC-123"])
    assert (result.kept, result.evidence["records_read"]) == (True, 0)


def test_run_that_does_not_add_up_is_found(imported: Practising, now: datetime) -> None:
    with scope(ALL):
        run = ImportRun.objects.get()
        run.figures["kept"] -= 1
        run.save()
    assert kept(promises.every_record_read_is_accounted_for, now) == (
        False, {"imports_done": 1, "records_read": 21, "imports_not_adding_up": 1})  # fmt: skip


def test_lost_originals_are_found(imported: Practising, now: datetime) -> None:
    broken("update records_sourcerecord set raw = null where position = 0")
    with scope(ALL):
        KeptResource.objects.filter(resource_type="Immunization").update(raw=None)
    assert kept(promises.every_imported_record_has_its_original, now) == (
        False, {"imported_records": 21, "records_without_original": 2})  # fmt: skip


def test_changed_original_is_found(imported: Practising, now: datetime) -> None:
    with scope(ALL):
        row = SourceRecord.objects.get(position=0)
        row.content_hash = bytes(32)
        row.save()
    assert kept(promises.an_imported_file_exports_again_unchanged, now) == (
        False, {"records_compared": 21, "records_that_differ": 1})  # fmt: skip
