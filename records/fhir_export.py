"""A file's imported records as a FHIR bundle: each resource in the very characters it came in (PC-123)."""

import json
from collections.abc import Iterator
from typing import Final

from records.models import KeptResource, PatientFile, SourceRecord
from vault.access import Handle

_AT_ONCE: Final = 500


def bundle_parts(file: PatientFile, handle: Handle) -> Iterator[str]:
    """The text of a collection bundle, part by part: every resource that imports brought into `file`.

    A row of a CSV stands in a Basic resource, its cells as JSON in an extension.
    """
    yield '{"resourceType":"Bundle","type":"collection","entry":['
    for number, raw in enumerate(imported_resources(file, handle)):
        yield f'{"," if number else ""}{{"resource":{raw}}}'
    yield "]}"


def imported_resources(file: PatientFile, handle: Handle) -> Iterator[str]:
    """The original JSON of each imported record, in the order they came."""
    records = SourceRecord.objects.filter(file=file).order_by("first_seen_at", "position", "pk")
    kept = KeptResource._meta.label
    batch: list[SourceRecord] = []
    for record in records.iterator(_AT_ONCE):
        batch.append(record)
        if len(batch) == _AT_ONCE:
            yield from _originals(batch, handle, kept)
            batch = []
    yield from _originals(batch, handle, kept)


def _originals(batch: list[SourceRecord], handle: Handle, kept: str) -> Iterator[str]:
    rows = KeptResource.objects.in_bulk([record.object_id for record in batch if record.object_type == kept])
    for record in batch:
        raw = handle.read(rows[record.object_id] if record.object_type == kept else record, "raw")
        if raw is None:
            raise ValueError(f"source record {record.pk} has lost its original")
        yield raw if record.source == "fhir" else json.dumps(_basic(record, raw), ensure_ascii=False)


def _basic(record: SourceRecord, raw: str) -> dict[str, object]:
    url = "https://praticonnect.com/fhir/StructureDefinition/csv-row"
    return {
        "resourceType": "Basic",
        "id": str(record.pk),
        "extension": [{"url": url, "valueString": raw}],
        "code": {"text": "CSV row"},
    }
