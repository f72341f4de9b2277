"""CSV files become patients' files and consultations: whole or not at all, line by line (PC-123)."""

import json
from datetime import date

import pytest
from django.db import transaction

from privacy.purposes import Purpose
from records.fhir_export import bundle_parts
from records.importing.report import Report
from records.models import Consultation, KeptResource, PatientFile, SourceRecord
from vault import access

from .bundles import SAMPLE, libreosteo
from .factories import Practising, make_practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

HEADER = "numéro;nom;prénom;date de naissance"
ONE = f"{HEADER}\n1;Lefèvre;Zoé;29/02/1984\n2;L’Haÿ;Noëlle;03/04/1990\n"


def figures(report: Report) -> dict[str, int]:
    return {name: count for name, count in report.figures.items() if count}


def read(practising: Practising) -> list[dict[str, str]]:
    """The texts of every file."""
    with transaction.atomic(), practising.scope():
        files = list(PatientFile.objects.order_by("pk"))
        by = practising.importer().by
        handles = access.open_many(
            [f.pk for f in files],
            by=by,
            purpose=Purpose.CARE,
            part="test",
            practice_id=practising.practice.pk,
            now=practising.now,
        )
        return [{name: text for name, text in handles[f.pk].reveal(f).items() if text} for f in files]


def count(practising: Practising) -> int:
    with practising.scope():
        return (
            PatientFile.objects.count()
            + Consultation.objects.count()
            + KeptResource.objects.count()
            + SourceRecord.objects.count()
        )


def test_rows_become_files_and_again_add_nothing(practising: Practising) -> None:
    assert figures(practising.take_csv(ONE)) == {"files": 1, "resources": 2, "patients": 2}
    assert read(practising) == [
        {"surname": "Lefèvre", "given_names": "Zoé", "birth_date": "1984-02-29"},
        {"surname": "L’Haÿ", "given_names": "Noëlle", "birth_date": "1990-04-03"},
    ]
    before = count(practising)
    assert figures(practising.take_csv(ONE)) == {"files": 1, "resources": 2, "known": 2}
    assert count(practising) == before


def test_shared_peer_files_come_in_together_with_their_consultations(practising: Practising) -> None:
    report = practising.take_paths(libreosteo())
    assert (report.errors, figures(report)) == (
        [],
        {"files": 2, "resources": 150, "patients": 100, "consultations": 50},
    )
    with practising.scope():
        seen = PatientFile.objects.filter(last_consultation_on__isnull=False)
        assert seen.count() == 50
        assert [f.retain_until.year - f.last_consultation_on.year for f in seen if f.retention_rule == "PC-41"] == [
            20
        ] * seen.filter(retention_rule="PC-41").count()
        kept = sorted(set(KeptResource.objects.values_list("source", "resource_type")))
        assert kept == [("csv", "CSV cells")]
    assert figures(practising.take_paths(libreosteo())) == {"files": 2, "resources": 150, "known": 150}


def test_dry_run_of_two_files_that_belong_together_leaves_nothing(practising: Practising) -> None:
    paths = [SAMPLE / "consultations.csv", SAMPLE / "patients.csv"]
    tried = practising.take_paths(paths, dry_run=True)
    assert count(practising) == 0
    assert figures(tried) == {"files": 2, "resources": 7, "patients": 4, "consultations": 3}
    assert figures(practising.take_paths(paths)) == figures(tried)


def test_wrong_line_refuses_the_whole_file_and_names_every_line(practising: Practising) -> None:
    report = practising.take_csv(ONE + "3;Roux;Ana;31/02/1990\n4;Roux\n5;;Ana;\n")
    assert [error.path for error in report.errors] == [
        "line 5",
        "line 4, column date de naissance",
        "line 6, column nom",
    ]
    assert figures(report) == {"files": 1, "resources": 5, "refused": 5}
    assert report.lines[-1].message == "nothing of this file was taken; mend the lines above"
    assert count(practising) == 0


def test_good_lines_are_kept_when_asked(practising: Practising) -> None:
    report = practising.take_csv(ONE + "3;Roux;Ana;31/02/1990\n", keep_good=True)
    assert figures(report) == {"files": 1, "resources": 3, "patients": 2, "refused": 1}
    assert report.complete()


def test_wrong_file_does_not_hold_the_others_back(practising: Practising) -> None:
    report = practising.take_csv("nom;prénom\nA;B\n", ONE)
    assert figures(report) == {"files": 2, "resources": 2, "patients": 2}
    assert [error.path for error in report.errors] == ["line 1"]


