"""One CSV into patient files: a row of patients becomes a file, a row of consultations a consultation in one (PC-123).

The whole file or nothing of it, unless only its good lines are wanted. Every row is kept sealed as it was, and cells
without a field of their own are listed in the file.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _

from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records.actions import PastConsultation, bring_past, make_file
from records.models import Consultation, KeptResource, Origin, PatientFile, SourceRecord
from records.queries import files_like, files_of
from records.restriction.queries import shut_since
from records.restriction.rules import not_brought
from records.search import twin_tokens
from vault import access
from vault.errors import KeyRefused
from vault.handles import Handle

from .csv_columns import PATIENTS
from .csv_files import Row, Sheet, patient_fields, place_of, unplaced, visit_fields
from .importer import Importer
from .reading import BadInput
from .report import Line, Outcome, Report
from .sources import CSV, Known, Source, build_record, differs

_BATCH: Final = 200
_MAX_ERRORS: Final = 200
SOME_TWINS: Final = 20
"""Of so many files of one name and birth date it is asked whether one is restricted."""


class BadSheet(Exception):
    """A file with wrong lines that isn't taken: its report."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def take_sheet(importer: Importer, name: str, sheet: Sheet) -> Report:
    """Write what a CSV brings; raises BadSheet when a line is wrong and all were wanted. Call it inside `whole`."""
    taking = _Patients(importer, name, sheet) if sheet.header.kind == PATIENTS else _Visits(importer, name, sheet)
    rows = sheet.rows()
    try:
        while batch := list(islice(rows, _BATCH)):
            taking.take(batch)
    except BadInput as broken:
        taking.wrong(broken)
    if taking.report.errors and not importer.keep_good:
        raise BadSheet(_nothing_taken(name, taking.report))
    taking.list_columns()
    return taking.report


def _nothing_taken(name: str, report: Report) -> Report:
    refused = Report([line for line in report.lines if line.outcome == Outcome.REFUSED])
    rows = report.figures["resources"]
    refused.figures.update(files=1, resources=rows, refused=rows)
    refused.lines.append(
        Line(name, "", Outcome.SKIPPED, _("nothing of this file was taken; mend the lines above"), count=0)
    )
    return refused


class _Taking:
    """The state of one sheet while it is taken; a subclass says what a row becomes."""

    def __init__(self, importer: Importer, name: str, sheet: Sheet) -> None:
        self.importer = importer
        self.name = name
        self.sheet = sheet
        self.header = sheet.header
        self.known = Known(importer.practice.pk, CSV)
        self.report = Report()
        self.report.figures["files"] = 1

    def take(self, batch: list[Row | BadInput]) -> None:
        """Take some rows; a wrong one is noted and the others go on."""
        self.report.figures["resources"] += len(batch)
        for bad in batch:
            if isinstance(bad, BadInput):
                self.wrong(bad, refused=1)
        self.take_rows([row for row in batch if isinstance(row, Row)])

    def take_rows(self, rows: list[Row]) -> None:
        raise NotImplementedError

    def wrong(self, problem: BadInput, refused: int = 0) -> None:
        """Note a wrong line."""
        self.report.figures["refused"] += refused
        if len(self.report.errors) < _MAX_ERRORS:
            self._line(Outcome.REFUSED, problem.path, problem.message)

    def list_columns(self) -> None:
        """Say which columns have no field, and that they are kept."""
        if names := ", ".join(self.header.without_field):
            message = _("columns without a field of their own, kept whole in each file: %(names)s")
            self._line(Outcome.KEPT, _("line 1"), message % {"names": names}, count=0)

    def _source(self, row: Row, name: str) -> Source:
        return self.known.source_of(name, _raw(row.cells))

    def _record(
        self, file: PatientFile, handle: Handle, source: Source, row: Row, made: PatientFile | Consultation
    ) -> SourceRecord:
        return build_record(
            file, handle, source, made, kind=CSV, position=row.line, raw=_raw(row.cells), now=self.importer.now
        )

    def _keep(self, file: PatientFile, handle: Handle, row: Row) -> Iterator[KeptResource]:
        if cells := unplaced(row, self.header):
            kept = KeptResource(
                id=new_id(), practice_id=file.practice_id, file=file, run=self.importer.run, kept_at=self.importer.now,
                kept_by=self.importer.user, source=CSV, resource_type=CSV_CELLS,
            )  # fmt: skip
            handle.write(kept, raw=_raw(cells))
            yield kept

    def _seen_before(self, row: Row, source: Source) -> bool:
        record = self.known.find(source)
        if record is None:
            return False
        changed = differs(record, source)
        self.report.figures["skipped" if changed else "known"] += 1
        message = (
            _("imported before, and it has changed since; the file keeps what you have")
            if changed
            else _("imported before")
        )
        self._line(Outcome.SKIPPED if changed else Outcome.KNOWN, _place(row), message)
        return True

    def _leave_out(self, row: Row, since: datetime | None) -> None:
        """Say that a line is of a patient whose file is only stored; the others go on."""
        self.report.figures["skipped"] += 1
        self._line(Outcome.SKIPPED, _place(row), not_brought(since))

    def _line(
        self, outcome: str, path: str, message: str = "", file: PatientFile | None = None, count: int = 1
    ) -> None:
        self.report.lines.append(Line(self.name, path, outcome, message, "", None, file.pk if file else None, count))


