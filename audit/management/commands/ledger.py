"""``manage.py ledger``: verify the sealed evidence, seal now, export a checkpoint, prove one entry."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from audit import checkpoints, sealing
from audit.proofs import prove
from audit.verification import Report, verify
from privacy.commandline import FOUND, HouseCommand, fail


class Command(HouseCommand):
    """Exit 0 when nothing was touched, 1 when something was, 2 on wrong use."""

    help = "The sealed evidence: verify it, seal what is new, export a checkpoint, prove one entry."
    runs_on_restored = True

    def arguments(self, parser: CommandParser) -> None:
        """The four verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = self.verb(verbs, "verify", "name each changed, missing or inserted row")
        check.add_argument("--against", metavar="FILE", help="a checkpoint exported earlier and kept elsewhere")
        self.verb(verbs, "seal", "seal what isn't sealed yet")
        self.verb(verbs, "checkpoint", "export a signed checkpoint to var/checkpoints")
        proof = self.verb(verbs, "prove", "print a proof of one entry for tools/verify_proof.py")
        proof.add_argument("table")
        proof.add_argument("number", type=int)

    def run(self, **options: Any) -> int | None:
        """Do what the verb says."""
        doing = {"verify": self._verify, "seal": self._seal, "checkpoint": self._checkpoint, "prove": self._prove}
        return doing[options["verb"]](options)

    def _verify(self, options: dict[str, Any]) -> int:
        report = verify(_text_of(options["against"]) if options["against"] else None)
        if self.as_json:
            self.print_json(report.as_dict())
        else:
            self._print(report)
        return FOUND if report.findings else 0

    def _print(self, report: Report) -> None:
        if report.findings:
            headings = ("finding", "table", "number", "id", "month", "what is wrong")
            rows = ((f.kind, f.table, f.number or "", f.row_id, f.month, f.message) for f in report.findings)
            self.print_table(headings, rows)
        self.stdout.write(
            f"{report.seals} seals, {report.entries} sealed entries checked, {report.waiting} waiting for the next seal, "
            f"{report.expired_months} expired months, {report.expired_rows} expired entries: {len(report.findings) or 'no'} findings"
        )

    def _seal(self, _options: dict[str, Any]) -> None:
        sealed = sealing.seal_all(self.now)
        if self.as_json:
            self.print_json({"sealed": sealed})
        else:
            self.stdout.write(f"{sealed} entries sealed")

    def _checkpoint(self, _options: dict[str, Any]) -> None:
        path = checkpoints.export(checkpoints.folder(), self.now)
        if self.as_json:
            self.print_json({"file": path})
        else:
            self.stdout.write(str(path) if path else "nothing was sealed since the last checkpoint")

    def _prove(self, options: dict[str, Any]) -> None:
        try:
            self.stdout.write(json.dumps(prove(options["table"], options["number"]), indent=2))
        except LookupError as missing:
            fail(str(missing.args[0]))


def _text_of(name: str) -> str:
    try:
        return Path(name).read_text()
    except (OSError, UnicodeDecodeError):
        fail(f"{name} can't be read: give a checkpoint file as 'ledger checkpoint' writes it")
