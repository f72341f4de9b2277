"""Each promise of the retention engine turns false when its fact is broken by hand."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from accounts.models import User
from care.tenancy import ALL, scope
from lifecycle.models import Departed
from lifecycle.retention import promises, sweep
from praticonnect.database import as_owner
from privacy.promises import Measure
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.retention.helpers import ARCHIVED, BY, DUE, make_full_file
from tests.records.factories import NOW, make_file
from vault import rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
SOON = promises.PATIENCE + timedelta(hours=1)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    return make_full_file(practitioner)


def by_hand(sql: str, *values: object, alias: str = "default") -> None:
    """As somebody with the owner's rights would."""
    with as_owner(), connections[alias].cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(sql, values)


def broken(measure: Measure) -> dict[str, Any]:
    """What a measure counts as wrong; empty while it is kept."""
    return {} if measure.kept else {name: value for name, value in measure.figures.items() if value}


def test_pc_41_is_kept_by_sweeps_and_broken_without_them(file: PatientFile) -> None:
    assert promises.files_leave_when_their_term_ends(DUE + SOON).kept is False
    sweep.archive(by=BY, now=ARCHIVED, dry_run=False)
    assert promises.files_leave_when_their_term_ends(ARCHIVED + SOON).kept
    found = promises.files_leave_when_their_term_ends(DUE + SOON)
    assert (found.kept, found.figures["files_past_their_end"]) == (False, 1)
    sweep.destroy(by=BY, now=DUE, dry_run=False)
    found = promises.files_leave_when_their_term_ends(DUE + SOON)
    assert (found.kept, found.figures["files_destroyed"], found.figures["files"]) == (True, 1, 0)


def test_pc_41_breaks_when_nothing_was_archived(file: PatientFile) -> None:
    found = promises.files_leave_when_their_term_ends(ARCHIVED + SOON)
    assert (found.kept, found.figures["files_to_archive"]) == (False, 1)


def test_pc_41_breaks_when_an_archived_key_is_in_use(file: PatientFile) -> None:
    sweep.archive(by=BY, now=ARCHIVED, dry_run=False)
    rings.activate([file.pk], ARCHIVED)
    found = promises.files_leave_when_their_term_ends(ARCHIVED)
    assert (found.kept, found.figures["archived_files_with_a_key_in_use"]) == (False, 1)


def test_pc_41_breaks_when_a_destroyed_file_has_a_key(file: PatientFile, practitioner: User) -> None:
    sweep.destroy(by=BY, now=DUE, dry_run=False)
    by_hand("alter table vault_filekey disable trigger key_stays_dead", alias="keys")
    FileKey.objects.filter(file_id=file.pk).update(destroyed_at=None)
    found = promises.files_leave_when_their_term_ends(DUE)
    assert (found.kept, found.figures["destroyed_files_with_a_key"]) == (False, 1)


def test_pc_41_breaks_when_a_destruction_is_left_half_done(file: PatientFile) -> None:
    from lifecycle.retention.door import decide

    decide([file.pk], reason="erasure", by=BY, now=NOW)
    found = promises.files_leave_when_their_term_ends(NOW + SOON)
    assert (found.kept, found.figures["destructions_half_done"]) == (False, 1)


@pytest.mark.parametrize("table", ["records_patientfile", "records_sourcerecord", "lifecycle_hold"])
def test_pc_41_breaks_when_a_guard_is_off(table: str) -> None:
    assert promises.files_leave_when_their_term_ends(NOW).kept
    by_hand(f"alter table {table} disable trigger deletion_door")
    found = promises.files_leave_when_their_term_ends(NOW)
    assert (found.kept, found.figures["tables_beside_the_door"]) == (False, 1)


def test_pc_49_breaks_when_a_file_left_on_its_last_day(file: PatientFile) -> None:
    sweep.destroy(by=BY, now=DUE, dry_run=False)
    assert promises.nothing_left_before_its_end(DUE).figures == {
        "files_that_left_at_their_end": 1, "files_that_left_early": 0,
    }  # fmt: skip
    by_hand("alter table lifecycle_disposal disable trigger user")
    by_hand("update lifecycle_disposal set decided_at = decided_at - interval '1 second'")
    assert promises.nothing_left_before_its_end(DUE).kept is False


def test_law_01_breaks_when_a_minor_s_file_ends_before_28(practitioner: User) -> None:
    child = make_file(practitioner, birth_date="2024-06-15")
    assert broken(promises.minors_are_kept_until_28(NOW)) == {}
    with scope(ALL):
        PatientFile.objects.filter(pk=child.pk).update(retain_until=date(2052, 6, 14))
    assert broken(promises.minors_are_kept_until_28(NOW)) == {
        "minors": 1, "files_opened": 1, "files_ending_before_28": 1,
    }  # fmt: skip


def test_law_01_reads_archived_minors_too(practitioner: User) -> None:
    make_file(practitioner, birth_date="2024-06-15")
    sweep.archive(by=BY, now=ARCHIVED, dry_run=False)
    assert promises.minors_are_kept_until_28(ARCHIVED).figures["files_opened"] == 1


def test_md_21_breaks_when_what_left_isn_t_counted(file: PatientFile) -> None:
    sweep.destroy(by=BY, now=DUE, dry_run=False)
    assert promises.what_left_is_counted_about_nobody(DUE).figures == {"rows_counted": 4, "rows_not_counted": 0}
    Departed.objects.filter(kind="records.Measure").delete()
    assert broken(promises.what_left_is_counted_about_nobody(DUE)) == {"rows_counted": 3, "rows_not_counted": 1}


def test_md_21_counts_name_neither_person_nor_practice() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select column_name from information_schema.columns where table_name = 'lifecycle_departed' order by 1"
        )
        assert [name for (name,) in cursor.fetchall()] == sorted(promises.COLUMNS)