class _Patients(_Taking):
    """Each row opens a file."""

    def take_rows(self, rows: list[Row]) -> None:
        named = []
        for row in rows:
            try:
                fields = patient_fields(row, self.header, self.importer.today)
                named.append((row, fields, self._source(row, patient_name(row, fields))))
            except BadInput as problem:
                self.wrong(problem, refused=1)
        self.known.look_up(source for _row, _fields, source in named)
        records = [record for _row, _fields, source in named if (record := self.known.find(source))]
        shut = shut_since(record.file_id for record in records)
        for row, fields, source in named:
            record = self.known.find(source)
            if record and record.file_id in shut:
                self._leave_out(row, shut[record.file_id])
            elif not self._seen_before(row, source):
                self._take_one(row, fields, source)

    def _take_one(self, row: Row, fields: dict[str, str], source: Source) -> None:
        practice = self.importer.practice
        if not self.importer.twins and self._has_twin(row, fields):
            return
        try:
            file, handle = make_file(
                practice=practice,
                by=self.importer.by,
                now=self.importer.now,
                identity={name: text for name, text in fields.items() if name != "died_on"},
                origin=Origin.IMPORTED,
                died_on=fields.get("died_on"),
            )
        except Refused as refused:
            self.wrong(BadInput(_place(row), str(refused.refusal.message)), refused=1)
            return
        self._record(file, handle, source, row, file).save(force_insert=True)
        KeptResource.objects.bulk_create(self._keep(file, handle, row))
        self.report.figures["patients"] += 1
        self._line(Outcome.CREATED, _place(row), file=file)

    def _has_twin(self, row: Row, fields: dict[str, str]) -> bool:
        practice_id = self.importer.practice.pk
        twins = files_like(self.importer.user, practice_id, twin_tokens(practice_id, fields))
        there = list(twins.values_list("pk", flat=True)[:SOME_TWINS])
        if shut := shut_since(there):
            self._leave_out(row, next(iter(shut.values())))
        elif there:
            self.report.figures["skipped"] += 1
            self._line(Outcome.SKIPPED, _place(row), _("a file with this name and birth date exists already"))
        return bool(there)


