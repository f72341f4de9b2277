"""What every archive of an export is: a ZIP of parts with their fingerprints, sheets beside them, and a manifest (PC-64).

It is made while it is handed on: nothing of it lies anywhere in clear, and memory use doesn't grow with it.
"""

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, cast

from django.core.files.storage import default_storage

from gdpr_requests.export.sheets import Sheets
from gdpr_requests.export.spool import Spool
from gdpr_requests.export.zipping import Packed, Zip, pack
from records.models import Document, PatientFile
from vault.handles import Handle

FORMAT: Final = 2
"""Of the archive's layout; the manifest says it."""
ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
Progress = Callable[[int, int], object]


class Making(ABC):
    """One archive while it is made; ``manifest`` is complete once :meth:`chunks` has ended."""

    def __init__(self, progress: Progress | None) -> None:
        self.counts: Counter[str] = Counter()
        self.lost: list[str] = []
        self._progress = progress
        self._hashes, self._sheets = Spool(), Sheets()

    @property
    @abstractmethod
    def manifest(self) -> dict[str, Any]:
        """What is in it, rows of each kind, and what isn't in it and why."""

    @abstractmethod
    def _members(self) -> Iterator[Packed]:
        """The parts, each packed when its turn comes."""

    def chunks(self) -> Iterator[bytes]:
        """The ZIP, piece by piece; in memory there is one patient's file or one document at a time."""
        archive = Zip()
        for packed in self._members():
            self._note(packed)
            yield from archive.add(packed)
        yield from archive.add(pack("manifest.json", self._manifest_parts()))
        yield from archive.end()

    def _manifest_parts(self) -> Iterator[bytes]:
        yield as_json(self.manifest).rstrip(b"}\n") + b',\n "sha256": {\n'
        yield from self._hashes.read()
        yield b"\n }\n}\n"

    def _note(self, packed: Packed) -> None:
        comma = ",\n" if self._hashes.size else ""
        self._hashes.write(f"{comma}  {json.dumps(packed.name)}: {json.dumps(packed.sha256)}".encode())

    def _document(self, handle: Handle, row: Document, name: str) -> Packed | None:
        """The original; None when the storage has lost it, and then the manifest says so."""
        try:
            with default_storage.open(row.storage_name, "rb") as sealed:
                return pack(name, handle.open_file(cast(Any, sealed), name=row.storage_name))
        except FileNotFoundError:
            self.lost.append(str(row.pk))
            return None


def documents_of(file: PatientFile) -> list[tuple[Document, str]]:
    """The documents of a file, each with its place in the archive, the first added first."""
    rows = Document.objects.filter(file=file).order_by("added_at", "pk")
    return [(row, f"documents/{row.pk}.{ENDINGS.get(row.content_type, 'bin')}") for row in rows]


def encoded(parts: Iterable[str]) -> Iterator[bytes]:
    """Text as the bytes of a part."""
    return (part.encode() for part in parts)


def as_json(value: object) -> bytes:
    """A value as the text of a part; what JSON doesn't know stands as text."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=str).encode()
