"""One bundle into one patient file: every resource becomes a row of its own kind, or is kept whole (PC-123).

The whole bundle or nothing of it. Resources are decoded one after the other and written in batches, encounters
first because measures and notes belong to them.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from django.utils.translation import gettext as _

from privacy.ids import new_id
from privacy.purposes import Purpose
from records.actions import bring_past, change_file, make_file
from records.models import KeptResource, OfPractice, Origin, PatientFile, SourceRecord
from records.queries import files_like, files_of
from records.restriction.queries import shut_since
from records.restriction.rules import not_brought
from records.search import twin_tokens
from vault import access
from vault.errors import KeyRefused
from vault.handles import Handle
from vault.index import words

from . import fhir
from .bundles import BadBundle, Outline, dangling_problem
from .importer import Importer
from .inserting import insert_all
from .placing import Placer
from .reading import BadInput, Entry, resource_at
from .report import Line, Outcome, Report
from .resolving import Resolver
from .sources import FHIR, Known, build_record, differs

_BATCH: Final = 400
_FIGURE: Final = {
    "Patient": "patients", "Encounter": "consultations", "DocumentReference": "documents", "Observation": "observations",
}  # fmt: skip


SOME_TWINS: Final = 20
"""Of so many files of one name and birth date it is asked whether one is restricted."""
_PERSON: Final = ("surname", "birth_name", "birth_date")


class LeftOut(Exception):
    """A bundle that is left out on purpose, for this reason."""


def take_bundle(importer: Importer, name: str, found: Outline) -> Report:
    """Write what a bundle brings; raises BadBundle, or LeftOut with the reason. Call it inside `whole`."""
    taking = _Taking(importer, name, found)
    taking.look_up()
    taking.open_file()
    taking.take_all()
    return taking.report


class _Taking:
    """The state of one bundle while it is taken."""

    def __init__(self, importer: Importer, name: str, found: Outline) -> None:
        self.importer = importer
        self.name = name
        self.found = found
        self.resolver = Resolver(found, Known(importer.practice.pk, FHIR))
        self.report = Report()
        self.report.figures.update(files=1, resources=len(found.entries))
        self.file: PatientFile
        self.handle: Handle
        self.is_new = False

    def look_up(self) -> None:
        """Ask once which of the resources are here; raises BadBundle for a reference to what never came."""
        if lost := self.resolver.look_up():
            raise BadBundle([dangling_problem(reference) for reference in lost[:20]])

    def open_file(self) -> None:
        """The file of an earlier import, or a new one with what a practitioner must see at once in its fields."""
        patient = self.found.patient
        record = self.resolver.record(patient)
        if record is None:
            self._make_file(patient)
            self._record(patient, self.file, 0).save(force_insert=True)
        else:
            self._open_known(record)
            self._count_known([patient])

    def take_all(self) -> None:
        """Every entry but the patient, encounters first; then the lines of the report."""
        others = [e for e in self.found.entries if e.number != self.found.patient.number]
        fresh = [e for e in others if not self.resolver.is_known(e)]
        self._count_known([e for e in others if self.resolver.is_known(e)])
        placer = Placer(self.importer, self.found, self.file, self.handle, self.resolver)
        for wanted in (True, False):
            entries = [e for e in fresh if (e.resource_type == "Encounter") is wanted]
            for start in range(0, len(entries), _BATCH):
                self._write(placer, entries[start : start + _BATCH])
        self.report.figures["notes"] = len(placer.notes)
        if not self.is_new:
            self._add_summaries(fresh)
        self._last_lines(len(fresh) + self.is_new)

    def _make_file(self, patient: Entry) -> None:
        who = self._identity(patient)
        practice, by = self.importer.practice, self.importer.by
        twins = files_like(self.importer.user, practice.pk, twin_tokens(practice.pk, who)).values_list("pk", flat=True)
        if not self.importer.twins and (there := list(twins[:SOME_TWINS])):
            for since in shut_since(there).values():
                raise LeftOut(not_brought(since))
            raise LeftOut(_("a file with this name and birth date exists already; it came from elsewhere"))
        who |= {part: "\n".join(lines) for part, lines in self._summaries(self.found.entries).items()}
        self.file, self.handle = make_file(
            practice=practice, by=by, now=self.importer.now, identity=who, origin=Origin.IMPORTED,
            died_on=self._death(patient),
        )  # fmt: skip
        self.is_new = True
        self.report.figures["patients"] += 1
        if fhir.died_some_day(resource_at(self.found.text, patient)):
            self._line(Outcome.KEPT, f"{patient.path}.deceasedBoolean", _NO_DAY_OF_DEATH(), "Patient", count=0)

    def _identity(self, patient: Entry) -> dict[str, str | None]:
        try:
            resource = resource_at(self.found.text, patient)
            return dict(asdict(fhir.identity(resource, patient.path, self.importer.today)))
        except BadInput as problem:
            raise BadBundle([problem]) from None

    def _death(self, patient: Entry) -> str:
        try:
            return fhir.death(resource_at(self.found.text, patient), patient.path, self.importer.today)
        except BadInput as problem:
            raise BadBundle([problem]) from None

    def _open_known(self, record: SourceRecord) -> None:
        found = files_of(self.importer.user).select_for_update(of=("self",))  # no restriction begins half-way
        mine = found.filter(pk=record.file_id).first()
        if mine is None:
            raise LeftOut(_("this patient has a file at your practice, and is treated by a colleague"))
        self.file = mine
        try:
            self.handle = access.open(
                mine.pk, by=self.importer.by, purpose=Purpose.CARE, part="file", practice_id=mine.practice_id,
                now=self.importer.now, action="import", from_archive=True,
            )  # fmt: skip
        except KeyRefused:
            raise LeftOut(not_brought(shut_since([mine.pk]).get(mine.pk))) from None
        if differs(record, self.resolver.sources[self.found.patient.number]) and not self._is_same_person():
            raise LeftOut(_("its patient bears the number of another person's file, with another name and birth date"))

    def _is_same_person(self) -> bool:
        """Whether name or birth date are still those of the file: two programs may give one number to two people."""
        who = self._identity(self.found.patient)
        held = {name: self.handle.read(self.file, name) or "" for name in _PERSON}
        born = bool(who["birth_date"]) and who["birth_date"] == held["birth_date"]
        return born or bool(_surnames(who) & _surnames(held))

    def _count_known(self, entries: list[Entry]) -> None:
        """Count what an earlier import brought; name what has changed since, because it isn't overwritten."""
        for entry in entries:
            record = self.resolver.record(entry)
            changed = record is not None and differs(record, self.resolver.sources[entry.number])
            self.report.figures["skipped" if changed else "known"] += 1
            if changed:
                self._line(Outcome.SKIPPED, entry.path, _CHANGED(), entry.resource_type)

    def _write(self, placer: Placer, entries: list[Entry]) -> None:
        kept: list[KeptResource] = []
        records: list[SourceRecord] = []
        for entry in entries:
            made = self._place(placer, entry)
            if made is None:
                made = self._kept(entry)
                kept.append(made)
            records.append(self._record(entry, made, entry.number + 1))
        bring_past(
            file=self.file, handle=self.handle, consultations=placer.consultations, measures=placer.measures,
            by=self.importer.by, now=self.importer.now,
        )  # fmt: skip
        placer.written()
        insert_all(kept)
        insert_all(records)

    def _place(self, placer: Placer, entry: Entry) -> OfPractice | None:
        if entry.resource_type not in _FIGURE:
            return None  # no field of its own: nothing in it has to be read
        try:
            made = placer.place(entry, resource_at(self.found.text, entry))
        except fhir.Unmapped as reason:
            self._line(Outcome.KEPT, entry.path, str(reason), entry.resource_type)
            return None
        self.report.figures[_FIGURE[entry.resource_type]] += 1
        return made

    def _kept(self, entry: Entry) -> KeptResource:
        row = KeptResource(
            id=new_id(), practice_id=self.file.practice_id, file=self.file, run=self.importer.run, kept_at=self.importer.now,
            kept_by=self.importer.user, source=FHIR, resource_type=entry.resource_type,
        )  # fmt: skip
        self.handle.write(row, raw=self.found.raw(entry))
        self.report.figures["kept"] += 1
        self.report.kept[entry.resource_type] += 1
        return row

    def _record(self, entry: Entry, made: OfPractice, position: int) -> SourceRecord:
        raw = None if isinstance(made, KeptResource) else self.found.raw(entry)
        return build_record(
            self.file, self.handle, self.resolver.sources[entry.number], made,
            kind=FHIR, position=position, raw=raw, now=self.importer.now,
        )  # fmt: skip

    def _summaries(self, entries: list[Entry]) -> dict[str, list[str]]:
        """By field of the file: the lines that sum up what is kept (allergies, treatments, history)."""
        lines: dict[str, list[str]] = {}
        for entry in entries:
            if entry.resource_type in fhir.SUMMED_UP:
                summary = fhir.summary(resource_at(self.found.text, entry))
                if summary is not None:
                    lines.setdefault(summary.part, []).append(summary.line)
        return lines

    def _add_summaries(self, fresh: list[Entry]) -> None:
        """Write the lines of new resources below what the practitioner has in the field."""
        changes = {}
        for part, lines in self._summaries(fresh).items():
            before = self.handle.read(self.file, part) or ""
            missing = [line for line in lines if line not in before.splitlines()]
            changes[part] = "\n".join(filter(None, [before, *missing]))
        if changes:
            change_file(file=self.file, changes=changes, by=self.importer.by, now=self.importer.now)

    def _last_lines(self, fresh: int) -> None:
        for ignored in self.found.ignored:
            self._line(Outcome.SKIPPED, ignored.path, ignored.message, count=0)
        figures = self.report.figures
        if figures["known"]:
            self._line(Outcome.KNOWN, "", _("imported before"), count=figures["known"])
        if figures["kept"]:
            self._line(Outcome.KEPT, "", _("kept whole and listed in the file"), count=figures["kept"])
        if fresh:
            outcome = Outcome.CREATED if self.is_new else Outcome.CHANGED
            self._line(outcome, "", count=fresh - figures["kept"])

    def _line(self, outcome: str, path: str, message: str = "", kind: str = "", count: int = 1) -> None:
        self.report.lines.append(Line(self.name, path, outcome, message, kind, None, self.file.pk, count))


def _surnames(who: Mapping[str, str | None]) -> set[str]:
    return {word for name in ("surname", "birth_name") for word in words(who.get(name) or "")}


def _NO_DAY_OF_DEATH() -> str:
    return _("the patient is dead, but the day isn't written; record it in the file, and its clock follows")


def _CHANGED() -> str:
    return _("imported before, and it has changed since; the file keeps what you have. Compare it, and amend by hand")
