"""The FHIR of an export: a library nobody here wrote reads it, and an empty practice takes it back (PC-64, PC-123)."""

import json
from base64 import b64encode
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.storage import default_storage
from fhir.resources.R4B.bundle import Bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from gdpr_requests.export.archive import AccountExport
from records import actions
from records.models import Consultation, Document, Measure, PatientFile
from tests.accounts.factories import make_practitioner
from tests.imports.bundles import SAMPLE, synthea
from tests.imports.factories import Practising, make_practising
from tests.records.factories import NOW, make_consultation, make_document, make_file, make_measure, png, working

pytestmark = pytest.mark.django_db(databases="__all__")
Resource = dict[str, Any]
LATER = NOW + timedelta(days=1)


def bundles(user: User, now: datetime = LATER) -> list[bytes]:
    """The bundle of each patient's file."""
    made = AccountExport(user, by=Actor(account_id=user.pk, role="practitioner"), now=now)
    archive = ZipFile(BytesIO(b"".join(made.chunks())))
    return [archive.read(name) for name in archive.namelist() if name.endswith("/fhir.json")]


def canonical(found: list[bytes]) -> list[list[str]]:
    """Each bundle as the sorted texts of its entries, keys in order."""
    return sorted(sorted(json.dumps(one, sort_keys=True) for one in json.loads(text)["entry"]) for text in found)


def carried(found: list[bytes], now: datetime = LATER) -> Practising:
    """An empty practice that imports them all; nothing is refused, nothing skipped."""
    empty = make_practising(now)
    for text in found:
        report = empty.take(text, twins=True)
        assert (report.errors, report.figures["skipped"]) == ([], 0)
    return empty


def of_type(text: bytes, kind: str) -> list[Resource]:
    return [e["resource"] for e in json.loads(text)["entry"] if e["resource"]["resourceType"] == kind]


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org", now=NOW)


def test_file_written_here_is_valid_fhir_with_all_that_is_in_it(me: User) -> None:
    file = make_file(
        me, surname="Quemener", birth_name="Le Goff", phone="+33 6 12", email="q@example.org", address="12, Ti\nFoss",
        birth_place="Brest", allergies="Pollens", medical_history="Scoliose", surgical_history="Appendice",
        treatments="Aucun", family_history="Diabète", occupation="Marin", lifestyle="Nage", notes="Préfère le matin",
    )  # fmt: skip
    visit = make_consultation(file, me, signed=True, note="Depuis mardi", plan="Repos")
    make_measure(file, me, value="62.50")
    document = make_document(file, me)
    (text,) = bundles(me)
    read = Bundle.model_validate_json(text)
    assert [entry.fullUrl for entry in read.entry] == [f"urn:uuid:{entry.resource.id}" for entry in read.entry]
    (patient,), (encounter,), (weight,) = (of_type(text, kind) for kind in ("Patient", "Encounter", "Observation"))
    assert (patient["id"], patient["name"][0]["family"], patient["birthDate"]) == (
        str(file.pk),
        "Quemener",
        "1984-02-29",
    )
    assert (encounter["id"], encounter["status"]) == (str(visit.pk), "finished")
    assert b'"value":62.50,"unit":"kg"' in text
    assert weight["code"] == {"coding": [{"code": "29463-7", "system": "http://loinc.org"}], "text": "Body weight"}
    note, paper = of_type(text, "DocumentReference")
    assert note["content"][0]["attachment"]["data"] == b64encode(b"Depuis mardi\n\nPlan\nRepos").decode()
    assert (paper["id"], paper["content"][0]["attachment"]["data"]) == (str(document.pk), b64encode(png()).decode())
    assert sorted(entry.resource.get_resource_type() for entry in read.entry) == [
        "AllergyIntolerance", "Condition", "DocumentReference", "DocumentReference", "Encounter", "MedicationStatement",
        "Observation", "Patient", "Procedure",
    ]  # fmt: skip


def test_the_library_refuses_what_is_no_fhir(me: User) -> None:
    make_file(me)
    (text,) = bundles(me)
    with pytest.raises(ValidationError, match="birthDate"):
        Bundle.model_validate_json(text.replace(b'"1984-02-29"', b'"29/02/1984"'))


def test_file_written_here_comes_back_with_all_its_fields(me: User) -> None:
    texts = {
        "surname": "Quemener", "birth_name": "Le Goff", "phone": "+33 6 12", "email": "q@example.org",
        "address": "12, Ti\nFoss", "birth_place": "Brest", "allergies": "Pollens\nChats", "medical_history": "Scoliose",
        "surgical_history": "Appendice", "treatments": "Aucun", "family_history": "Diabète", "occupation": "Marin",
        "lifestyle": "Nage", "notes": "Préfère le matin",
    }  # fmt: skip
    file = make_file(me, **texts)
    make_consultation(file, me, signed=True, note="Depuis mardi")
    make_measure(file, me, value="62.50")
    make_document(file, me)
    empty = carried(bundles(me))
    (made,) = read_back(empty.user)
    assert {name: made["records.PatientFile"][0][name] for name in texts} == texts
    (visit,), (weight,), (paper,) = (made[f"records.{name}"] for name in ("Consultation", "Measure", "Document"))
    assert (visit["reason"], visit["note"], datetime.fromisoformat(visit["started_at"])) == (
        "Mal de dos",
        "Depuis mardi",
        NOW,
    )
    assert (weight["value"], weight["unit"], weight["code"]) == ("62.50", "kg", "29463-7")
    assert (paper["title"], paper["content_type"]) == ("Analyse de sang", "image/png")


