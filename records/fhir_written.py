"""A whole patient's file as one FHIR R4 bundle: what imports brought as it came, what was written here in FHIR's words (PC-64).

The bundle stands alone: it can be imported here or elsewhere, documents included. Texts that FHIR has no element
for stand in extensions, which our own import reads. Versions of consultations before the last aren't in it.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final, cast
from uuid import UUID, uuid5

from django.core.files.storage import default_storage

from records.fhir_export import BEGINS, ENDS, FHIR, imported, named
from records.importing.fhir import OWN, OWN_KIND, OWN_TEXTS
from records.models import Consultation, ConsultationStatus, Document, Measure, Origin, PatientFile
from vault.handles import Handle

Resource = dict[str, Any]

SYSTEMS: Final = "http://terminology.hl7.org/CodeSystem/"
BIRTH_PLACE: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
ENCOUNTER_STATES: Final = {"draft": "in-progress", "signed": "finished", "struck": "entered-in-error"}
NOTE_STATES: Final = {"draft": "preliminary", "signed": "final", "struck": "entered-in-error"}
CLASSES: Final = {"urgent": "EMER", "home": "HH", "remote": "VR"}
SECTIONS: Final = (("examination", "Examination"), ("assessment", "Assessment"), ("plan", "Plan"))
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?")
_PIECE: Final = 3 * (1 << 16)
"""Bytes of a document that are encoded at once, at least."""


def whole_bundle(file: PatientFile, handle: Handle, *, formal: bool = False) -> Iterator[str]:
    """The text of a collection bundle, piece by piece. Raises SealBroken for a document that was tampered with.

    ``formal``: only what is formalised, for the patient: no unsigned draft, no note of the practitioner's own.
    """
    yield BEGINS
    for number, parts in enumerate(_entries(file, handle, formal)):
        yield "," if number else ""
        yield from parts
    yield ENDS


class _Names:
    """How the resources of one file refer to each other; imported ones keep their own names."""

    def __init__(self, file: PatientFile) -> None:
        self._references: dict[UUID, str] = {}
        self._left_out: set[UUID] = set()
        self._patient = file.pk

    @property
    def has_patient(self) -> bool:
        return self._patient in self._references

    @property
    def patient(self) -> Resource:
        return self.to(self._patient)

    def learn(self, row_id: UUID, resource: Resource) -> None:
        kind, ident = resource["resourceType"], resource.get("id")
        if kind in ("Patient", "Encounter") and ident:
            self._references[row_id] = f"urn:uuid:{ident}" if named(resource) else f"{kind}/{ident}"

    def leave_out(self, row_id: UUID) -> None:
        """A row that isn't in the bundle: what belongs to it names it no more."""
        self._left_out.add(row_id)

    def to(self, row_id: UUID) -> Resource:
        return {"reference": self._references.get(row_id, f"urn:uuid:{row_id}")}

    def visit(self, row_id: UUID | None) -> Resource | None:
        """The visit that a measure or a document belongs to, if it is in the bundle."""
        return self.to(row_id) if row_id and row_id not in self._left_out else None


def _entries(file: PatientFile, handle: Handle, formal: bool) -> Iterator[Iterator[str]]:
    names = _Names(file)
    for record, raw in imported(file, handle):
        resource = json.loads(raw)
        if record.source == FHIR:
            names.learn(record.object_id, resource)
        yield iter([f'{{{named(resource)}"resource":{_without_notes(resource, raw) if formal else raw}}}'])
    written = {"file": file, "origin": Origin.WRITTEN} if names.has_patient else {"file": file}
    if not names.has_patient:
        texts = handle.reveal(file) | ({"notes": None} if formal else {})
        yield from (_entry(resource) for resource in _about_patient(file, texts))
    for consultation in Consultation.objects.filter(**written).order_by("started_at", "pk"):
        if formal and consultation.status == ConsultationStatus.DRAFT:
            names.leave_out(consultation.pk)
            continue
        yield from (_entry(one) for one in _about_visit(consultation, handle.reveal(consultation), names))
    for measure in Measure.objects.filter(**written).order_by("taken_at", "pk"):
        yield _measured(measure, handle.reveal(measure), names)
    for document in Document.objects.filter(**written).order_by("added_at", "pk"):
        yield _paper(document, handle, names)


def _entry(resource: Resource) -> Iterator[str]:
    yield f'{{{named(resource)}"resource":{_text(resource)}}}'


def _without_notes(resource: Resource, raw: str) -> str:
    """An imported resource in its own characters, unless our own export put a practitioner's note into it."""
    extensions = resource.get("extension")
    if resource.get("resourceType") != "Patient" or not isinstance(extensions, list):
        return raw
    kept = [one for one in extensions if not (isinstance(one, dict) and one.get("url") == OWN + "notes")]
    return raw if kept == extensions else _text({**resource, "extension": kept})


def _text(resource: Resource) -> str:
    return json.dumps({name: value for name, value in resource.items() if value}, ensure_ascii=False)


def _about_patient(file: PatientFile, texts: Mapping[str, Any]) -> Iterator[Resource]:
    """Who the patient is, and the fields a practitioner reads first, each as the resource FHIR has for it."""
    yield _patient(file, texts)
    subject = {"reference": f"urn:uuid:{file.pk}"}
    active = {"coding": [{"system": f"{SYSTEMS}allergyintolerance-clinical", "code": "active"}]}
    code = {name: {"text": texts[name]} for name in texts if texts[name]}
    for name, resource in (
        ("allergies", {"resourceType": "AllergyIntolerance", "patient": subject, "clinicalStatus": active, "code": 0}),
        ("medical_history", {"resourceType": "Condition", "subject": subject, "code": 0}),
        ("surgical_history", {"resourceType": "Procedure", "subject": subject, "status": "completed", "code": 0}),
        ("treatments", {"resourceType": "MedicationStatement", "subject": subject, "status": "active", "medicationCodeableConcept": 0}),
    ):  # fmt: skip
        if name in code:
            filled = {key: value if value else code[name] for key, value in resource.items()}
            yield {**filled, "id": str(uuid5(file.pk, name))}


