"""``manage.py sweep [--dry-run]``: all that is due now."""

from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from lifecycle.sweeping import run_all
from privacy.commandline import FOUND, HouseCommand


class Command(HouseCommand):
    """Runs what the schedule runs, at once; JSON: of each rule due, done, held, failed."""

    help = "Do all that is due: notices of phases. --dry-run only counts."

    def arguments(self, parser: CommandParser) -> None:
        """Whether only to count."""
        parser.add_argument("--dry-run", action="store_true", help="count what is due, do nothing")

    def run(self, **options: Any) -> int | None:
        """Sweep; exit code 1 when something failed (the next sweep tries it again)."""
        found = run_all(by=Actor.operations("sweep"), now=self.now, dry_run=options["dry_run"])
        if self.as_json:
            self.print_json(found)
        else:
            self.print_table(
                ["RULE", "DUE", "DONE", "HELD", "FAILED"], [(rule, *of.values()) for rule, of in found.items()]
            )
            if options["dry_run"]:
                self.stdout.write("This was a dry run: nothing was done.")
        return FOUND if any(of["failed"] for of in found.values()) else None
