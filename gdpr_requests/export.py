"""The full export: all that may be taken along of an account and its patients, in one ZIP (PC-32, PC-33, GDPR Art. 20).

What goes in is read from the declarations of the fields, so that a new field is in it from its first day. It is made
while it is sent: nothing of it lies anywhere in clear, and each file's line stands in the access journal before its
first byte leaves.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.db import transaction
from django.db.models import BinaryField, Model

from accounts.models import PractitionerProfile, User
from audit.actions import record_event
from audit.actors import Actor
from care.queries import practices_of
from care.tenancy import scope
from consents import log
from consents.models import ConsentEvent
from privacy.declare import REGISTRY, Export, Subject
from privacy.purposes import Purpose
from privacy.registry import installed_models, own_fields
from records.models import Document, PatientFile
from records.queries import files_of
from records.reading import Part, document_bytes
from vault import access
from vault.errors import VaultError
from vault.fields import sealed_fields
from vault.handles import Handle

ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
OURS_ALONE: Final = frozenset({"practice", "practice_id", "search_tokens"})


class _Sink:
    """Takes what the ZIP writes until it is handed on."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def close(self) -> None:
        """Nothing is held open."""

    def flush(self) -> None:
        """Nothing waits below."""

    def taken(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


class AccountExport:
    """One export of one account; ``manifest`` is complete once :meth:`chunks` has ended."""

    def __init__(self, user: User, *, by: Actor, now: datetime) -> None:
        self.user, self.by, self.now = user, by, now
        self.counts: Counter[str] = Counter()
        self.hashes: dict[str, str] = {}
        self.kept_closed: list[str] = []

    def chunks(self) -> Iterator[bytes]:
        """The ZIP, piece by piece; in memory there is one patient's file or one document at a time."""
        sink = _Sink()
        with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
            for name, data in self._members():
                info = ZipInfo(name, date_time=self.now.timetuple()[:6])
                info.compress_type = ZIP_DEFLATED
                archive.writestr(info, data)
                self.hashes[name] = sha256(data).hexdigest()
                yield sink.taken()
            archive.writestr("manifest.json", _json(self.manifest))
        yield sink.taken()

    @property
    def manifest(self) -> dict[str, Any]:
        """What is in it: rows of each kind, hashes of the members, and files that stay closed under Art. 18."""
        return {
            "account": self.user.pk, "made_at": self.now, "counts": dict(sorted(self.counts.items())),
            "kept_closed": self.kept_closed, "sha256": self.hashes,
        }  # fmt: skip

    def _members(self) -> Iterator[tuple[str, bytes]]:
        practices = list(practices_of(self.user).values_list("pk", flat=True))
        with scope(practices):
            files = list(files_of(self.user).order_by("created_at", "pk").values_list("pk", flat=True))
            record_event(
                by=self.by, verb="gdpr.export.begun", object_type=User._meta.label, object_id=self.user.pk,
                subject_id=self.user.pk, detail={"files": len(files)}, now=self.now,
            )  # fmt: skip
        yield "account.json", self._account()
        yield "consents.json", self._consents()
        for file_id in files:
            yield from self._file(practices, file_id)

    def _account(self) -> bytes:
        profile = PractitionerProfile.objects.filter(user=self.user).first()
        rows = [row for row in (self.user, profile) if row]
        self.counts.update(row._meta.label for row in rows)
        return _json({row._meta.label: _fields(row, None) for row in rows})

    def _consents(self) -> bytes:
        lines = [
            asdict(line) for line in log.lines(ConsentEvent.objects.filter(subject_id=self.user.pk).order_by("number"))
        ]
        self.counts[ConsentEvent._meta.label] += len(lines)
        return _json(lines)

    def _file(self, practices: list[UUID], file_id: UUID) -> Iterator[tuple[str, bytes]]:
        """One patient's file and its documents, each committed to the journal before it is handed on."""
        with transaction.atomic(), scope(practices):
            file = files_of(self.user).filter(pk=file_id).first()
            handle = self._opened(file) if file else None
            if file is None or handle is None:
                return
            data = _json({row._meta.label: rows for row, rows in self._rows(file, handle)})
            documents = list(Document.objects.filter(file=file).order_by("added_at", "pk"))
        yield f"files/{file_id}/file.json", data
        for document in documents:
            ending = ENDINGS.get(document.content_type, "bin")
            yield f"files/{file_id}/documents/{document.pk}.{ending}", document_bytes(handle, document)

    def _opened(self, file: PatientFile) -> Handle | None:
        """The way in, from the archive too; None for a file that stays closed (restricted)."""
        try:
            return access.open(
                file.pk, by=self.by, purpose=Purpose.LEGAL, part=Part.FILE.value, practice_id=file.practice_id,
                now=self.now, action="export", from_archive=True,
            )  # fmt: skip
        except VaultError:
            self.kept_closed.append(str(file.pk))
            return None

    def _rows(self, file: PatientFile, handle: Handle) -> Iterator[tuple[type[Model], list[dict[str, Any]]]]:
        kinds: list[type[Model]] = [PatientFile, *_kept_in_files()]
        for model in kinds:
            column = "pk" if model is PatientFile else "file_id"
            rows = model._default_manager.filter(**{column: file.pk}).order_by("pk")
            if found := [_fields(row, handle) for row in rows]:
                self.counts[model._meta.label] += len(found)
                yield model, found


def _kept_in_files() -> Iterable[type[Model]]:
    """Every table about patients whose rows name their file; the keys themselves never leave."""
    for model in installed_models():
        if model._meta.app_label == "vault":
            continue
        declared = REGISTRY.get(model._meta.label)
        if declared and declared.subject is Subject.PATIENT and any(f.attname == "file_id" for f in own_fields(model)):
            yield model


def _fields(row: Any, handle: Handle | None) -> dict[str, Any]:
    """The fields that may be taken along; sealed ones where the file's key opens them."""
    declared, sealed = REGISTRY[row._meta.label].fields, {field.name for field in sealed_fields(row._meta.model)}
    found: dict[str, Any] = {}
    for field in own_fields(row._meta.model):
        if declared[field.name].export is Export.WITHHELD or field.name in OURS_ALONE:
            continue
        if field.name in sealed:
            if handle is not None and row.sealed_file_id == handle.file_id:
                found[field.name] = handle.read(row, field.name)
        elif not isinstance(field, BinaryField):
            found[field.name] = field.value_from_object(row)
    return found


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()
