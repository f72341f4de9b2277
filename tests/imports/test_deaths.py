"""A day of death comes in with bundles and CSV files, and goes out again (LAW-02)."""

import json
from datetime import date

import pytest
from django.db import transaction

from privacy.purposes import Purpose
from records import actions
from records.fhir_export import bundle_parts, with_death
from records.importing import fhir
from records.importing.reading import BadInput
from records.importing.report import Outcome
from records.models import PatientFile
from vault import access

from .bundles import bundle, encounter, patient
from .factories import Practising, make_practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
TODAY = date(2026, 11, 22)


def only_file(practising: Practising) -> PatientFile:
    with practising.scope():
        return PatientFile.objects.select_related("practice").get()


def exported(practising: Practising, file: PatientFile) -> str:
    by = practising.importer().by
    with transaction.atomic(), practising.scope():
        handle = access.open(
            file.pk, by=by, purpose=Purpose.CARE, part="test", practice_id=file.practice_id, now=practising.now
        )
        return "".join(bundle_parts(file, handle))


def exported_patient(practising: Practising, file: PatientFile) -> dict[str, object]:
    resources = [one["resource"] for one in json.loads(exported(practising, file))["entry"]]
    return next(one for one in resources if one["resourceType"] == "Patient")


def record(practising: Practising, file: PatientFile, day: str | None) -> None:
    with practising.scope():
        actions.record_death(file=file, died_on=day, may_end=True, by=practising.importer().by, now=practising.now)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021-06-09", "2021-06-09"),
        ("2021-06", "2021-06"),
        ("2021", "2021"),
        ("2021-06-09T23:30:00Z", "2021-06-10"),
        ("2021-06-09T10:00:00+02:00", "2021-06-09"),
    ],
)
def test_day_of_death_is_read_as_exactly_as_it_is_written(written: str, read: str) -> None:
    """Of a moment, its day in Paris."""
    assert fhir.death({"deceasedDateTime": written}, "Patient", TODAY) == read


@pytest.mark.parametrize("written", ["2021-02-30", "yesterday", "2026-11-23", "2027"])
def test_impossible_day_of_death_is_refused_where_it_stands(written: str) -> None:
    with pytest.raises(BadInput) as caught:
        fhir.death({"deceasedDateTime": written}, "entry[0]", TODAY)
    assert caught.value.path == "entry[0].deceasedDateTime"


def test_file_of_a_bundle_ends_ten_years_after_the_death_it_names(practising: Practising) -> None:
    """Its last encounter, in March 2020, would keep it until March 2040."""
    practising.take(bundle(patient(deceasedDateTime="2021-06-09T10:00:00+02:00"), encounter()))
    file = only_file(practising)
    assert (file.retain_until, file.retention_rule, file.last_consultation_on) == (
        date(2031, 6, 30), "LAW-02", date(2020, 3, 4),
    )  # fmt: skip


def test_encounter_long_after_the_death_keeps_the_twenty_years(practising: Practising) -> None:
    practising.take(bundle(patient(deceasedDateTime="2019-06-09"), encounter()))
    assert (only_file(practising).retain_until, only_file(practising).retention_rule) == (date(2040, 3, 4), "PC-41")


def test_dead_without_a_day_changes_no_clock_and_is_reported(practising: Practising) -> None:
    report = practising.take(bundle(patient(deceasedBoolean=True), encounter()))
    assert only_file(practising).retention_rule == "PC-41"
    told = [line for line in report.lines if line.path.endswith("deceasedBoolean")]
    assert [(line.outcome, line.count) for line in told] == [(Outcome.KEPT, 0)]


def test_bundle_with_an_impossible_death_is_refused_whole(practising: Practising) -> None:
    report = practising.take(bundle(patient(deceasedDateTime="2199-01-01"), encounter()))
    assert [line.path for line in report.errors] == ["entry[0].resource.deceasedDateTime"]
    with practising.scope():
        assert PatientFile.objects.count() == 0


@pytest.mark.parametrize("said", [{"deceasedDateTime": "2021-06-09T10:00:00+02:00"}, {"deceasedBoolean": True}, {}])
def test_export_of_what_nobody_changed_is_the_very_characters(practising: Practising, said: dict[str, object]) -> None:
    raw = json.dumps(patient(**said)["resource"], separators=(" ,", "  : "))
    practising.take(json.dumps(bundle(patient(**said))).replace(json.dumps(patient(**said)["resource"]), raw))
    assert raw in exported(practising, only_file(practising))


@pytest.mark.parametrize("said", [{}, {"deceasedBoolean": False}, {"deceasedDateTime": "2020-01-01"}])
def test_export_tells_the_death_recorded_here_and_nothing_else_differs(
    practising: Practising, said: dict[str, object]
) -> None:
    came = patient(**said)["resource"]
    practising.take(bundle(patient(**said), encounter()))
    file = only_file(practising)
    record(practising, file, "2022-05-04")
    sent = exported_patient(practising, only_file(practising))
    clean = {name: value for name, value in came.items() if not name.startswith("deceased")}
    assert sent == {**clean, "deceasedDateTime": "2022-05-04"}
    record(practising, only_file(practising), None)
    taken_back = exported_patient(practising, only_file(practising))
    assert taken_back == ({**clean, "deceasedBoolean": False} if "deceasedDateTime" in said else came)


def test_word_in_a_text_is_not_taken_for_the_death() -> None:
    raw = json.dumps(
        {"resourceType": "Patient", "text": {"div": '<p>"deceasedDateTime":"1999"</p>'}, "birthDate": "1931"}
    )
    sent = json.loads(with_death(raw, "2022-05-04"))
    assert (sent["deceasedDateTime"], sent["text"]["div"]) == ("2022-05-04", '<p>"deceasedDateTime":"1999"</p>')


def test_exported_death_comes_in_again(practising: Practising) -> None:
    practising.take(bundle(patient()))
    record(practising, only_file(practising), "2022-05-04")
    text = exported(practising, only_file(practising))
    other = make_practising(practising.now, "other@example.org")
    other.take(text)
    assert (only_file(other).retain_until, only_file(other).retention_rule) == (date(2032, 5, 31), "LAW-02")


HEADER = "numero;nom;prenom;date_naissance;date_deces\n"


def test_column_of_a_csv_brings_the_death(practising: Practising) -> None:
    practising.take_csv(HEADER + "1;Morvan;Anne;04/05/1931;09/06/2021\n")
    file = only_file(practising)
    assert (file.retain_until, file.retention_rule) == (date(2031, 6, 30), "LAW-02")


@pytest.mark.parametrize("died", ["31/02/2021", "01/01/2199", "03/05/1931"])
def test_impossible_death_in_a_csv_is_named_by_line_and_column(practising: Practising, died: str) -> None:
    report = practising.take_csv(HEADER + f"1;Morvan;Anne;04/05/1931;{died}\n")
    assert [line.path for line in report.errors] == ["line 2, column date_deces"]
