"""From a reference to what it means here: a row of this bundle, or one that an earlier import brought."""

from dataclasses import dataclass, field
from uuid import UUID

from records.models import Consultation, OfPractice, SourceRecord

from .bundles import Outline
from .fhir_versions import R4_TYPES
from .reading import Entry
from .references import Reference
from .sources import Known, Source


@dataclass(slots=True)
class Resolver:
    """What the entries of one bundle are in the practice's database."""

    found: Outline
    known: Known
    sources: dict[int, Source] = field(default_factory=dict)
    _made: dict[int, UUID] = field(default_factory=dict)

    def look_up(self) -> list[Reference]:
        """Ask once which entries are here already; returns the references to what never came."""
        outline = self.found
        self.sources = {e.number: self.known.source_of(outline.source_name(e), outline.raw(e)) for e in outline.entries}
        self.known.look_up(self.sources.values())
        return [reference for reference in outline.dangling if self._earlier(reference) is None]

    def record(self, entry: Entry) -> SourceRecord | None:
        """The record of an earlier import of this entry."""
        return self.known.find(self.sources[entry.number])

    def is_known(self, entry: Entry) -> bool:
        return self.record(entry) is not None

    def made(self, entry: Entry, row: OfPractice) -> None:
        """Remember the consultation that this entry became."""
        self._made[entry.number] = row.pk

    def consultation(self, reference: Reference) -> UUID | None:
        """The consultation that a reference names, if it became one."""
        number = self.found.names.find(reference.target)
        if number in self._made:
            return self._made[number]
        record = self._earlier(reference) if number is None else self.known.find(self.sources[number])
        is_consultation = record is not None and record.object_type == Consultation._meta.label
        return record.object_id if record is not None and is_consultation else None

    def _earlier(self, reference: Reference) -> SourceRecord | None:
        ident = reference.target_id
        kinds = [reference.target_type] if reference.target_type else sorted(R4_TYPES)
        return self.known.has_name(f"{kind}/{ident}" for kind in kinds)
