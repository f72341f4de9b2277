"""Import one file, or many: each is taken whole or not at all, and the others go on (PC-123)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import BinaryIO

from django.utils.translation import gettext as _

from privacy.refusals import Refused

from .bundles import BadBundle, Outline, outline
from .csv_columns import PATIENTS
from .csv_files import Sheet
from .importer import Importer, whole
from .reading import BadInput, read_text
from .report import Line, Outcome, Report, refusal
from .rows import BadSheet, take_sheet
from .taking import LeftOut, take_bundle


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to import: the name people know it by, its size in bytes, and how to open it."""

    name: str
    size: int
    open: Callable[[], BinaryIO]

    @property
    def is_csv(self) -> bool:
        return self.name.lower().endswith((".csv", ".txt", ".tsv"))


def import_file(importer: Importer, upload: Upload) -> Report:
    """Take one file by its kind; never raises for what is wrong with the file."""
    with upload.open() as source:
        take = import_sheet if upload.is_csv else import_bundle
        return take(importer, upload.name, source, upload.size)


def import_bundle(importer: Importer, name: str, source: BinaryIO, size: int) -> Report:
    """Take one FHIR R4 bundle whole, or report why nothing of it was taken."""
    found: Outline | None = None
    try:
        found = outline(read_text(source, size))
        with whole(importer):
            return take_bundle(importer, name, found)
    except BadInput as problem:
        return refusal(name, [(problem.path, problem.message)])
    except BadBundle as bad:
        count = len(found.entries) if found else 0
        return refusal(name, [(problem.path, problem.message) for problem in bad.problems], count)
    except Refused as refused:
        path = found.patient.path if found else ""
        return refusal(name, [(path, str(refused.refusal.message))], len(found.entries) if found else 0)
    except LeftOut as reason:
        return _left_out(name, str(reason), len(found.entries) if found else 0)


def import_sheet(importer: Importer, name: str, source: BinaryIO, size: int) -> Report:
    """Take one CSV whole (or its good lines, as wanted), or report line by line why nothing of it was taken."""
    try:
        sheet = Sheet(source, size)
        with whole(importer):
            return take_sheet(importer, name, sheet)
    except BadInput as problem:
        return refusal(name, [(problem.path, problem.message)])
    except BadSheet as bad:
        return bad.report


def import_sheets(importer: Importer, uploads: Iterable[Upload]) -> Report:
    """Take several CSV files, those of patients first; a dry run tries them together, as they belong together."""
    report = Report()
    ordered = sorted(uploads, key=_patients_first)
    with whole(importer):
        inner = replace(importer, dry_run=False)
        for upload in ordered:
            report.add(import_file(inner, upload))
    return report


def _patients_first(upload: Upload) -> bool:
    try:
        with upload.open() as source:
            return Sheet(source, upload.size).header.kind != PATIENTS
    except BadInput:
        return False


def _left_out(name: str, reason: str, count: int) -> Report:
    report = Report([Line(name, "", Outcome.SKIPPED, _("left out whole: %(why)s") % {"why": reason}, count=count)])
    report.figures.update(files=1, resources=count, skipped=count)
    return report
