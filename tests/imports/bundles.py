"""Small bundles and CSV files that the tests bend out of shape."""

import copy
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample"
SHARED = Path(os.environ.get("PRATICONNECT_SHARED", ROOT.parent / "shared"))

PATIENT_ID = "7b2c4d1e-0a3f-4c55-9a67-1c2d3e4f5a6b"
VISIT_ID = "0f1e2d3c-4b5a-4678-8abc-0123456789ab"


def synthea() -> list[Path]:
    """The shared Synthea bundles; skips the test where they aren't."""
    return _shared("synthea", "*.json")


def libreosteo() -> list[Path]:
    """The peer LibreOsteo's CSV files, patients last by name; skips the test where they aren't."""
    return _shared("libreosteo", "*.csv")


def _shared(folder: str, pattern: str) -> list[Path]:
    found = sorted((SHARED / "data" / folder).glob(pattern))
    if not found:
        pytest.skip(f"no shared data in {SHARED}/data/{folder} (set PRATICONNECT_SHARED)")
    return found


def entry(kind: str, ident: str, **body: Any) -> dict[str, Any]:
    """One entry of a transaction bundle."""
    return {
        "fullUrl": f"urn:uuid:{ident}",
        "resource": {"resourceType": kind, "id": ident, **body},
        "request": {"method": "POST", "url": kind},
    }


def patient(**changed: Any) -> dict[str, Any]:
    body = {
        "name": [{"use": "official", "family": "Morvan", "given": ["Anaëlle"]}],
        "gender": "female",
        "birthDate": "1991-05-04",
    }
    return entry("Patient", PATIENT_ID, **{**body, **changed})


def encounter(
    ident: str = VISIT_ID,
    start: str = "2020-03-04T10:00:00+01:00",
    end: str = "2020-03-04T10:20:00+01:00",
    **changed: Any,
) -> dict[str, Any]:
    body = {
        "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": f"urn:uuid:{PATIENT_ID}"},
        "period": {"start": start, "end": end}, "reasonCode": [{"text": "Contrôle"}],
    }  # fmt: skip
    return entry("Encounter", ident, **{**body, **changed})


def observation(ident: str, **changed: Any) -> dict[str, Any]:
    body = {
        "status": "final", "code": {"text": "Poids", "coding": [{"code": "29463-7"}]},
        "subject": {"reference": f"urn:uuid:{PATIENT_ID}"}, "encounter": {"reference": f"urn:uuid:{VISIT_ID}"},
        "effectiveDateTime": "2020-03-04T10:05:00+01:00", "valueQuantity": {"value": 61.5, "unit": "kg"},
    }  # fmt: skip
    return entry("Observation", ident, **{**body, **changed})


def bundle(*entries: dict[str, Any], **head: Any) -> dict[str, Any]:
    """A transaction bundle of these entries, by default of one patient with one encounter."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        **head,
        "entry": copy.deepcopy(list(entries or (patient(), encounter()))),
    }


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def stream(text: str, encoding: str = "utf-8") -> BytesIO:
    return BytesIO(text.encode(encoding))
