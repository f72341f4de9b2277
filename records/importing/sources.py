"""Which foreign records are here already: keyed hashes of their names, never the names (PC-123, PC-80)."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from privacy.ids import new_id
from records.models import OfPractice, PatientFile, SourceRecord
from vault import index
from vault.handles import Handle

FHIR: Final = "fhir"
CSV: Final = "csv"
_AT_ONCE: Final = 2000


@dataclass(frozen=True, slots=True)
class Source:
    """One foreign record: the keyed hashes of its name and of its content."""

    key: bytes
    content: bytes


@dataclass(slots=True)
class Known:
    """What a practice has of one kind of source, asked in few queries for many names."""

    practice_id: UUID
    source: str
    _rows: dict[bytes, SourceRecord] = field(default_factory=dict)
    _key: bytes = b""

    def source_of(self, name: str, raw: str) -> Source:
        """The keyed hashes of a record: the same words give others in each practice."""
        return Source(self._keyed(name), self._keyed(raw))

    def look_up(self, sources: Iterable[Source]) -> None:
        """Fetch which of them are here."""
        keys = [source.key for source in sources]
        for start in range(0, len(keys), _AT_ONCE):
            rows = SourceRecord.objects.filter(
                practice_id=self.practice_id, source=self.source, key_hash__in=keys[start : start + _AT_ONCE]
            )
            self._rows.update({bytes(row.key_hash): row for row in rows.defer("raw")})

    def find(self, source: Source) -> SourceRecord | None:
        """The record of an earlier import, after `look_up`."""
        return self._rows.get(source.key)

    def has_name(self, names: Iterable[str]) -> SourceRecord | None:
        """One of an earlier import that bears one of these names: for references that lead out of a bundle."""
        sources = [self.source_of(name, "") for name in names]
        self.look_up(sources)
        return next((row for source in sources if (row := self.find(source))), None)

    def _keyed(self, text: str) -> bytes:
        self._key = self._key or index.hmac_key(self.practice_id)
        return hmac.digest(self._key, b"source|" + text.encode("utf-8", "surrogatepass"), "sha256")


def differs(row: SourceRecord, source: Source) -> bool:
    """True when the record was brought before with another content."""
    return row.content_hash is not None and bytes(row.content_hash) != source.content


def build_record(
    file: PatientFile,
    handle: Handle,
    source: Source,
    made: OfPractice,
    *,
    kind: str,
    position: int,
    raw: str | None,
    now: datetime,
) -> SourceRecord:
    """An unsaved row that ties a foreign record to what was made of it.

    `raw` are its original characters, sealed, so that it exports again without loss; None when `made` is a
    KeptResource, which holds them itself.
    """
    row = SourceRecord(
        id=new_id(), practice_id=file.practice_id, source=kind, key_hash=source.key, content_hash=source.content,
        object_type=made._meta.label, object_id=made.pk, file=file, first_seen_at=now, position=position,
    )  # fmt: skip
    sealed: dict[str, Any] = {"raw": raw}
    handle.write(row, **sealed)
    return row