def test_latin_1_with_semicolons_is_read_to_the_letter(practising: Practising) -> None:
    practising.take_csv(f"{HEADER}\n1;Lefèvre-Haÿ;Zoë;29/02/1984\n".encode("latin-1"))
    assert [(row["surname"], row["given_names"]) for row in read(practising)] == [("Lefèvre-Haÿ", "Zoë")]


def test_patient_who_exists_is_left_out_and_named_by_line(practising: Practising) -> None:
    practising.take_csv(ONE)
    report = practising.take_csv(f"{HEADER}\n77;LEFEVRE;Zoe;29/02/1984\n")
    assert figures(report) == {"files": 1, "resources": 1, "skipped": 1}
    assert [(line.path, line.message) for line in report.skipped] == [
        ("line 2", "a file with this name and birth date exists already")
    ]
    assert practising.take_csv(f"{HEADER}\n77;LEFEVRE;Zoe;29/02/1984\n", twins=True).figures["patients"] == 1


def test_row_that_changed_since_is_named_and_not_overwritten(practising: Practising) -> None:
    practising.take_csv(ONE)
    report = practising.take_csv(ONE.replace("Noëlle", "Noémie"))
    assert figures(report) == {"files": 1, "resources": 2, "known": 1, "skipped": 1}
    assert [row["given_names"] for row in read(practising)] == ["Zoé", "Noëlle"]


def test_consultation_of_an_unknown_patient_names_line_and_column(practising: Practising, now: object) -> None:
    stranger = make_practising(practising.now)
    stranger.take_csv(ONE)
    report = practising.take_csv("numéro;date;motif\n1;03/02/2025;Toux\n")
    assert [(e.path, e.message) for e in report.errors] == [
        ("line 2, column numéro", "no patient of yours has this number. Import the file of the patients first.")]  # fmt: skip


def test_consultation_moves_the_clock_of_its_patient(practising: Practising) -> None:
    practising.take_csv(ONE, "numéro;date;motif;diagnostic\n1;03/02/2025;Toux;Rhume\n1;03/02/2024;Toux;Rhume\n")
    with practising.scope():
        assert PatientFile.objects.values_list("last_consultation_on", "retain_until").get(last_consultation_on__isnull=False) == (
            date(2025, 2, 3), date(2045, 2, 3))  # fmt: skip


def test_cells_without_a_field_are_listed_in_the_file_and_export_again(practising: Practising) -> None:
    report = practising.take_csv(f"{HEADER};médecin déclaré;fumeur\n1;Lefèvre;Zoé;29/02/1984;Dr Azoulay;\n")
    assert [line.message for line in report.lines if line.outcome == "kept"] == [
        "columns without a field of their own, kept whole in each file: médecin déclaré, fumeur"]  # fmt: skip
    with transaction.atomic(), practising.scope():
        file, kept = PatientFile.objects.get(), KeptResource.objects.get()
        handle = access.open(
            file.pk,
            by=practising.importer().by,
            purpose=Purpose.CARE,
            part="t",
            practice_id=practising.practice.pk,
            now=practising.now,
        )
        assert json.loads(handle.read(kept, "raw")) == {"médecin déclaré": "Dr Azoulay"}
        [row] = [e["resource"] for e in json.loads("".join(bundle_parts(file, handle)))["entry"]]
    assert json.loads(row["extension"][0]["valueString"]) == {
        "numéro": "1", "nom": "Lefèvre", "prénom": "Zoé", "date de naissance": "29/02/1984", "médecin déclaré": "Dr Azoulay", "fumeur": ""}  # fmt: skip


def test_report_never_holds_what_stands_in_a_cell(practising: Practising) -> None:
    report = practising.take_csv(f"{HEADER}\n1;Kermadec;Zoé;Kermadec\n")
    assert "Kermadec" not in json.dumps(report.as_json(dry_run=False), ensure_ascii=False)


def test_many_rows_take_few_queries_each(practising: Practising, django_assert_max_num_queries: object) -> None:
    rows = "".join(f"{n};Nom{n};Zoé;29/02/1984\n" for n in range(30))
    with django_assert_max_num_queries(30 * 22):  # type: ignore[operator]
        assert practising.take_csv(f"{HEADER}\n{rows}").figures["patients"] == 30
