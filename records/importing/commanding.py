"""What the two import commands share: whose practice, which files, one run, and how the report is printed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.access import Act
from accounts.closing import why_closed
from accounts.queries import account_by_email
from audit.actors import Actor
from care.queries import practice_of
from privacy.commandline import FOUND, HouseCommand, fail

from .actions import Upload
from .importer import Importer
from .report import MAPPED, Report
from .runs import number_of_steps, open_run, process, steps_of


class ImportCommand(HouseCommand):
    """Imports files for one practitioner: each whole or not at all, and the others go on."""

    endings: tuple[str, ...]

    def arguments(self, parser: CommandParser) -> None:
        """The files, for whom, and whether only to try."""
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder of them")
        parser.add_argument("--practitioner", required=True, metavar="EMAIL", help="whose patients they are")
        parser.add_argument("--dry-run", action="store_true", help="do all the work, then take it back")
        parser.add_argument(
            "--twins", action="store_true", help="bring also patients whose name and birth date exist already"
        )

    def run(self, **options: Any) -> int | None:
        """Import; exit code 1 when a file was refused."""
        dry_run: bool = options["dry_run"]
        uploads = list(_uploads(options["paths"], self.endings))
        importer = self._importer(options["practitioner"], dry_run, options)
        report = self._try(importer, uploads) if dry_run else self._take(importer, uploads)
        for error in report.errors:
            self.stderr.write(": ".join(filter(None, (error.source, error.path, error.message))))
        if self.as_json:
            self.print_json(report.as_json(dry_run=dry_run))
        else:
            self._print(report, dry_run)
        return FOUND if report.errors else None

    def _importer(self, email: str, dry_run: bool, options: dict[str, Any]) -> Importer:
        user = account_by_email(email)
        practice = practice_of(user) if user else None
        if user is None or practice is None:
            fail(f"no practitioner has the address {email}")
        if closed := why_closed(user.pk, Act.CARE, now=self.now):
            fail(str(closed))
        by = Actor(account_id=user.pk, role="practitioner", practice_id=practice.pk, channel="command")
        return Importer(
            user,
            practice,
            by,
            self.now,
            dry_run,
            twins=options.get("twins", False),
            keep_good=options.get("keep_good", False),
        )

    def _try(self, importer: Importer, uploads: Sequence[Upload]) -> Report:
        report = Report()
        for step in steps_of(uploads):
            report.add(step(importer))
        return report

    def _take(self, importer: Importer, uploads: Sequence[Upload]) -> Report:
        names = [upload.name for upload in uploads]
        run, handle = open_run(
            practice=importer.practice, names=names, steps=number_of_steps(names), dry_run=False, twins=importer.twins,
            by=importer.by, now=importer.now,
        )  # fmt: skip
        return process(importer, run, handle, uploads)

    def _print(self, report: Report, dry_run: bool) -> None:
        told = [line for line in report.lines if line not in report.errors]
        rows = [(line.source, line.path, line.outcome, line.count or "", line.message) for line in told]
        self.print_table(["FILE", "WHERE", "OUTCOME", "COUNT", "WHY"], rows)
        figures = ", ".join(
            f"{report.figures[name]} {name}" for name in (*MAPPED, "kept", "known", "skipped", "refused")
        )
        self.stdout.write(f"{report.figures['resources']} records read: {figures}.")
        if dry_run:
            self.stdout.write("This was a dry run: nothing was kept.")
        self.stdout.write("Each file was taken whole or not at all.")


def _uploads(paths: Sequence[str], endings: tuple[str, ...]) -> Iterator[Upload]:
    """The files at these paths; leaves with code 2 for a path that isn't there, or a folder without one."""
    for given in map(Path, paths):
        found = sorted(p for p in given.iterdir() if p.suffix.lower() in endings) if given.is_dir() else [given]
        if not found:
            fail(f"{given}: this folder has no {' or '.join(endings)} file")
        for path in found:
            if not path.is_file():
                fail(f"{path}: no such file")
            yield Upload(path.name, path.stat().st_size, lambda p=path: p.open("rb"))  # type: ignore[misc]
