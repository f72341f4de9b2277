"""A file's imported records as a FHIR bundle: each resource in the very characters it came in (PC-123)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from records.importing import fhir
from records.models import KeptResource, PatientFile, SourceRecord
from vault.handles import Handle

FHIR: Final = "fhir"
"""The source of records that came as FHIR."""
BEGINS: Final = '{"resourceType":"Bundle","type":"collection","entry":['
ENDS: Final = "]}"
_AT_ONCE: Final = 500
_KEPT: Final = KeptResource._meta.label
_PATIENT: Final = PatientFile._meta.label
_DECEASED: Final = re.compile(r'"deceased(?:DateTime"\s*:\s*"[^"]*"|Boolean"\s*:\s*(?:true|false))')
_CSV_ROW: Final = "https://praticonnect.com/fhir/StructureDefinition/csv-row"


def bundle_parts(file: PatientFile, handle: Handle) -> Iterator[str]:
    """The text of a collection bundle, part by part: every resource that imports brought into `file`.

    A row of a CSV stands in a Basic resource, its cells as JSON in an extension. A death recorded or corrected
    here is written into the Patient resource; nothing else of any resource differs from what came.
    """
    yield BEGINS
    for number, (_record, raw) in enumerate(imported(file, handle)):
        yield f'{"," if number else ""}{{{named(json.loads(raw))}"resource":{raw}}}'
    yield ENDS


def named(resource: Mapping[str, object]) -> str:
    """The member by which others in the bundle refer to the resource: its UUID; without one they write type and id."""
    ident = str(resource.get("id"))
    with suppress(ValueError):
        return f'"fullUrl":"urn:uuid:{ident}",' if len(ident) == 36 and UUID(ident) else ""
    return ""


def originals(records: Sequence[SourceRecord], handle: Handle) -> Iterator[str]:
    """The original characters of each record; raises ValueError for one that has lost them."""
    rows = KeptResource.objects.in_bulk([record.object_id for record in records if record.object_type == _KEPT])
    for record in records:
        raw = handle.read(rows[record.object_id] if record.object_type == _KEPT else record, "raw")
        if raw is None:
            raise ValueError(f"source record {record.pk} has lost its original")
        yield raw


def imported(file: PatientFile, handle: Handle) -> Iterator[tuple[SourceRecord, str]]:
    """Each record with its resource, in the order they came, a few hundred at a time."""
    records = SourceRecord.objects.filter(file=file).order_by("first_seen_at", "position", "pk")
    died_on = handle.read(file, "died_on")
    start = 0
    while batch := list(records[start : start + _AT_ONCE]):
        start += _AT_ONCE
        for record, raw in zip(batch, originals(batch, handle), strict=True):
            if record.source != FHIR:
                yield record, json.dumps(_basic(record, raw), ensure_ascii=False)
            else:
                yield record, with_death(raw, died_on) if record.object_type == _PATIENT else raw


def with_death(raw: str, died_on: str | None) -> str:
    """The Patient resource with `deceasedDateTime` as the file has it; in its own characters if it says so already."""
    said = fhir.written_death(json.loads(raw))
    if said == (died_on or ""):
        return raw
    if died_on is None:
        return _without_death(raw)
    member = f'"deceasedDateTime":{json.dumps(died_on)}'
    if _DECEASED.search(raw):
        return _DECEASED.sub(lambda _found: member, raw, count=1)
    return raw.replace("{", "{" + member + ",", 1)


def _without_death(raw: str) -> str:
    """The Patient resource of somebody whose death was taken back here."""
    return _DECEASED.sub('"deceasedBoolean":false', raw, count=1)


def _basic(record: SourceRecord, raw: str) -> dict[str, object]:
    return {
        "resourceType": "Basic",
        "id": str(record.pk),
        "extension": [{"url": _CSV_ROW, "valueString": raw}],
        "code": {"text": "CSV row"},
    }
