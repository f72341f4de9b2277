"""One resource into its row: a consultation, measures, a document; what has no row of its own is left to be kept."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from records.actions import PastConsultation, PastMeasure
from records.models import Consultation, Measure, OfPractice, PatientFile
from records.rules import CLOCK_SLACK
from vault.handles import Handle

from . import fhir
from .bundles import Outline
from .importer import Importer
from .papers import add_papers, note_of
from .reading import Entry, Resource, resource_at
from .references import Reference
from .resolving import Resolver


@dataclass(slots=True)
class Placer:
    """Places the resources of one bundle in one file; what it made waits in lists for one write."""

    importer: Importer
    found: Outline
    file: PatientFile
    handle: Handle
    resolver: Resolver
    consultations: list[PastConsultation] = field(default_factory=list)
    measures: list[PastMeasure] = field(default_factory=list)
    held: dict[UUID, datetime] = field(default_factory=dict)
    """When the consultations of this bundle began."""
    notes: dict[int, UUID] = field(default_factory=dict)
    """By the number of a document that became a note: its consultation."""

    def place(self, entry: Entry, resource: Resource) -> OfPractice:
        """The row an Encounter, Observation or DocumentReference becomes; raises Unmapped with the reason."""
        if entry.resource_type == "Encounter":
            return self._consultation(entry, resource)
        if entry.resource_type == "Observation":
            return self._measures(entry, resource)
        return self._document(entry, resource)

    def written(self) -> None:
        """Forget what was written, so that the lists don't grow with the bundle."""
        self.consultations.clear()
        self.measures.clear()

    def _consultation(self, entry: Entry, encounter: Resource) -> Consultation:
        visit = fhir.visit(encounter, self.importer.today)
        content = {"reason": visit.reason, "note": ""}
        past = PastConsultation(visit.started_at, content, kind=visit.kind)
        content["note"] = self._notes(entry, past.id)
        self.consultations.append(past)
        self.held[past.id] = visit.started_at
        made = Consultation(id=past.id)
        self.resolver.made(entry, made)
        return made

    def _notes(self, encounter: Entry, consultation_id: UUID) -> str:
        """The texts that belong to this encounter alone, in the order of the bundle."""
        texts = []
        for number in self.found.notes.get(encounter.number, ()):
            document = self.found.by_number(number)
            text = "" if self.resolver.is_known(document) else note_of(resource_at(self.found.text, document))
            if text:
                texts.append(text)
                self.notes[number] = consultation_id
        return "\n\n".join(texts)

    def _measures(self, entry: Entry, observation: Resource) -> Measure:
        read = fhir.measured(observation)
        consultation_id = self._visit(entry, "encounter", read.encounter)
        taken_at = read.taken_at or (self.held.get(consultation_id) if consultation_id else None)
        if taken_at is None:
            raise fhir.Unmapped(_("the observation has no date"))
        if taken_at > self.importer.now + CLOCK_SLACK:
            raise fhir.Unmapped(_("the observation is dated in the future"))
        made = [
            PastMeasure(taken_at, value.label, value.value, value.unit, value.code, consultation_id)
            for value in read.values
        ]
        self.measures.extend(made)
        return Measure(id=made[0].id)

    def _document(self, entry: Entry, document: Resource) -> OfPractice:
        if entry.number in self.notes:
            return Consultation(id=self.notes[entry.number])
        names = [name for paper in fhir.papers(document)[:1] for name in paper.encounters[:1]]
        consultation_id = self._visit(entry, "context.encounter[0]", names[0]) if names else None
        return add_papers(self.importer, self.file, self.handle, self.found, document, consultation_id)

    def _visit(self, entry: Entry, where: str, target: str) -> UUID | None:
        return self.resolver.consultation(Reference(f"{entry.path}.{where}", target)) if target else None
