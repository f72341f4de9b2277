"""What every ``manage.py`` command of the house has in common: --json, --now, exit codes, one line.

Exit 0 when done, 1 when a check finds something, 2 on wrong use with one clear line on standard
error. ``--now`` moves the clock of that one call and needs PRATICONNECT_TIME_TRAVEL=1, which the
settings refuse in production.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.clocks import ZONES, Jurisdiction

FOUND = 1
WRONG_USE = 2


refusals: list[Callable[[], str | None]] = []
"""What may say, in one line, why no command is run now; registered from above."""


def refuse_when(why_not: Callable[[], str | None]) -> None:
    """Have every command of the house that is typed ask ``why_not`` first, but for those that ``runs_on_restored``."""
    if why_not not in refusals:
        refusals.append(why_not)


class OneLineParser(CommandParser):
    """Answers wrong arguments with one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2 and ``message`` (on the command line), or raise CommandError."""
        if not self.called_from_command_line:
            raise CommandError(message, returncode=WRONG_USE)
        self.exit(WRONG_USE, f"{self.prog}: {message}; --help lists the options\n")


class HouseCommand(BaseCommand):
    """Base of our commands. A command defines ``arguments`` and ``run``; ``run`` returns its code."""

    now: datetime
    as_json: bool
    runs_on_restored = False
    """Whether it may run on a database that was restored and not replayed: it repairs, or only looks."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's parser, answering in one line (verbs added to it inherit that)."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = OneLineParser
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """The common options, then those of the command."""
        _common(parser, default=True)
        self.arguments(parser)

    def arguments(self, parser: CommandParser) -> None:
        """Add the command's own arguments; none by default."""

    def verb(self, verbs: Any, name: str, about: str) -> CommandParser:
        """Add the sub-command ``name`` to ``parser.add_subparsers(...)``, with the common options."""
        parser: CommandParser = verbs.add_parser(name, help=about, description=about)
        parser.__class__ = OneLineParser
        _common(parser, default=False)
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; on the command line a refusal is one plain line and its exit code."""
        typed = getattr(self, "_called_from_command_line", False)
        try:
            if typed and not self.runs_on_restored:
                _ask_first()
            return super().execute(*args, **options)
        except CommandError as refusal:
            if not typed or options.get("traceback"):
                raise
            self.stderr.write(str(refusal))
            sys.exit(refusal.returncode)

    def handle(self, *_args: Any, **options: Any) -> None:
        """Read the clock once, run, and leave with the code ``run`` returned."""
        self.as_json = options.pop("json")
        self.now = moment(options.pop("now"))
        code = self.run(**options)
        if code:
            sys.exit(code)

    def run(self, **options: Any) -> int | None:
        """What the command does; returns its exit code (none is 0)."""
        raise NotImplementedError

    def print_json(self, value: object) -> None:
        """Print ``value`` as JSON: dates as ISO, ids as text."""
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str))

    def print_table(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print ``rows`` in aligned columns under ``headings``, for people."""
        cells = [list(headings), *([str(cell) for cell in row] for row in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())


def fail(line: str) -> NoReturn:
    """Refuse wrong use: ``line`` on standard error, exit code 2."""
    raise CommandError(line, returncode=WRONG_USE)


def _ask_first() -> None:
    for why_not in refusals:
        if refusal := why_not():
            fail(refusal)


def moment(text: str | None) -> datetime:
    """The command's clock: now, or the moment given with --now where time travel is allowed.

    A moment without a zone is read in Paris, a day as its first instant there. Leaves with code 2
    when ``text`` is no moment or the clock may not be moved.
    """
    if text is None:
        return datetime.now(UTC)
    if not settings.TIME_TRAVEL:
        fail("--now is refused: set PRATICONNECT_TIME_TRAVEL=1 to move the clock (not in production)")
    return parse_moment(text)


def parse_moment(text: str) -> datetime:
    """``text`` (ISO 8601) as a moment with a zone, Paris where it names none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no ISO date or time; write it like 2046-03-02 or 2046-03-02T00:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=ZONES[Jurisdiction.FR])


def _common(parser: CommandParser, *, default: bool) -> None:
    """Add --json and --now; a verb's own copy must not overwrite what came before the verb."""
    off = (False, None) if default else (argparse.SUPPRESS, argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", default=off[0], help="print JSON")
    parser.add_argument("--now", metavar="ISO", default=off[1], help="move the clock for this call")
