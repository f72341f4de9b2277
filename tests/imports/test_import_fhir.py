"""FHIR bundles become patients' files: nothing lost, nothing twice, all or nothing (PC-123, PC-121)."""

import base64
import json
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage
from django.db import transaction

from praticonnect.demo_papers import pdf_of
from privacy.purposes import Purpose
from records.actions import create_file
from records.fhir_export import bundle_parts
from records.importing.report import Report
from records.models import Consultation, Document, KeptResource, Measure, PatientFile, SourceRecord
from vault import access
from vault.handles import Handle
from vault.models import FileKey

from .bundles import PATIENT_ID, SAMPLE, VISIT_ID, bundle, encounter, entry, observation, patient, synthea
from .factories import Practising, make_practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

OBSERVATION_ID = "a0000000-0000-4000-8000-000000000001"


def opened(practising: Practising, file: PatientFile) -> Handle:
    by = practising.importer().by
    return access.open(
        file.pk, by=by, purpose=Purpose.CARE, part="test", practice_id=file.practice_id, now=practising.now
    )


def texts(practising: Practising) -> dict[str, str]:
    """The sealed fields of the only file."""
    with transaction.atomic(), practising.scope():
        file = PatientFile.objects.get()
        return {name: text for name, text in opened(practising, file).reveal(file).items() if text}


def counts(practising: Practising) -> dict[str, int]:
    models = (PatientFile, Consultation, Measure, Document, KeptResource, SourceRecord)
    with practising.scope():
        return {model.__name__: model.objects.count() for model in models}


def resources_of(path: Path) -> list[dict[str, Any]]:
    return [e["resource"] for e in json.loads(path.read_text(encoding="utf-8"))["entry"]]


def figures(report: Report) -> dict[str, int]:
    return {name: count for name, count in report.figures.items() if count}


def document(ident: str, data: bytes, kind: str = "application/pdf", **changed: Any) -> dict[str, Any]:
    attachment = {"contentType": kind, "title": "bilan.pdf", "data": base64.b64encode(data).decode()}
    body = {
        "status": "current",
        "subject": {"reference": f"urn:uuid:{PATIENT_ID}"},
        "content": [{"attachment": attachment}],
    }
    return entry("DocumentReference", ident, **{**body, **changed})


def test_every_shared_bundle_comes_in_whole_and_again_adds_nothing(practising: Practising) -> None:
    total = Report()
    for path in synthea():
        total.add(practising.take_path(path))
    kinds = Counter(r["resourceType"] for path in synthea() for r in resources_of(path))
    assert total.errors == []
    assert figures(total) == {
        "files": 6, "resources": kinds.total(), "patients": 6, "consultations": kinds["Encounter"], "observations": kinds["Observation"],
        "documents": kinds["DocumentReference"], "notes": kinds["DocumentReference"],
        "kept": kinds.total() - sum(kinds[k] for k in ("Patient", "Encounter", "Observation", "DocumentReference")),
    }  # fmt: skip
    assert total.complete()
    before = counts(practising)
    again = Report()
    for path in synthea():
        again.add(practising.take_path(path))
    assert figures(again) == {"files": 6, "resources": kinds.total(), "known": kinds.total()}
    assert counts(practising) == before


def test_clock_of_each_shared_file_ends_20_years_after_its_last_encounter(practising: Practising) -> None:
    for path in synthea():
        practising.take_path(path)
    ends = []
    for path in synthea():
        visits = [r["period"]["end"] for r in resources_of(path) if r["resourceType"] == "Encounter"]
        last = max(datetime.fromisoformat(end) for end in visits).astimezone(ZoneInfo("Europe/Paris")).date()
        ends.append((last, last.replace(year=last.year + 20)))
    with practising.scope():
        found = PatientFile.objects.values_list("last_consultation_on", "retain_until")
        assert sorted(found) == sorted(ends)


