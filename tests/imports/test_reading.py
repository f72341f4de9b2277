"""A bundle that can't be taken says where and why, before anything is written (issue 2, bad input)."""

import json
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from records.importing.bundles import BadBundle, Outline, outline
from records.importing.fhir import identity
from records.importing.reading import MAX_BUNDLE_BYTES, BadInput, read_text, resource_at

from .bundles import PATIENT_ID, as_text, bundle, encounter, entry, observation, patient, synthea

TODAY = date(2026, 11, 22)


def problems(value: Any) -> list[tuple[str, str]]:
    with pytest.raises(BadBundle) as refused:
        outline(value if isinstance(value, str) else as_text(value))
    return [(problem.path, problem.message) for problem in refused.value.problems]


def taken(*entries: dict[str, Any]) -> Outline:
    return outline(as_text(bundle(*entries)))


def test_outline_keeps_the_characters_of_each_resource() -> None:
    text = '{"entry": [ {"resource" : {"resourceType":"Patient", "id" :"1", "w": 1.50 , "é": "\\u00e9"} } ],"type":"collection","resourceType":"Bundle"}'
    found = outline(text)
    assert found.raw(found.patient) == '{"resourceType":"Patient", "id" :"1", "w": 1.50 , "é": "\\u00e9"}'
    assert str(resource_at(text, found.patient)["w"]) == "1.50"


def test_outline_of_every_shared_bundle_has_every_entry() -> None:
    for path in synthea():
        text = path.read_text(encoding="utf-8")
        plain = json.loads(text)["entry"]
        found = outline(text)
        assert [json.loads(found.raw(e)) for e in found.entries] == [e["resource"] for e in plain]
        assert found.dangling == []


def test_broken_json_names_line_and_column() -> None:
    text = as_text(bundle()).replace('"status": "finished",', '"status": "finished"')
    line = next(n for n, row in enumerate(text.splitlines(), 1) if '"status": "finished"' in row)
    [(path, message)] = problems(text)
    assert path == f"line {line + 1}, column 5"
    assert message.startswith("the JSON is broken here (Expecting ',' delimiter)")


@pytest.mark.parametrize(
    "text", ["", "[]", '"Bundle"', "{", '{"entry": [', '{"a" 1}', "{} x", '{"a": NaN}', "[" * 100_000]
)
def test_text_that_is_no_bundle_is_refused_in_one_line(text: str) -> None:
    [(_path, message)] = problems(text)
    assert message.endswith(".")
    assert "\n" not in message


