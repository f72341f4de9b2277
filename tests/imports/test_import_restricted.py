"""An import meets a restricted file: nothing comes into it, each line says so, and everybody else's goes on (PC-63, PC-123)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from care.tenancy import ALL, scope
from lifecycle.retention.children import children
from privacy.promises import measure
from records.importing import rows
from records.importing.report import Report
from records.models import PatientFile, SourceRecord
from tests.records.restriction.helpers import lift, restrict, tell
from vault import rings

from .bundles import bundle, encounter, entry, patient
from .factories import Practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

HEADER = "numéro;nom;prénom;date de naissance"
ONE = f"{HEADER}\n1;Lefèvre;Zoé;29/02/1984\n2;L’Haÿ;Noëlle;03/04/1990\n"
VISITS = "numéro;date;motif\n1;03/02/2025;Toux\n2;03/02/2025;Toux\n1;04/02/2025;Toux\n"
SINCE = "this patient's file is restricted since 18 November 2026: nothing of this was brought in. Lift the restriction, then import it again"
CLOSED = (
    "this patient's file is kept closed: nothing of this was brought in. Ask for it to be opened, then import it again"
)
OTHER = "5d0f1c53-8b2e-4a5f-9f0e-6a1b2c3d4e5f"


def figures(report: Report) -> dict[str, int]:
    return {name: count for name, count in report.figures.items() if count}


def left_out(report: Report) -> list[tuple[str, str]]:
    return [(line.path, line.message) for line in report.skipped if line.outcome == "skipped"]


def rows_of(file: PatientFile) -> list[list[str]]:
    """Every row of the file."""
    with scope(ALL):
        own = [sorted(map(str, PatientFile.objects.filter(pk=file.pk).values_list()))]
        return own + [
            sorted(map(str, child.model._default_manager.filter(**{child.column: file.pk}).values_list()))
            for child in children()
        ]


def newest() -> PatientFile:
    with scope(ALL):
        return PatientFile.objects.latest("created_at", "pk")


@pytest.fixture
def shut(practising: Practising) -> PatientFile:
    """Zoé's file: restricted. Noëlle's isn't."""
    practising.take_csv(ONE)
    with scope(ALL):
        numbered = SourceRecord.objects.get(position=2)
        file = PatientFile.objects.get(pk=numbered.file_id)
    restrict(file)
    return file


def test_visits_of_a_restricted_file_are_left_out_by_line_and_the_others_come(
    practising: Practising, shut: PatientFile
) -> None:
    before = rows_of(shut)
    report = practising.take_csv(VISITS)
    assert left_out(report) == [("line 2", SINCE), ("line 4", SINCE)]
    assert figures(report) == {"files": 1, "resources": 3, "consultations": 1, "skipped": 2}
    assert (report.errors, report.complete(), rows_of(shut) == before) == ([], True, True)


def test_patients_again_leave_a_restricted_file_as_it_is_even_when_they_changed(
    practising: Practising, shut: PatientFile
) -> None:
    before = rows_of(shut)
    report = practising.take_csv(ONE.replace("Zoé", "Zoë") + "3;Roux;Ana;31/01/1990\n")
    assert left_out(report) == [("line 2", SINCE)]
    assert figures(report) == {"files": 1, "resources": 3, "patients": 1, "known": 1, "skipped": 1}
    assert rows_of(shut) == before


def test_second_file_of_a_restricted_patient_isnt_begun_by_an_import(practising: Practising, shut: PatientFile) -> None:
    """Under another number; who is really somebody else comes with --twins."""
    twin = f"{HEADER}\n77;LEFEVRE;Zoe;29/02/1984\n"
    assert left_out(practising.take_csv(twin)) == [("line 2", SINCE)]
    assert practising.take_csv(twin, twins=True).figures["patients"] == 1


def test_same_lines_come_once_the_restriction_is_lifted(practising: Practising) -> None:
    practising.take_csv(ONE)
    with scope(ALL):
        file = PatientFile.objects.get(pk=SourceRecord.objects.get(position=2).file_id)
    row = restrict(file)
    assert practising.take_csv(VISITS).figures["consultations"] == 1
    lift(tell(row))
    assert figures(practising.take_csv(VISITS)) == {"files": 1, "resources": 3, "consultations": 2, "known": 1}


def by_bundle(practising: Practising) -> Report:
    return practising.take(bundle(patient(), encounter(), encounter("0f1e2d3c-4b5a-4678-8abc-0123456789ac")))


def by_another_programs_bundle(practising: Practising) -> Report:
    name = [{"family": "Morvan", "given": ["Anaëlle"]}]
    return practising.take(bundle(entry("Patient", OTHER, name=name, birthDate="1991-05-04", gender="female")))


@pytest.mark.parametrize("again", [by_bundle, by_another_programs_bundle])
def test_bundle_of_a_restricted_patient_is_left_out_whole(
    practising: Practising, again: Callable[[Practising], Report]
) -> None:
    practising.take(bundle(patient(), encounter()))
    file = newest()
    restrict(file)
    before = rows_of(file)
    report = again(practising)
    assert left_out(report) == [("", f"left out whole: {SINCE}")]
    assert (report.complete(), report.figures["patients"], rows_of(file) == before, newest() == file) == (
        True,
        0,
        True,
        True,
    )


def test_file_whose_key_alone_is_shut_is_left_out_too(practising: Practising, now: datetime) -> None:
    """Its record may have been lost in a restore: since when, nobody knows."""
    practising.take_csv(ONE)
    with scope(ALL):
        file = PatientFile.objects.get(pk=SourceRecord.objects.get(position=2).file_id)
    rings.restrict([file.pk], now)
    assert left_out(practising.take_csv(VISITS)) == [("line 2", CLOSED), ("line 4", CLOSED)]


def test_restriction_that_begins_between_two_lines_is_met(
    practising: Practising, shut: PatientFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it had been committed after the lines were sorted: the vault is asked again at the file itself."""
    asked: list[Any] = []

    def nothing_at_first(file_ids: Any) -> dict[Any, Any]:
        asked.append(1)
        return {} if len(asked) == 1 else rows_shut(file_ids)

    rows_shut = rows.shut_since
    monkeypatch.setattr(rows, "shut_since", nothing_at_first)
    before = rows_of(shut)
    report = practising.take_csv(VISITS)
    assert (left_out(report), rows_of(shut) == before) == ([("line 2", SINCE), ("line 4", SINCE)], True)
    assert (report.figures["consultations"], report.complete()) == (1, True)


def test_promise_of_imports_opens_no_restricted_file(practising: Practising, shut: PatientFile, now: datetime) -> None:
    """PC-123 compares the file imported last; when that is restricted, the one before it."""
    practising.take(bundle(patient(), encounter()))
    restrict(newest())
    [result] = measure(now, only=["PC-123"])
    assert (result.kept, result.evidence["records_compared"], result.evidence["imported_records"]) == (True, 1, 4)
