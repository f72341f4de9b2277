"""Practitioners who import, and the files they import."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from care.models import Practice
from care.queries import practice_of
from care.tenancy import scope
from records.importing import starting
from records.importing.actions import Upload, import_bundle, import_sheets
from records.importing.importer import Importer
from records.importing.report import Report
from records.models import KeptResource
from tests.accounts.factories import make_practitioner

from .bundles import as_text, bundle, entry, patient


@dataclass
class Practising:
    """A practitioner with their practice, ready to import."""

    user: User
    practice: Practice
    now: datetime

    def importer(self, **options: Any) -> Importer:
        by = Actor(account_id=self.user.pk, role="practitioner", practice_id=self.practice.pk)
        return Importer(self.user, self.practice, by, options.pop("now", self.now), **options)

    def take(self, value: dict[str, Any] | str | bytes, name: str = "one.json", **options: Any) -> Report:
        """Import one bundle."""
        raw = as_text(value) if isinstance(value, dict) else value
        data = raw.encode() if isinstance(raw, str) else raw
        return import_bundle(self.importer(**options), name, BytesIO(data), len(data))

    def take_path(self, path: Path, **options: Any) -> Report:
        with path.open("rb") as source:
            return import_bundle(self.importer(**options), path.name, source, path.stat().st_size)

    def take_csv(self, *sheets: str | bytes, **options: Any) -> Report:
        """Import CSV files together."""
        data = [sheet.encode() if isinstance(sheet, str) else sheet for sheet in sheets]
        uploads = [Upload(f"{n}.csv", len(d), lambda d=d: BytesIO(d)) for n, d in enumerate(data)]
        return import_sheets(self.importer(**options), uploads)

    def take_paths(self, paths: Iterable[Path], **options: Any) -> Report:
        uploads = [Upload(path.name, path.stat().st_size, lambda p=path: p.open("rb")) for path in paths]
        return import_sheets(self.importer(**options), uploads)

    def scope(self) -> Any:
        return scope([self.practice.pk])


def make_practising(now: datetime, email: str | None = None, **profile: Any) -> Practising:
    """A practitioner with a practice."""
    user = make_practitioner(email, now=now, **profile)
    practice = practice_of(user)
    assert practice is not None
    return Practising(user, practice, now)


def imported(user: User, canary: str) -> dict[str, UUID]:
    """A dry run that waits, and a kept resource, both with this word in them: their ids by the names of addresses."""
    practice = practice_of(user)
    assert practice is not None
    practising = Practising(user, practice, timezone.now())
    flag = entry("Flag", "a0000000-0000-4000-8000-0000000000fa", code={"text": canary})
    value = bundle(patient(name=[{"family": canary, "given": ["Ana"]}]), flag)
    assert practising.take(value).figures["kept"] == 1
    upload = SimpleUploadedFile(f"{canary}.json", as_text(value).encode())
    run = starting.begin(practice, [upload], twins=False, by=practising.importer().by, now=practising.now)
    with practising.scope():
        return {"run_id": run.pk, "kept_id": KeptResource.objects.get(resource_type="Flag").pk}