def test_export_gives_back_every_resource_of_every_bundle_unchanged(practising: Practising) -> None:
    paths = [*synthea(), *sorted((SAMPLE / "fhir").glob("*.json"))]
    for path in paths:
        practising.take_path(path)
    wanted = {frozenset(json.dumps(r, sort_keys=True) for r in resources_of(path)) for path in paths}
    with transaction.atomic(), practising.scope():
        found = {frozenset(exported(practising, file)) for file in PatientFile.objects.all()}
    assert found == wanted


def exported(practising: Practising, file: PatientFile) -> list[str]:
    text = "".join(bundle_parts(file, opened(practising, file)))
    return [json.dumps(e["resource"], sort_keys=True) for e in json.loads(text)["entry"]]


def test_export_keeps_the_very_characters(practising: Practising) -> None:
    odd = '{ "resourceType":"Flag",  "id":"1", "x": 1.50, "y": 1e3, "n": "\\u00e9" }'
    text = json.dumps(bundle())[:-2] + f', {{"resource": {odd}}}]}}'
    practising.take(text)
    with transaction.atomic(), practising.scope():
        file = PatientFile.objects.get()
        assert odd in "".join(bundle_parts(file, opened(practising, file)))


def test_own_sample_comes_in_with_its_measures_documents_and_summaries(practising: Practising) -> None:
    report = practising.take_path(SAMPLE / "fhir" / "eleonore-dufrene.json")
    assert figures(report) == {
        "files": 1, "resources": 21, "patients": 1, "consultations": 3, "observations": 6, "documents": 4, "notes": 3, "kept": 7}  # fmt: skip
    read = texts(practising)
    assert {k: read[k] for k in ("surname", "birth_name", "birth_date", "allergies", "medical_history", "surgical_history", "family_history", "treatments")} == {
        "surname": "Dufrêne-Le Goff", "birth_name": "Dufrêne", "birth_date": "1984-02-29", "allergies": "Pénicilline (2009-05-12)",
        "medical_history": "Migraine avec aura (2012)", "surgical_history": "Appendicectomie (1998-02)",
        "family_history": "Mère · Hypertension artérielle", "treatments": "Sumatriptan 50 mg, en cas de crise (2024-09-16)",
    }  # fmt: skip
    with transaction.atomic(), practising.scope():
        file = PatientFile.objects.get()
        handle = opened(practising, file)
        shown = [
            (handle.read(m, "label"), handle.read(m, "value"), handle.read(m, "unit"))
            for m in file.measures.order_by("taken_at", "pk")
        ]
        notes = [handle.read(c, "note") for c in file.consultations.order_by("started_at")]
        [paper] = file.documents.all()
        assert (handle.read(paper, "title"), paper.content_type, paper.pages) == (
            "irm-cerebrale.pdf",
            "application/pdf",
            1,
        )
    assert ("Pression systolique", "118", "mmHg") in shown
    assert len(shown) == 8
    assert notes[0].startswith("Vient pour son rappel.")


def test_updated_bundle_adds_only_what_is_new(practising: Practising) -> None:
    practising.take(bundle())
    later = encounter(
        "0f1e2d3c-4b5a-4678-8abc-0123456789ac", start="2024-05-06T10:00:00+02:00", end="2024-05-06T10:30:00+02:00"
    )
    allergy = entry(
        "AllergyIntolerance",
        "0f1e2d3c-4b5a-4678-8abc-0123456789ad",
        code={"text": "Latex"},
        patient={"reference": f"urn:uuid:{PATIENT_ID}"},
    )
    report = practising.take(bundle(patient(), encounter(), later, observation(OBSERVATION_ID), allergy))
    assert figures(report) == {"files": 1, "resources": 5, "consultations": 1, "observations": 1, "kept": 1, "known": 2}
    assert texts(practising)["allergies"] == "Latex"
    with practising.scope():
        assert PatientFile.objects.values_list("last_consultation_on", "retain_until").get() == (
            date(2024, 5, 6),
            date(2044, 5, 6),
        )
        first = Consultation.objects.get(started_at__year=2020)
        assert Measure.objects.get().consultation_id == first.pk


