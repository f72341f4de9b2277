"""``manage.py phases [--check]``: writes docs/phases.md from the tables, or says whether it is stale."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from lifecycle.drawing import page
from privacy.commandline import FOUND, HouseCommand

PAGE = Path("docs/phases.md")


class Command(HouseCommand):
    """The drawing and the code can't come apart: ``./dev check`` runs it with ``--check``."""

    help = "Write docs/phases.md from the table of phases; --check only compares."
    runs_on_restored = True

    def arguments(self, parser: CommandParser) -> None:
        """Whether only to compare."""
        parser.add_argument("--check", action="store_true", help="fail if the page is stale, write nothing")

    def run(self, **options: Any) -> int | None:
        """Write or compare; exit code 1 when the page is stale."""
        path = Path(settings.BASE_DIR) / PAGE
        fresh = path.exists() and path.read_text() == page()
        if options["check"]:
            self.stdout.write(f"{PAGE} is {'fresh' if fresh else 'stale: manage.py phases writes it'}")
            return None if fresh else FOUND
        path.write_text(page())
        self.stdout.write(f"{PAGE} {'was fresh' if fresh else 'written'}")
        return None
