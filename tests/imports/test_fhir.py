"""FHIR R4 resources as values of a patient file: what is written is read, what isn't stays empty (PC-123)."""

import base64
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from records.importing.fhir import Summary, Unmapped, Value, identity, measured, papers, summary, visit
from records.importing.moments import LEGAL_ZONE, span_of

from .bundles import encounter, observation, patient

TODAY = date(2026, 11, 22)


def read_visit(**changed: Any) -> tuple[str, str, str]:
    held = visit(encounter(**changed)["resource"], TODAY)
    return held.started_at.isoformat(), held.kind, held.reason


def values(**changed: Any) -> list[tuple[str, str, str]]:
    plain = observation("1", **changed)["resource"]
    if "valueQuantity" not in changed:
        del plain["valueQuantity"]
    return [(v.label, v.value, v.unit) for v in measured(plain).values]


def test_identity_takes_the_official_name_and_the_newest_contact() -> None:
    names = [
        {"use": "maiden", "family": "Kervella"}, {"use": "official", "family": "Morvan", "given": ["Anaëlle", "Rose"]}, {"use": "nickname", "family": "Nana"},
    ]  # fmt: skip
    phones = [{"system": "phone", "use": "old", "value": "1"}, {"system": "phone", "use": "home", "value": "2"},
              {"system": "email", "value": "a@b.example"}, {"system": "phone", "use": "mobile", "value": "3"}]  # fmt: skip
    home = {"line": ["7, quai du Léguer", "bât. B"], "postalCode": "22300", "city": "Lannion", "country": "France"}
    place = {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Brest"}}
    read = identity(patient(name=names, telecom=phones, address=[home], extension=[place])["resource"], "P", TODAY)
    assert (read.surname, read.given_names, read.birth_name, read.sex) == (
        "Morvan",
        "Anaëlle Rose",
        "Kervella",
        "female",
    )
    assert (read.phone, read.email, read.birth_place) == ("3", "a@b.example", "Brest")
    assert read.address == "7, quai du Léguer\nbât. B\n22300 Lannion\nFrance"


def test_visit_begins_at_its_start() -> None:
    assert read_visit() == ("2020-03-04T10:00:00+01:00", "other", "Contrôle")


def test_visit_of_several_days_is_dated_on_its_last() -> None:
    assert read_visit(end="2020-03-06T08:00:00+01:00")[0] == "2020-03-06T00:00:00+01:00"


@pytest.mark.parametrize(
    ("period", "last"),
    [({"start": "2020"}, date(2020, 12, 31)), ({"start": "2020-02"}, date(2020, 2, 29)), ({"end": "2020-02-03"}, date(2020, 2, 3)),
     ({"start": "2020-12-31T23:30:00Z"}, date(2021, 1, 1)), ({"start": "2026-11-20", "end": "2027-01-01"}, TODAY)],
)  # fmt: skip
def test_visit_counts_from_the_latest_day_it_may_have_lasted_to(period: dict[str, str], last: date) -> None:
    assert visit(encounter(period=period)["resource"], TODAY).started_at.astimezone(LEGAL_ZONE).date() == last


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"status": "planned"}, "the encounter wasn't held (planned)"), ({"status": "cancelled"}, "the encounter wasn't held (cancelled)"),
     ({"period": {}}, "the encounter has no date"), ({"period": {"start": "yesterday"}}, "the encounter has no date"),
     ({"start": "2027-01-01"}, "the encounter is dated in the future")],
)  # fmt: skip
def test_visit_that_was_not_held_is_kept_and_moves_no_clock(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(Unmapped, match=why.replace("(", r"\(").replace(")", r"\)")):
        visit(encounter(**changed)["resource"], TODAY)


def test_visit_by_video_is_remote() -> None:
    assert read_visit(**{"class": {"code": "VR"}})[1] == "remote"


def test_measured_reads_the_value_its_components_and_its_moment() -> None:
    parts = [{"code": {"text": "Systolique"}, "valueQuantity": {"value": 118, "unit": "mmHg"}},
             {"code": {"text": "Diastolique"}, "valueQuantity": {"value": 74, "unit": "mmHg"}}]  # fmt: skip
    assert values(code={"text": "Tension"}, component=parts) == [
        ("Systolique", "118", "mmHg"),
        ("Diastolique", "74", "mmHg"),
    ]
    read = measured(observation("1")["resource"])
    assert read.values == (Value("29463-7", "Poids", "61.5", "kg"),)
    assert read.taken_at == datetime(2020, 3, 4, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "text", "unit"),
    [
        ({"valueQuantity": {"value": Decimal("64.50"), "unit": "kg"}}, "64.50", "kg"),
        ({"valueQuantity": {"value": 5, "comparator": "<", "code": "mg/L"}}, "<5", "mg/L"),
        ({"valueCodeableConcept": {"coding": [{"code": "260385009", "display": "Négatif"}]}}, "Négatif", ""),
        ({"valueString": "en cours"}, "en cours", ""), ({"valueBoolean": False}, "no", ""), ({"valueInteger": 0}, "0", ""),
        ({"valueRange": {"low": {"value": 1, "unit": "h"}, "high": {"value": 2}}}, "1 – 2", "h"),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 64}}}, "1 : 64", ""),
        ({"valueDateTime": "2020-01-01"}, "2020-01-01", ""), ({"valuePeriod": {"start": "2020", "end": "2021"}}, "2020 – 2021", ""),
        ({"valueSampledData": {"data": "1 2 E", "origin": {"unit": "mV"}}}, "1 2 E", "mV"),
        ({"dataAbsentReason": {"text": "refusé"}}, "refusé", ""), ({}, "", ""),
    ],
)  # fmt: skip
def test_measured_reads_each_kind_of_value(changed: dict[str, Any], text: str, unit: str) -> None:
    assert values(**changed) == [("Poids", text, unit)]


