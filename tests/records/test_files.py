"""Making and changing patient files: sealed, journaled by names of fields, found by tokens."""

from datetime import date, timedelta

import pytest
from django.db import connection

from audit.models import AccessEntry, EventEntry
from care.models import CareRelationship
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records import actions, queries
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.records.factories import NOW, make_file, working
from vault import access

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


def read(practitioner, file: PatientFile, *names: str) -> list[str | None]:
    with working(practitioner) as actor:
        row = queries.file_for(practitioner, file.pk, NOW)
        handle = access.open(row.pk, by=actor, purpose=Purpose.CARE, part="file", practice_id=row.practice_id, now=NOW)
        return [handle.read(row, name) for name in names]


def change(practitioner, file: PatientFile, **changes: str) -> PatientFile:
    with working(practitioner) as actor:
        return actions.change_file(file=file, changes=changes, by=actor, now=NOW)


def test_file_reads_back_what_was_written(practitioner):
    file = make_file(practitioner, allergies="Pénicilline")
    assert read(practitioner, file, "surname", "birth_date", "allergies", "notes") == [
        "Lefèvre", "1984-02-29", "Pénicilline", None
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["שׁוֹשַׁנָּה לֵוִי", "Àâæçéèêëîïôœùûüÿ ÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ", "d’Ærø-Nguyễn", "O'Brien", "Ñúñez"])
def test_name_in_any_script_is_kept_byte_for_byte_in_nfc(practitioner, name):
    import unicodedata

    file = make_file(practitioner, surname=unicodedata.normalize("NFD", name))
    assert read(practitioner, file, "surname") == [unicodedata.normalize("NFC", name)]


def test_no_plaintext_reaches_the_table(practitioner):
    make_file(practitioner, surname="Zorglubowski", birth_date="1931-07-04", phone="0612345678")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT p::text FROM records_patientfile p")
        stored = cursor.fetchall()[0][0]
    for plain in ("Zorglubowski", "1931-07-04", "0612345678", b"Zorglubowski".hex(), b"1931-07-04".hex()):
        assert plain.lower() not in stored.lower()


def test_creation_journals_the_names_of_the_fields_and_no_value(practitioner):
    file = make_file(practitioner)
    event = EventEntry.objects.get(verb="records.file.created")
    assert (event.subject_id, event.actor_id) == (file.pk, practitioner.pk)
    assert event.detail == {"fields": "surname,given_names,birth_date,sex"}


def test_change_journals_only_the_fields_that_differ(practitioner):
    file = make_file(practitioner)
    change(practitioner, file, surname="Lefèvre", phone="06 12 34 56 78", notes="  ")
    assert EventEntry.objects.get(verb="records.file.changed").detail == {"fields": "phone"}


def test_change_of_nothing_journals_no_change_and_moves_no_revision(practitioner):
    file = make_file(practitioner)
    assert change(practitioner, file, surname="Lefèvre").revision == 1
    assert EventEntry.objects.filter(verb="records.file.changed").count() == 0


def test_change_on_a_stale_revision_is_refused_and_writes_nothing(practitioner):
    file = make_file(practitioner)
    change(practitioner, file, notes="first window")
    with working(practitioner) as actor, pytest.raises(Refused, match="another window"):
        actions.change_file(file=file, changes={"notes": "second"}, revision=1, by=actor, now=NOW)
    assert read(practitioner, file, "notes") == ["first window"]


def test_file_without_any_name_is_refused(practitioner):
    with pytest.raises(Refused, match="needs a name"):
        make_file(practitioner, surname=" ", given_names="")
    with scope(ALL):
        assert PatientFile.objects.count() == 0


@pytest.mark.parametrize(("born", "message"), [("2026-11-19", "in the future"), ("1879-12-31", "before 1880")])
def test_impossible_birth_date_is_refused(practitioner, born, message):
    with pytest.raises(Refused, match=message):
        make_file(practitioner, birth_date=born)


@pytest.mark.parametrize("born", ["2026-11-18", "1880-01-01", "2000-02-29", "1950", "1950-06"])
def test_possible_birth_date_is_kept_as_given(practitioner, born):
    assert read(practitioner, make_file(practitioner, birth_date=born), "birth_date") == [born]


def test_creation_begins_the_care_relationship(practitioner):
    file = make_file(practitioner)
    with scope(ALL):
        care = CareRelationship.objects.get()
    assert (care.patient_id, care.practitioner_id, care.ended_at) == (file.pk, practitioner.pk, None)


def test_failed_journal_leaves_no_file(practitioner, monkeypatch):
    def broken(**_named):
        raise RuntimeError("the journal is down")

    monkeypatch.setattr("records.actions.journal.record_event", broken)
    with pytest.raises(RuntimeError):
        make_file(practitioner)
    with scope(ALL):
        assert PatientFile.objects.count() == 0


def test_stranger_cannot_fetch_the_file(practitioner):
    file, stranger = make_file(practitioner), make_practitioner()
    with scope(ALL), pytest.raises(PatientFile.DoesNotExist):
        queries.file_for(stranger, file.pk, NOW)


def test_ended_care_hides_the_file(practitioner):
    from care.actions import end_care

    file = make_file(practitioner)
    with working(practitioner) as actor:
        end_care(practice_id=file.practice_id, practitioner_id=practitioner.pk, patient_id=file.pk, by=actor, now=NOW)
        assert queries.files_for(practitioner, NOW).count() == 0


def test_member_who_left_the_practice_loses_its_files(practitioner):
    from care.actions import leave_practice

    make_file(practitioner)
    with working(practitioner) as actor:
        assert queries.files_for(practitioner, NOW).count() == 1
        leave_practice(membership=practitioner.memberships.get(), by=actor, now=NOW)
        assert queries.files_for(practitioner, NOW).count() == 0


def test_closed_file_leaves_the_list_and_comes_back(practitioner):
    file = make_file(practitioner)
    with working(practitioner) as actor:
        actions.close_file(file=file, by=actor, now=NOW)
        assert queries.listed(queries.files_for(practitioner, NOW)).count() == 0
        with pytest.raises(Refused, match="already"):
            actions.close_file(file=file, by=actor, now=NOW)
        actions.reopen_file(file=file, by=actor, now=NOW)
        assert queries.listed(queries.files_for(practitioner, NOW)).count() == 1


def test_file_without_consultation_is_kept_20_years_from_its_making(practitioner):
    file = make_file(practitioner)
    assert (file.last_consultation_on, file.retain_until, file.retention_rule) == (None, date(2046, 11, 18), "PC-41")


def test_childs_file_is_kept_to_the_end_of_the_month_of_the_28th_birthday(practitioner):
    file = make_file(practitioner, birth_date="2026-03-05")
    assert (file.retain_until, file.retention_rule) == (date(2054, 3, 31), "LAW-01")


def test_corrected_birth_date_moves_the_clock(practitioner):
    file = make_file(practitioner)
    assert change(practitioner, file, birth_date="2026-03-05").retain_until == date(2054, 3, 31)


def test_making_a_file_journals_one_access(practitioner):
    make_file(practitioner)
    assert [(row.action, row.part) for row in AccessEntry.objects.all()] == [("create", "file")]


def test_file_made_yesterday_evening_counts_from_the_day_in_paris(practitioner):
    file = make_file(practitioner, now=NOW.replace(hour=23, minute=30) - timedelta(days=1))
    assert file.retain_until == date(2046, 11, 18)