def test_bundle_may_refer_to_what_an_earlier_one_brought(practising: Practising) -> None:
    practising.take(bundle())
    report = practising.take(bundle(patient(), observation(OBSERVATION_ID)))
    assert figures(report) == {"files": 1, "resources": 2, "observations": 1, "known": 1}
    with practising.scope():
        assert Measure.objects.get().consultation_id == Consultation.objects.get().pk


def test_resource_that_changed_since_is_named_and_not_overwritten(practising: Practising) -> None:
    practising.take(bundle())
    report = practising.take(bundle(patient(birthDate="1991-05-05"), encounter()))
    assert figures(report) == {"files": 1, "resources": 2, "known": 1, "skipped": 1}
    assert [(line.path, line.object_type) for line in report.skipped if line.outcome == "skipped"] == [
        ("entry[0].resource", "Patient")
    ]
    assert texts(practising)["birth_date"] == "1991-05-04"


def test_refused_bundle_leaves_nothing_and_the_next_goes_on(practising: Practising) -> None:
    lost = observation(OBSERVATION_ID, encounter={"reference": "urn:uuid:a0000000-0000-4000-8000-00000000000f"})
    report = practising.take(bundle(patient(), encounter(), lost), name="broken.json")
    assert [(e.source, e.path) for e in report.errors] == [("broken.json", "entry[2].resource.encounter")]
    assert figures(report) == {"files": 1, "resources": 3, "refused": 3}
    assert set(counts(practising).values()) == {0}
    assert FileKey.objects.count() == 0
    assert practising.take(bundle()).figures["patients"] == 1


@pytest.mark.parametrize("born", ["2026-11-19", "1879-01-01"])
def test_birth_date_no_file_can_have_is_refused(practising: Practising, born: str) -> None:
    report = practising.take(bundle(patient(birthDate=born), encounter()))
    assert [e.path.split(".")[0] for e in report.errors] == ["entry[0]"]
    assert set(counts(practising).values()) == {0}


def test_patient_who_exists_from_elsewhere_is_left_out_unless_wanted(practising: Practising) -> None:
    with practising.scope():
        identity = {"surname": "MORVAN", "given_names": "Anaelle", "birth_date": "1991-05-04"}
        create_file(practice=practising.practice, by=practising.importer().by, now=practising.now, identity=identity)
    report = practising.take(bundle())
    assert figures(report) == {"files": 1, "resources": 2, "skipped": 2}
    assert report.skipped[0].message.startswith("left out whole: a file with this name and birth date exists already")
    assert counts(practising)["PatientFile"] == 1
    assert practising.take(bundle(), twins=True).figures["patients"] == 1
    assert counts(practising)["PatientFile"] == 2


def test_two_practices_may_bring_the_same_bundle_and_share_nothing(practising: Practising, now: datetime) -> None:
    other = make_practising(now)
    assert [p.take(bundle()).figures["patients"] for p in (practising, other)] == [1, 1]
    hashes = []
    for one in (practising, other):
        with one.scope():
            hashes.append({bytes(h) for h in SourceRecord.objects.values_list("key_hash", flat=True)})
    assert hashes[0].isdisjoint(hashes[1])


def test_dry_run_reports_the_same_and_leaves_nothing(practising: Practising) -> None:
    path = SAMPLE / "fhir" / "eleonore-dufrene.json"
    tried = practising.take_path(path, dry_run=True)
    assert set(counts(practising).values()) == {0}
    assert (FileKey.objects.count(), stored()) == (0, 0)
    assert figures(tried) == figures(practising.take_path(path))


def stored() -> int:
    return len(default_storage.listdir("documents")[1]) if default_storage.exists("documents") else 0