def test_file_of_200_mb_is_refused_before_it_is_read() -> None:
    class Unreadable(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    with pytest.raises(BadInput, match="200 MB; a bundle may have up to 200 MB"):
        read_text(Unreadable(), MAX_BUNDLE_BYTES)


def test_text_in_another_encoding_names_the_line() -> None:
    with pytest.raises(BadInput) as refused:
        read_text(BytesIO('{\n\n"é": 1}'.encode("latin-1")), 12)
    assert refused.value.path == "line 3"


def test_bundle_without_a_patient_is_refused() -> None:
    lonely = encounter()
    del lonely["resource"]["subject"]
    assert problems(bundle(lonely)) == [
        ("entry", "the bundle has no Patient. Each bundle must bring the patient whose file it is.")
    ]


def test_second_patient_is_named_by_its_path() -> None:
    other = entry("Patient", "5d0f1c53-8b2e-4a5f-9f0e-6a1b2c3d4e5f", name=[{"family": "Le Bihan"}])
    assert [path for path, _message in problems(bundle(patient(), encounter(), other))] == ["entry[2].resource"]


def test_dangling_references_are_named_by_their_paths() -> None:
    lost = observation("a0000000-0000-4000-8000-000000000001", encounter={"reference": "urn:uuid:a0000000-0000-4000-8000-00000000000f"},
                       performer=[{"reference": "Practitioner/9"}], hasMember=[{"reference": "Observation/77"}, {"reference": "#inner"}])  # fmt: skip
    found = taken(patient(), encounter(), lost)
    assert sorted(reference.path for reference in found.dangling) == [
        "entry[2].resource.encounter", "entry[2].resource.hasMember[0]", "entry[2].resource.hasMember[1]"]  # fmt: skip


def test_references_by_type_and_id_by_address_and_into_a_resource_are_found() -> None:
    inner = observation(
        "a0000000-0000-4000-8000-000000000001", subject={"reference": f"Patient/{PATIENT_ID}"},
        encounter={"reference": "https://his.example/fhir/Encounter/1"}, contained=[{"resourceType": "Device", "id": "scale"}],
        device={"reference": "#scale"}, performer=[{"reference": "Practitioner?identifier=x|1"}],
    )  # fmt: skip
    held = encounter() | {"fullUrl": "https://his.example/fhir/Encounter/1"}
    assert taken(patient(), held, inner).dangling == []


def test_resource_of_another_patient_is_refused() -> None:
    strange = observation(
        "a0000000-0000-4000-8000-000000000001", subject={"reference": "https://his.example/fhir/Patient/2"}
    )
    assert problems(bundle(patient(), encounter(), strange)) == [
        ("entry[2].resource.subject", "this belongs to another patient than the bundle's.")
    ]


def test_other_resource_than_a_bundle_is_refused() -> None:
    assert problems(patient()["resource"]) == [("resourceType", "a FHIR Bundle was expected; this file is: Patient.")]


@pytest.mark.parametrize("kind", ["Patientt", "", 7, None])
def test_unknown_resource_type_is_named_by_its_path(kind: object) -> None:
    wrong = encounter()
    wrong["resource"]["resourceType"] = kind
    assert [path for path, _message in problems(bundle(patient(), wrong))] == ["entry[1].resource.resourceType"]


def test_bundle_of_a_history_is_refused() -> None:
    assert [path for path, _message in problems(bundle(type="history"))] == ["type"]


@pytest.mark.parametrize(
    ("place", "changed", "version"),
    [
        ("entry[0].resource.name", patient(name=[{"family": ["Morvan"]}]), "DSTU2 (1.0)"),
        ("entry[0].resource.class", encounter(**{"class": "outpatient"}), "DSTU2 (1.0)"),
        ("entry[0].resource.reason", encounter(reason=[{"text": "Toux"}]), "DSTU2 or STU3"),
        ("entry[0].resource.context", observation("1", context={"display": "x"}), "STU3 (3.0)"),
        ("entry[0].resource.resourceType", entry("MedicationOrder", "1"), "DSTU2 or STU3"),
        ("entry[0].resource.class", encounter(**{"class": [{"coding": []}]}), "R5 (5.0)"),
        ("entry[0].resource.actualPeriod", encounter(actualPeriod={}), "R5 (5.0)"),
        ("entry[0].resource.resourceType", entry("InventoryItem", "1"), "R5 (5.0)"),
        (
            "entry[0].resource.meta.profile[0]",
            patient(meta={"profile": ["http://hl7.org/fhir/STU3/StructureDefinition/Patient"]}),
            "STU3 (3.0)",
        ),
    ],
)
def test_other_fhir_version_is_named_with_its_place(place: str, changed: dict[str, Any], version: str) -> None:
    assert problems(bundle(changed)) == [
        (place, f"this is FHIR {version}; PratiConnect reads FHIR R4 (4.0). Ask the other software for an R4 export.")
    ]


@pytest.mark.parametrize(
    ("number", "version"), [("1.0.2", "DSTU2 (1.0)"), ("3.0.2", "STU3 (3.0)"), ("5.0.0", "R5 (5.0)")]
)
def test_version_that_the_bundle_states_is_read(number: str, version: str) -> None:
    [(path, message)] = problems(bundle(meta={"fhirVersion": number}))
    assert (path, version in message) == ("meta.fhirVersion", True)
    assert outline(as_text(bundle(meta={"fhirVersion": "4.0.1"}))).patient.number == 0


def test_entry_that_asks_to_delete_is_reported_and_nothing_else() -> None:
    found = taken(patient(), {"request": {"method": "DELETE", "url": "Observation/1"}})
    assert [(problem.path, len(found.entries)) for problem in found.ignored] == [("entry[1]", 1)]


def test_every_problem_of_a_bundle_is_named_at_once() -> None:
    wrong = [entry("Nothing", str(n)) for n in range(3)]
    assert [path for path, _ in problems(bundle(patient(), *wrong))] == [
        f"entry[{n}].resource.resourceType" for n in (1, 2, 3)
    ]


def test_source_name_is_the_same_at_each_export_and_differs_between_systems() -> None:
    first, again = taken(patient(), encounter()), taken(patient(), {"request": {"method": "DELETE"}}, encounter())
    assert [first.source_name(e) for e in first.entries] == [again.source_name(e) for e in again.entries]
    short = [
        taken(patient(identifier=[{"system": s, "value": "1"}]), {"resource": {"resourceType": "Flag", "id": "1"}})
        for s in "ab"
    ]
    names = [found.source_name(found.entries[1]) for found in short]
    assert names == ["a|1|Flag/1", "b|1|Flag/1"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [({"name": []}, "P.name"), ({"birthDate": "2026-11-23"}, "P.birthDate"), ({"birthDate": "1991-02-29"}, "P.birthDate"),
     ({"birthDate": "04/05/1991"}, "P.birthDate")],
)  # fmt: skip
def test_identity_refuses_what_no_file_can_have(changed: dict[str, Any], place: str) -> None:
    with pytest.raises(BadInput) as refused:
        identity(patient(**changed)["resource"], "P", TODAY)
    assert refused.value.path == place


@pytest.mark.parametrize("name", ["בן־חיים", "Œuvrard", "L’Haÿ-les-Roses", "Çağlar", "Nguyễn", "àâäéèêëïîôöùûüÿçœæ"])
def test_identity_keeps_each_letter_and_the_29th_of_february(name: str) -> None:
    read = identity(
        patient(name=[{"family": name, "given": [name, "Zoé"]}], birthDate="1984-02-29")["resource"], "P", TODAY
    )
    assert (read.surname, read.given_names, read.birth_date) == (name, f"{name} Zoé", "1984-02-29")
