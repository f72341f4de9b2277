"""Imported bundles leave exactly on the days computed from the bundles alone (issue 3, Done-when 4)."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command

from accounts.models import User
from care.tenancy import ALL, scope
from records.models import Document, PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.imports.bundles import synthea
from tests.lifecycle.retention.helpers import ring_of, rows_of
from tests.lifecycle.test_holds import place

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
PARIS = ZoneInfo("Europe/Paris")
YEARS = 20


def last_day_of(path: Path) -> date:
    """The last day a bundle's file has to be kept: 20 years after the last visit, never before the 28th birthday."""
    resources = [entry["resource"] for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]]
    (patient,) = (r for r in resources if r["resourceType"] == "Patient")
    assert "deceasedDateTime" not in patient
    visits = [datetime.fromisoformat(r["period"]["end"]) for r in resources if r["resourceType"] == "Encounter"]
    seen = max(visits).astimezone(PARIS).date()
    born = date.fromisoformat(patient["birthDate"])
    ends = seen.replace(year=seen.year + YEARS)
    assert born.replace(year=born.year + 28) < ends
    return ends


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def ends(practitioner: User, settings: Any) -> dict[date, UUID]:
    """Each bundle's file by its last day, as the bundle says it."""
    settings.TIME_TRAVEL = True
    found = {}
    for path in synthea():
        before = files()
        call_command("import_fhir", str(path), "--practitioner", practitioner.email, stdout=StringIO())
        (found[last_day_of(path)],) = files() - before
    return dict(sorted(found.items()))


def files() -> set[UUID]:
    with scope(ALL):
        return set(PatientFile.objects.values_list("pk", flat=True))


def swept(now: datetime) -> dict[str, dict[str, int]]:
    out = StringIO()
    call_command("sweep", "--now", now.isoformat(), "--json", stdout=out)
    found: dict[str, dict[str, int]] = json.loads(out.getvalue())
    return found


def around(day: date) -> Iterator[datetime]:
    """The last second of the day in Paris, and the midnight after it."""
    midnight = datetime.combine(day + timedelta(days=1), time(), PARIS)
    yield midnight - timedelta(seconds=1)
    yield midnight


def test_each_bundle_leaves_at_the_midnight_after_the_day_it_says_itself(ends: dict[date, UUID]) -> None:
    with scope(ALL):
        objects = dict(Document.objects.values_list("storage_name", "file_id"))
    left = set(ends.values())
    assert (files(), len(left)) == (left, 6)
    for day, file_id in ends.items():
        second_before, midnight = around(day)
        swept(second_before)
        assert (files(), ring_of(file_id)) == (left, "archive")
        assert swept(midnight)["PC-41"] == {"due": 1, "done": 1, "held": 0, "failed": 0}
        left.discard(file_id)
        assert (files(), ring_of(file_id), rows_of(file_id)) == (left, "dead", {})
        assert {name for name in objects if default_storage.exists(name)} == {
            name for name, owner in objects.items() if owner in left
        }


def test_a_hold_keeps_its_own_file_only(ends: dict[date, UUID]) -> None:
    held, *_others = ends.values()
    with scope(ALL):
        kept = PatientFile.objects.get(pk=held)
    place(kept)
    *_before, last = ends
    _second_before, midnight = around(last)
    assert swept(midnight)["PC-41"] == {"due": 5, "done": 5, "held": 1, "failed": 0}
    assert (files(), ring_of(held)) == ({held}, "archive")
    assert swept(midnight + timedelta(days=3650))["PC-41"] == {"due": 0, "done": 0, "held": 1, "failed": 0}