def test_document_that_fails_after_it_was_stored_is_taken_away(
    practising: Practising, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr("records.importing.taking.insert_all", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        practising.take(bundle(patient(), encounter(), document(OBSERVATION_ID, pdf_of(["Bilan"]))))
    assert (stored(), set(counts(practising).values()), FileKey.objects.count()) == (0, {0}, 0)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"<html><script>alert(1)</script></html>", "application/pdf"), (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/png"), (b"PK\x03\x04" + b"\0" * 90, "application/zip")],
)  # fmt: skip
def test_document_that_is_not_what_it_says_is_kept_whole_and_named(
    practising: Practising, data: bytes, kind: str
) -> None:
    report = practising.take(bundle(patient(), encounter(), document(OBSERVATION_ID, data, kind)))
    assert figures(report) == {"files": 1, "resources": 3, "patients": 1, "consultations": 1, "kept": 1}
    [line] = [line for line in report.lines if line.path == "entry[2].resource"]
    assert (line.outcome, line.message.count("\n"), len(line.message) > 20) == ("kept", 0, True)
    assert stored() == 0


def test_document_in_a_binary_of_the_bundle_is_found(practising: Practising) -> None:
    data = base64.b64encode(pdf_of(["Bilan"])).decode()
    binary = entry("Binary", "a0000000-0000-4000-8000-00000000000b", contentType="application/pdf", data=data)
    paper = document(
        OBSERVATION_ID, b"", content=[{"attachment": {"contentType": "application/pdf", "url": binary["fullUrl"]}}]
    )
    assert practising.take(bundle(patient(), encounter(), paper, binary)).figures["documents"] == 1


def test_encounter_that_was_not_held_is_kept_and_moves_no_clock(practising: Practising) -> None:
    future = encounter("0f1e2d3c-4b5a-4678-8abc-0123456789ac", start="2027-01-01", end="2027-01-01")
    cancelled = encounter(
        "0f1e2d3c-4b5a-4678-8abc-0123456789ad", start="2025-01-01", end="2025-01-01", status="cancelled"
    )
    report = practising.take(bundle(patient(), encounter(), future, cancelled))
    assert (report.figures["consultations"], report.figures["kept"]) == (1, 2)
    with practising.scope():
        assert PatientFile.objects.get().last_consultation_on == date(2020, 3, 4)


def test_observation_dated_in_the_future_is_kept(practising: Practising) -> None:
    ahead = (practising.now + timedelta(days=1)).isoformat()
    assert (
        practising.take(bundle(patient(), encounter(), observation(OBSERVATION_ID, effectiveDateTime=ahead))).figures[
            "kept"
        ]
        == 1
    )


@pytest.mark.parametrize("name", ["בן־חיים", "L’Haÿ-les-Œuvres", "Nguyễn", "Çağlar"])
def test_names_are_kept_to_the_letter(practising: Practising, name: str) -> None:
    practising.take(bundle(patient(name=[{"family": name, "given": [name]}], birthDate="1984-02-29"), encounter()))
    read = texts(practising)
    assert (read["surname"], read["given_names"], read["birth_date"]) == (name, name, "1984-02-29")


def test_broken_sign_in_a_text_does_not_stop_the_import(practising: Practising) -> None:
    odd = json.dumps(bundle()).replace('"Morvan"', '"Mor\\ud800van"')
    assert practising.take(odd).figures["patients"] == 1
    assert texts(practising)["surname"] == "Mor?van"


def test_consultation_is_signed_and_names_no_one_else(practising: Practising) -> None:
    practising.take(bundle())
    with practising.scope():
        row = Consultation.objects.get()
    assert (row.origin, row.status, row.author_id, str(VISIT_ID) == str(row.pk)) == (
        "imported",
        "signed",
        practising.user.pk,
        False,
    )


def _without_numbers(name: str, born: str, *, full_url: str = "") -> dict[str, Any]:
    """A bundle of a program that numbers its patients 1, 2, 3 … and gives no identifier."""
    body = {"resourceType": "Patient", "id": "1", "name": [{"family": name}], "birthDate": born}
    visit = {"resourceType": "Encounter", "id": f"{born}", "status": "finished", "period": {"start": "2024-01-02"}}
    entries = [{"resource": one} | ({"fullUrl": full_url} if full_url else {}) for one in (body, visit)]
    if full_url:
        entries[1]["fullUrl"] = f"{full_url}/{born}"
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_short_ids_of_two_patients_never_share_a_file(practising: Practising) -> None:
    for name, born in (("Durand", "1980-02-29"), ("Moreau", "1991-05-04")):
        assert practising.take(_without_numbers(name, born)).figures["patients"] == 1
    assert counts(practising)["PatientFile"] == 2


def test_urn_that_is_no_uuid_names_nothing_across_bundles(practising: Practising) -> None:
    for name, born in (("Durand", "1980-02-29"), ("Moreau", "1991-05-04")):
        assert practising.take(_without_numbers(name, born, full_url="urn:uuid:0")).figures["patients"] == 1
    assert counts(practising)["PatientFile"] == 2


def test_number_of_another_person_adds_nothing_to_their_file(practising: Practising) -> None:
    address = "http://localhost:8080/fhir/Patient/1"
    practising.take(_without_numbers("Durand", "1980-02-29", full_url=address))
    before = counts(practising)
    report = practising.take(_without_numbers("Moreau", "1991-05-04", full_url=address))
    assert figures(report) == {"files": 1, "resources": 2, "skipped": 2}
    assert [line.message for line in report.lines] == [
        "left out whole: its patient bears the number of another person's file, with another name and birth date"
    ]
    assert counts(practising) == before


def test_patient_who_took_another_name_is_still_the_same(practising: Practising) -> None:
    address = "http://localhost:8080/fhir/Patient/1"
    practising.take(_without_numbers("Durand", "1980-02-29", full_url=address))
    again = practising.take(_without_numbers("Moreau", "1980-02-29", full_url=address))
    assert (again.figures["skipped"], again.figures["known"]) == (1, 1)
    assert counts(practising)["PatientFile"] == 1


@pytest.mark.parametrize("charset", ["undefined", "nul\x00"])
def test_note_in_a_charset_that_cannot_be_read_is_kept(charset: str, practising: Practising) -> None:
    visit = encounter()
    context = {"encounter": [{"reference": f"urn:uuid:{VISIT_ID}"}]}
    paper = document(OBSERVATION_ID, b"words", f"text/plain; charset={charset}", context=context)
    report = practising.take(bundle(patient(), visit, paper))
    assert (report.errors, report.figures["kept"], report.figures["consultations"]) == ([], 1, 1)


@pytest.mark.parametrize("written", ["1980-02-29T10:00:00Z", "1980-2-9", "29/02/1980", "1981-02-29"])
def test_birth_date_that_is_no_day_is_refused_by_its_path_and_never_repeated(
    written: str, practising: Practising
) -> None:
    report = practising.take(bundle(patient(birthDate=written)))
    assert [(line.path, line.message) for line in report.errors] == [
        ("entry[0].resource.birthDate", "this isn't a day in the calendar. Write it as YYYY-MM-DD.")
    ]


def test_json_report_says_why_a_document_was_only_kept(practising: Practising) -> None:
    drawing = document(OBSERVATION_ID, b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    report = practising.take(bundle(patient(), encounter(), drawing)).as_json(dry_run=False)
    assert report["kept_because"] == [
        {
            "file": "one.json", "path": "entry[2].resource", "type": "DocumentReference", "count": 1,
            "reason": "This is an SVG drawing, whatever its name says. Save it as a PDF or a PNG.",
        }
    ]  # fmt: skip
