"""``manage.py sweep [--dry-run]``: all that is due now; ``--approve RUN`` lets a stopped rule go on."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from audit.actors import Actor
from lifecycle import runs
from lifecycle.sweeping import run_all
from privacy.commandline import FOUND, HouseCommand, fail
from privacy.refusals import Refused


class Command(HouseCommand):
    """Runs what the schedule runs, at once; JSON: of each rule due, done, held, failed."""

    help = "Do all that is due: notices, retention. --dry-run only counts."

    def arguments(self, parser: CommandParser) -> None:
        """Whether only to count, and which stopped run to let go on."""
        parser.add_argument("--dry-run", action="store_true", help="count what is due, do nothing")
        parser.add_argument("--approve", metavar="RUN", help="let this stopped run destroy what was due, then sweep")

    def run(self, **options: Any) -> int | None:
        """Sweep; exit code 1 when something failed (the next sweep tries it again) or waits for an approval."""
        by = Actor.operations("sweep")
        if options["approve"]:
            if options["dry_run"]:
                fail("an approval is no dry run: give --approve or --dry-run")
            self._approve(options["approve"], by)
        found = run_all(by=by, now=self.now, dry_run=options["dry_run"])
        if self.as_json:
            self.print_json(found)
        else:
            self.print_table(
                ["RULE", "DUE", "DONE", "HELD", "FAILED"], [(rule, *of.values()) for rule, of in found.items()]
            )
            if options["dry_run"]:
                self.stdout.write("This was a dry run: nothing was done.")
        stopped = not options["dry_run"] and self._tell_stopped()
        return FOUND if stopped or any(of["failed"] for of in found.values()) else None

    def _approve(self, run: str, by: Actor) -> None:
        try:
            runs.approve(run_id=UUID(run), by=by, now=self.now)
        except ValueError:
            fail(f"{run} is no id of a run: take it from the operations page")
        except Refused as refused:
            fail(str(refused))

    def _tell_stopped(self) -> bool:
        """One line on standard error for each rule that waits for somebody's word."""
        stopped = list(runs.waiting())
        for row in stopped:
            self.stderr.write(
                f"{row.rule} was stopped: {row.due} are due, the forecast had said {row.expected or 0}. "
                f"Nothing of it was destroyed. Check why, then: manage.py sweep --approve {row.pk}"
            )
        return bool(stopped)
