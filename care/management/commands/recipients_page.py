"""``manage.py recipients_page [--check]``: makes the table of docs/recipients.md, or says whether it is stale."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from care.documents import with_recipients
from privacy.commandline import FOUND, HouseCommand

PAGE = Path("docs/recipients.md")


class Command(HouseCommand):
    """The table and the classes can't come apart: ``./dev check`` runs it with ``--check``."""

    help = "Make the table of docs/recipients.md from the roles' classes; --check only compares."
    runs_on_restored = True

    def arguments(self, parser: CommandParser) -> None:
        """Whether only to compare."""
        parser.add_argument("--check", action="store_true", help="fail if the table is stale, write nothing")

    def run(self, **options: Any) -> int | None:
        """Write or compare; exit code 1 when the table is stale."""
        path = Path(settings.BASE_DIR) / PAGE
        text = path.read_text()
        fresh = with_recipients(text) == text
        if options["check"]:
            self.stdout.write(f"{PAGE} is {'fresh' if fresh else 'stale: manage.py recipients_page writes it'}")
            return None if fresh else FOUND
        path.write_text(with_recipients(text))
        self.stdout.write(f"{PAGE} {'was fresh' if fresh else 'written'}")
        return None