def test_measured_leaves_out_what_was_withdrawn() -> None:
    with pytest.raises(Unmapped, match="withdrawn"):
        measured(observation("1", status="entered-in-error")["resource"])


def document(**attachment: Any) -> dict[str, Any]:
    return {"resourceType": "DocumentReference", "status": "current", "description": "Bilan", "content": [{"attachment": attachment}],
            "context": {"encounter": [{"reference": "Encounter/1"}]}}  # fmt: skip


def test_papers_reads_bytes_title_and_encounter() -> None:
    data = base64.b64encode(b"Bilan\n").decode()
    [paper] = papers(document(contentType="text/plain; charset=utf-8", data=data[:4] + "\n" + data[4:]))
    assert (paper.content, paper.title, paper.encounters, paper.is_text) == (
        b"Bilan\n",
        "Bilan",
        ("Encounter/1",),
        True,
    )


@pytest.mark.parametrize(
    ("attachment", "why"),
    [({"contentType": "application/pdf"}, "isn't in the bundle"), ({"data": "%%%"}, "aren't base64")],
)
def test_papers_without_readable_bytes_are_kept(attachment: dict[str, str], why: str) -> None:
    with pytest.raises(Unmapped, match=why):
        papers(document(**attachment))


def test_papers_may_lie_in_a_binary_of_the_bundle() -> None:
    [paper] = papers(document(contentType="application/pdf", url="urn:uuid:1"))
    assert (paper.binary, paper.content) == ("urn:uuid:1", b"")


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        ({"resourceType": "AllergyIntolerance", "code": {"text": "Pénicilline"}}, Summary("allergies", "Pénicilline")),
        (
            {"resourceType": "Condition", "code": {"text": "Asthme"}, "onsetDateTime": "2012-03-04T00:00:00Z"},
            Summary("medical_history", "Asthme (2012-03-04)"),
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "status": "active",
                "medicationCodeableConcept": {"text": "Sumatriptan"},
            },
            Summary("treatments", "Sumatriptan"),
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "status": "completed",
                "medicationCodeableConcept": {"text": "Amoxicilline"},
            },
            None,
        ),
        (
            {"resourceType": "Procedure", "status": "completed", "code": {"text": "Appendicectomie"}},
            Summary("surgical_history", "Appendicectomie"),
        ),
        (
            {
                "resourceType": "AllergyIntolerance",
                "code": {"text": "Lait"},
                "verificationStatus": {"coding": [{"code": "refuted"}]},
            },
            None,
        ),
        (
            {
                "resourceType": "FamilyMemberHistory",
                "relationship": {"text": "Mère"},
                "condition": [{"code": {"text": "Diabète"}}],
            },
            Summary("family_history", "Mère · Diabète"),
        ),
        ({"resourceType": "Immunization", "vaccineCode": {"text": "DTP"}}, None),
        ({"resourceType": "Condition"}, None),
    ],
)
def test_summary_says_in_the_right_field_what_is_present(resource: dict[str, Any], line: Summary | None) -> None:
    assert summary(resource) == line


@pytest.mark.parametrize(
    "written", ["", "2020-13", "2020-02-30", "20200230", "2020-01-01 10:00", "2020-01-01T99:00:00Z", "0000", "x"]
)
def test_span_of_what_is_no_date_is_none(written: str) -> None:
    assert span_of(written) is None


def test_span_of_a_moment_without_zone_is_in_paris() -> None:
    span = span_of("2020-07-01T00:30:00")
    assert span is not None
    assert span.start.astimezone(UTC) == datetime(2020, 6, 30, 22, 30, tzinfo=UTC)
    assert span.last_day == date(2020, 7, 1)
