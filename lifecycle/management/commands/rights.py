"""``manage.py rights replay``: after a restore, what people decided since the backup is carried out again."""

from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from lifecycle.rights import guard
from lifecycle.rights.replay import JournalMissing, replay
from privacy.commandline import FOUND, HouseCommand, fail


class Command(HouseCommand):
    """Runs on a database on which nothing else starts."""

    help = "After a restore: carry out again the erasures, withdrawals and deletion requests decided since the backup."
    runs_on_restored = True

    def arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        again = self.verb(verbs, "replay", "carry out again what was decided since the backup; safe to repeat")
        again.add_argument(
            "--rebuild", action="store_true", help="the journal is lost for good: write it anew from this database"
        )
        self.verb(verbs, "status", "whether anything may start on these databases; exit code 1 if not")

    def run(self, **options: Any) -> int | None:
        """Replay or look."""
        if options["verb"] == "status":
            return self._status()
        self._replay(options["rebuild"])
        return None

    def _replay(self, rebuild: bool) -> None:
        try:
            done = replay(by=Actor.operations("rights replay"), now=self.now, rebuild=rebuild)
        except JournalMissing as refusal:
            fail(str(refusal))
        if self.as_json:
            self.print_json(done)
        else:
            self.print_table(["WHAT", "HOW MANY"], list(done.items()))

    def _status(self) -> int | None:
        refusal = guard.why_not_start()
        if self.as_json:
            self.print_json({"ready": refusal is None, "why": refusal})
        else:
            self.stdout.write(refusal or "The rights journal and the main database agree.")
        return FOUND if refusal else None