def _patient(file: PatientFile, texts: Mapping[str, Any]) -> Resource:
    family = texts["surname"] or texts["birth_name"]
    names = [{"use": "official", "family": family, "given": [texts["given_names"]]}]
    if not texts["given_names"]:
        names[0].pop("given")
    if texts["birth_name"]:
        names.append({"use": "maiden", "family": texts["birth_name"]})
    extensions: list[Resource] = [
        {"url": OWN + name, "valueString": texts[name]} for name in OWN_TEXTS if texts[name]
    ]  # fmt: skip
    if texts["birth_place"]:
        extensions.insert(0, {"url": BIRTH_PLACE, "valueAddress": {"text": texts["birth_place"]}})
    return {
        "resourceType": "Patient", "id": str(file.pk), "extension": extensions, "name": names, "gender": texts["sex"],
        "telecom": [{"system": system, "value": texts[system]} for system in ("phone", "email") if texts[system]],
        "birthDate": texts["birth_date"], "deceasedDateTime": texts["died_on"],
        "address": [{"text": texts["address"]}] if texts["address"] else [],
    }  # fmt: skip


def _about_visit(row: Consultation, texts: Mapping[str, Any], names: _Names) -> Iterator[Resource]:
    """The consultation, and its text as a note that belongs to it."""
    yield {
        "resourceType": "Encounter", "id": str(row.pk), "status": ENCOUNTER_STATES[row.status],
        "extension": [{"url": OWN + OWN_KIND, "valueCode": row.kind}],
        "class": {"system": f"{SYSTEMS}v3-ActCode", "code": CLASSES.get(row.kind, "AMB")}, "subject": names.patient,
        "period": {"start": row.started_at.isoformat()},
        "reasonCode": [{"text": texts["reason"]}] if texts["reason"] else [],
    }  # fmt: skip
    parts = [texts["note"], *(f"{title}\n{texts[name]}" for name, title in SECTIONS if texts[name])]
    note = "\n\n".join(filter(None, parts))
    if note:
        struck = row.status == ConsultationStatus.STRUCK
        yield {
            "resourceType": "DocumentReference", "id": str(uuid5(row.pk, "note")), "docStatus": NOTE_STATES[row.status],
            "status": "entered-in-error" if struck else "current", "subject": names.patient,
            "date": row.changed_at.isoformat(), "context": {"encounter": [names.to(row.pk)]},
            "content": [{"attachment": {"contentType": "text/plain", "data": b64encode(note.encode()).decode()}}],
        }  # fmt: skip


def _measured(row: Measure, texts: Mapping[str, Any], names: _Names) -> Iterator[str]:
    """A number keeps the digits it was written with; what is no number stands as text, its unit behind it."""
    coding = [{"code": texts["code"], "system": "http://loinc.org"}] if texts["code"] else []
    code = {"coding": coding, "text": texts["label"]}
    resource = {
        "resourceType": "Observation", "id": str(row.pk), "status": "entered-in-error" if row.struck_at else "final",
        "code": {key: value for key, value in code.items() if value} or {"text": "?"}, "subject": names.patient,
        "encounter": names.visit(row.consultation_id),
        "effectiveDateTime": row.taken_at.isoformat(),
    }  # fmt: skip
    value = texts["value"] or ""
    if _NUMBER.fullmatch(value):
        unit = f',"unit":{json.dumps(texts["unit"], ensure_ascii=False)}' if texts["unit"] else ""
        yield f'{{{named(resource)}"resource":{_text(resource)[:-1]},"valueQuantity":{{"value":{value}{unit}}}}}}}'
    else:
        yield from _entry({**resource, "valueString": " ".join(filter(None, (value, texts["unit"])))})


def _paper(row: Document, handle: Handle, names: _Names) -> Iterator[str]:
    """A document with its bytes, piece by piece; one the storage has lost keeps its title."""
    title, visit = handle.read(row, "title") or handle.read(row, "original_name"), names.visit(row.consultation_id)
    resource = {
        "resourceType": "DocumentReference", "id": str(row.pk), "status": "current", "subject": names.patient,
        "date": row.added_at.isoformat(),
        "context": {"encounter": [visit]} if visit else None,
    }  # fmt: skip
    attachment = json.dumps({"contentType": row.content_type, "title": title or "?"}, ensure_ascii=False)
    yield f'{{{named(resource)}"resource":{_text(resource)[:-1]},"content":[{{"attachment":{attachment[:-1]}'
    try:
        sealed = default_storage.open(row.storage_name, "rb")
    except FileNotFoundError:
        yield "}}]}}"
        return
    with closing(sealed):
        yield ',"data":"'
        yield from _encoded(handle.open_file(cast(Any, sealed), name=row.storage_name))
        yield '"}}]}}'


def _encoded(chunks: Iterator[bytes]) -> Iterator[str]:
    waiting = b""
    for chunk in chunks:
        waiting += chunk
        whole = len(waiting) - len(waiting) % 3 if len(waiting) >= _PIECE else 0
        yield b64encode(waiting[:whole]).decode()
        waiting = waiting[whole:]
    yield b64encode(waiting).decode()
