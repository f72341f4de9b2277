"""The base of commands that make a page of docs/ from the code: ``manage.py NAME`` writes it, ``--check`` only compares."""

from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.core.management.base import CommandParser

from privacy.commandline import FOUND, HouseCommand


class PageCommand(HouseCommand):
    """The page and the code can't come apart: ``./dev check`` runs each of these with ``--check``."""

    page: ClassVar[str]
    """Its path in the checkout."""
    runs_on_restored = True

    def made(self, text: str) -> str:
        """The page as it must read; ``text`` is how it reads now, empty where there is none yet."""
        raise NotImplementedError

    def arguments(self, parser: CommandParser) -> None:
        """Whether only to compare."""
        parser.add_argument("--check", action="store_true", help="fail if the page is stale, write nothing")

    def run(self, **options: Any) -> int | None:
        """Write or compare; exit code 1 when the page is stale."""
        path = Path(settings.BASE_DIR) / self.page
        text = path.read_text() if path.exists() else ""
        made = self.made(text)
        if options["check"]:
            name = type(self).__module__.rpartition(".")[2]
            self.stdout.write(f"{self.page} is {'fresh' if made == text else f'stale: manage.py {name} writes it'}")
            return None if made == text else FOUND
        path.write_text(made)
        self.stdout.write(f"{self.page} {'was fresh' if made == text else 'written'}")
        return None
