"""`manage.py makemessages`: Django's, with our choices, so that two people's catalogues are the same line for line."""

from typing import Final

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

ELSEWHERE: Final = ["var", ".venv", "tests", "bench", "launcher", "tools", "docs", "node_modules"]


class Command(makemessages.Command):
    """French by default; sorted, a sentence a line, without places and guesses: a diff shows only what changed."""

    msgmerge_options = ["--quiet", "--backup=none", "--previous", "--update", "--no-fuzzy-matching", "--sort-output"]
    msguniq_options = ["--to-code=utf-8", "--sort-output"]

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's own options, with other defaults."""
        super().add_arguments(parser)
        parser.set_defaults(locale=["fr"], no_location=True, no_obsolete=True, no_wrap=True, ignore_patterns=ELSEWHERE)
