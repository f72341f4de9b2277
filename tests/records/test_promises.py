"""Each promise of the patient files holds on real rows, and turns false when its fact is broken by hand."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from records import promises
from records.models import Consultation, PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.records.factories import (
    NOW,
    make_consultation,
    make_document,
    make_file,
    make_measure,
)

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


@pytest.fixture(autouse=True)
def file(practitioner) -> PatientFile:
    """A file with one of everything."""
    file = make_file(practitioner)
    make_file(practitioner, surname="Petit", birth_date="2020-03-05")
    make_consultation(file, practitioner, signed=True, note="x")
    make_measure(file, practitioner)
    make_document(file, practitioner)
    return file


def by_hand(sql: str, *values: object, forging: str = "") -> None:
    """Break a fact as a superuser would; ``forging`` names an evidence table whose guards come off."""
    with as_owner(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if forging:
            cursor.execute(f"ALTER TABLE {forging} DISABLE TRIGGER ALL")
        cursor.execute(sql, values)


def test_texts_are_sealed_until_one_lies_in_clear():
    found = promises.identity_and_health_are_held_sealed(NOW)
    assert (found.kept, found.figures["patient_files"], found.figures["texts_not_sealed"]) == (True, 2, 0)
    assert found.figures["sealed_texts"] == 17
    by_hand("UPDATE records_patientfile SET surname = %s", b"Lefevre")
    broken = promises.identity_and_health_are_held_sealed(NOW)
    assert (broken.kept, broken.figures["texts_not_sealed"]) == (False, 2)


def test_empty_text_in_place_of_a_sealed_one_is_seen():
    by_hand("UPDATE records_measure SET value = ''")
    assert promises.identity_and_health_are_held_sealed(NOW).kept is False


def test_documents_are_whole_until_one_is_changed(file):
    assert promises.documents_are_stored_sealed_and_complete(NOW).kept is True
    with scope(ALL):
        name = file.documents.get().storage_name
    with default_storage.open(name) as stored:
        bytes_of_it = stored.read()
    default_storage.delete(name)
    assert promises.documents_are_stored_sealed_and_complete(NOW).figures["documents_missing_or_damaged"] == 1
    default_storage.save(name, ContentFile(bytes_of_it[:-1] + b"!"))
    assert promises.documents_are_stored_sealed_and_complete(NOW).kept is False


def test_object_that_no_row_names_breaks_the_promise_once_it_is_old():
    default_storage.save("documents/nobody", ContentFile(b"x"))
    moment = datetime.now(UTC)
    assert promises.documents_are_stored_sealed_and_complete(moment).kept is True
    later = promises.documents_are_stored_sealed_and_complete(moment + timedelta(hours=2))
    assert (later.kept, later.figures["objects_without_a_row"]) == (False, 1)


@pytest.mark.parametrize("table", promises.WALLED)
def test_wall_taken_off_a_clinical_table_breaks_the_promise(table):
    by_hand(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    found = promises.documents_are_stored_sealed_and_complete(NOW)
    assert (found.kept, found.figures["clinical_tables_without_row_security"]) == (False, 1)


def test_every_clinical_table_is_under_the_promise():
    from django.apps import apps

    clinical = {
        model._meta.db_table
        for app in ("records", "care")
        for model in apps.get_app_config(app).get_models()
        if any(field.column == "practice_id" for field in model._meta.local_concrete_fields)
    }
    assert clinical - {"care_membership"} == set(promises.WALLED)


def test_signed_consultation_without_its_version_breaks_the_promise():
    assert promises.consultations_are_versioned_and_move_the_clock(NOW).kept is True
    by_hand("DELETE FROM records_consultationversion", forging="records_consultationversion")
    found = promises.consultations_are_versioned_and_move_the_clock(NOW)
    assert (found.kept, found.figures["signed_without_a_version"]) == (False, 1)


def test_last_consultation_moved_by_hand_breaks_the_promise(file):
    with scope(ALL):
        Consultation.objects.update(started_at=NOW - timedelta(days=30))
    found = promises.consultations_are_versioned_and_move_the_clock(NOW)
    assert (found.kept, found.figures["files_with_a_stale_last_day"]) == (False, 1)


@pytest.mark.parametrize(
    ("name", "until"),
    [("a day early", date(2046, 11, 17)), ("a day late", date(2046, 11, 19)), ("never", date(9999, 12, 31))],
)
def test_end_that_the_rule_does_not_give_breaks_the_promise(file, name, until):
    found = promises.files_are_kept_as_long_as_the_rule_says(NOW)
    assert (found.kept, found.figures["files_kept_until_28"]) == (True, 1)
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(retain_until=until)
    broken = promises.files_are_kept_as_long_as_the_rule_says(NOW)
    assert (broken.kept, broken.figures["files_ending_otherwise"]) == (False, 1)


def test_minor_let_go_before_the_medical_term_breaks_the_promise():
    with scope(ALL):
        PatientFile.objects.filter(retention_rule="LAW-01").update(retain_until=date(2046, 11, 17))
    assert promises.files_are_kept_as_long_as_the_rule_says(NOW).kept is False


def test_file_or_signature_without_its_journal_line_breaks_the_promise():
    assert promises.every_file_and_signature_is_journaled(NOW).kept is True
    by_hand("DELETE FROM audit_evententry WHERE verb = 'records.file.created'", forging="audit_evententry")
    found = promises.every_file_and_signature_is_journaled(NOW)
    assert (found.kept, found.figures["files_without_a_journal_line"]) == (False, 2)


def test_journal_line_of_somebody_else_does_not_stand_for_the_author(practitioner):
    forged = "UPDATE audit_evententry SET actor_id = gen_random_uuid() WHERE verb = 'records.consultation.signed'"
    by_hand(forged, forging="audit_evententry")
    found = promises.every_file_and_signature_is_journaled(NOW)
    assert (found.kept, found.figures["versions_without_a_journal_line"]) == (False, 1)