def read_back(user: User) -> list[dict[str, list[Resource]]]:
    made = AccountExport(user, by=Actor(account_id=user.pk, role="practitioner"), now=LATER)
    archive = ZipFile(BytesIO(b"".join(made.chunks())))
    return [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith("/file.json")]


def test_synthea_comes_back_exactly_and_stays_valid(me: User) -> None:
    here = make_practising(LATER)
    for path in [*synthea(), *sorted((SAMPLE / "fhir").glob("*.json"))]:
        assert here.take_path(path).errors == []
    first = bundles(here.user)
    for text in first:
        Bundle.model_validate_json(text)
    assert canonical(bundles(carried(first).user)) == canonical(first)


def test_rows_of_a_spreadsheet_leave_as_fhir_of_their_patient(me: User) -> None:
    here = make_practising(LATER)
    here.take_csv("numéro;nom;prénom;date de naissance;fumeur\n1;Lefèvre;Zoé;29/02/1984;non\n")
    (text,) = first = bundles(here.user)
    Bundle.model_validate_json(text)
    assert (len(of_type(text, "Patient")), len(of_type(text, "Basic"))) == (1, 1)
    assert canonical(bundles(carried(first).user)) == canonical(first)


def test_visit_written_into_an_imported_file_names_the_imported_patient() -> None:
    here = make_practising(LATER)
    here.take_path(next(iter(sorted((SAMPLE / "fhir").glob("*.json")))))
    with scope(ALL):
        file = PatientFile.objects.get()
    visit = make_consultation(file, here.user, at=LATER, signed=True, note="Depuis mardi")
    make_document(file, here.user, consultation=visit)
    (text,) = first = bundles(here.user, LATER + timedelta(hours=1))
    (patient,) = of_type(text, "Patient")
    (mine,) = (one for one in of_type(text, "Encounter") if one["id"] == str(visit.pk))
    assert mine["subject"] == {"reference": f"urn:uuid:{patient['id']}"}
    Bundle.model_validate_json(text)
    assert canonical(bundles(carried(first, LATER + timedelta(hours=1)).user, LATER + timedelta(hours=1))) == canonical(
        first
    )


def test_document_that_the_storage_lost_keeps_its_title(me: User) -> None:
    make_document(make_file(me), me)
    with scope(ALL):
        default_storage.delete(Document.objects.get().storage_name)
    (text,) = bundles(me)
    Bundle.model_validate_json(text)
    (paper,) = of_type(text, "DocumentReference")
    assert paper["content"][0]["attachment"] == {"contentType": "image/png", "title": "Analyse de sang"}


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(str.strip)
VISITS = st.fixed_dictionaries(
    {
        "note": WORDS | st.just(""),
        "plan": WORDS | st.just(""),
        "reason": WORDS,
        "end": st.sampled_from(["draft", "signed", "struck"]),
    }
)
MEASURES = st.tuples(WORDS | st.decimals(-999, 999, places=2, allow_nan=False).map(str), st.booleans())
PATIENTS = st.fixed_dictionaries(
    {
        "texts": st.dictionaries(st.sampled_from(["allergies", "notes", "treatments", "address", "family_history"]), WORDS),
        "sex": st.sampled_from(["female", "male", "other", "unknown", ""]),
        "birth_date": st.sampled_from(["1984-02-29", "1984-02", "1984", ""]),
        "visits": st.lists(VISITS, max_size=2), "measures": st.lists(MEASURES, max_size=2), "papers": st.booleans(),
    }
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(patients=st.lists(PATIENTS, min_size=1, max_size=2))
def test_any_practice_comes_back_from_its_own_export(patients: list[dict[str, Any]]) -> None:
    user = make_practitioner(now=NOW)
    for number, patient in enumerate(patients):
        write(user, number, patient)
    first = bundles(user)
    for text in first:
        Bundle.model_validate_json(text)
    empty = carried(first)
    assert canonical(bundles(empty.user)) == canonical(first)
    held = sum(visit["end"] != "struck" for patient in patients for visit in patient["visits"])
    with empty.scope():
        mine = {
            model: model.objects.filter(practice=empty.practice).count()
            for model in (PatientFile, Consultation, Measure)
        }
    measures = sum(not struck for patient in patients for _value, struck in patient["measures"])
    assert mine == {PatientFile: len(patients), Consultation: held, Measure: measures}


def write(user: User, number: int, patient: dict[str, Any]) -> None:
    """Through the real actions."""
    texts = {**patient["texts"], "sex": patient["sex"], "birth_date": patient["birth_date"]}
    file = make_file(user, surname=f"Quemener {number}", **texts)
    for visit in patient["visits"]:
        content = {name: visit[name] for name in ("note", "plan", "reason")}
        made = make_consultation(file, user, signed=visit["end"] != "draft", **content)
        if visit["end"] == "struck":
            with working(user) as by:
                actions.strike_consultation(consultation=made, reason="Never held", by=by, now=LATER)
    for value, is_struck in patient["measures"]:
        measure = make_measure(file, user, value=value)
        if is_struck:
            with working(user) as by:
                actions.strike_measure(measure=measure, by=by, now=LATER)
    if patient["papers"]:
        make_document(file, user)