class _Visits(_Taking):
    """Each row becomes a consultation in the file of the patient it numbers."""

    def take_rows(self, rows: list[Row]) -> None:
        by_file: dict[PatientFile, list[tuple[Row, Source]]] = {}
        files = self._files(rows)
        shut = shut_since(file.pk for file in files.values())
        for row in rows:
            file = files.get(row.fields.get("number", ""))
            if file and file.pk in shut:
                self._leave_out(row, shut[file.pk])
            elif file is None:
                self.wrong(BadInput(place_of(row, self.header.named("number")), _NO_PATIENT()), refused=1)
            else:
                by_file.setdefault(file, []).append((row, self._source(row, _visit_name(row))))
        self.known.look_up(source for pairs in by_file.values() for _row, source in pairs)
        for file, pairs in by_file.items():
            self._take_file(file, [(row, source) for row, source in pairs if not self._seen_before(row, source)])

    def _files(self, rows: Iterable[Row]) -> dict[str, PatientFile]:
        """By number: the file that an earlier import of patients made."""
        numbers = {number for row in rows if (number := row.fields.get("number", ""))}
        patients = Known(self.importer.practice.pk, CSV)
        sources = {number: patients.source_of(_numbered(number), "") for number in numbers}
        patients.look_up(sources.values())
        ids = {number: record.file_id for number, source in sources.items() if (record := patients.find(source))}
        mine = files_of(self.importer.user).in_bulk(set(ids.values()))
        return {number: mine[ident] for number, ident in ids.items() if ident in mine}

    def _take_file(self, file: PatientFile, pairs: list[tuple[Row, Source]]) -> None:
        read = list(self._read(pairs))
        if not read:
            return
        handle = self._open(file)
        if handle is None:
            for _past, row, _source in read:
                self._leave_out(row, shut_since([file.pk]).get(file.pk))
            return
        bring_past(
            file=file, handle=handle, consultations=[past for past, _row, _source in read], by=self.importer.by,
            now=self.importer.now,
        )  # fmt: skip
        SourceRecord.objects.bulk_create(
            self._record(file, handle, source, row, Consultation(id=past.id)) for past, row, source in read
        )
        for _past, row, _source in read:
            KeptResource.objects.bulk_create(self._keep(file, handle, row))
            self._line(Outcome.CREATED, _place(row), file=file)
        self.report.figures["consultations"] += len(read)

    def _open(self, file: PatientFile) -> Handle | None:
        """Locked, so that no restriction begins half-way; None for a file that is restricted since the lines were read."""
        PatientFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
        try:
            return access.open(
                file.pk, by=self.importer.by, purpose=Purpose.CARE, part="file", practice_id=file.practice_id,
                now=self.importer.now, action="import", from_archive=True,
            )  # fmt: skip
        except KeyRefused:
            return None

    def _read(self, pairs: list[tuple[Row, Source]]) -> Iterator[tuple[PastConsultation, Row, Source]]:
        for row, source in pairs:
            try:
                began, texts = visit_fields(row, self.header, self.importer.today)
            except BadInput as problem:
                self.wrong(problem, refused=1)
            else:
                yield PastConsultation(began, texts), row, source


CSV_CELLS: Final = "CSV cells"
"""The type under which cells without a field of their own are listed in a file."""


def patient_name(row: Row, fields: dict[str, str]) -> str:
    """What makes a patient of a CSV the same at the next import: the number, else name and birth date."""
    number = row.fields.get("number", "")
    who = "|".join(fields.get(key, "") for key in ("surname", "given_names", "birth_date"))
    return _numbered(number) if number else f"patient|{who}"


def _numbered(number: str) -> str:
    return f"patient/{number}"


def _visit_name(row: Row) -> str:
    return f"visit/{row.fields['number']}/{_raw(row.cells)}"


def _raw(cells: dict[str, str]) -> str:
    return json.dumps(cells, ensure_ascii=False)


def _place(row: Row) -> str:
    return _("line %(line)d") % {"line": row.line}


def _NO_PATIENT() -> str:
    return _("no patient of yours has this number. Import the file of the patients first.")
