"""``manage.py promises``: each promise of the policies, measured now on the live database."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from textwrap import fill
from typing import Any

from django.core.management.base import CommandParser

from privacy.commandline import FOUND, HouseCommand, fail
from privacy.promises import Result, measure, unknown

WIDTH = 120
INDENT = " " * 21
MARKS = {True: "kept", False: "BROKEN", None: "not built"}


class Command(HouseCommand):
    """Exit 0 when every measured promise is kept, 1 when one isn't, 2 on an unknown id."""

    help = "Measure each promise of the policies on the live database."

    def arguments(self, parser: CommandParser) -> None:
        """--only names the promises to measure."""
        parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="only these ids")

    def run(self, **options: Any) -> int:
        """Measure and print."""
        if strange := unknown(options["only"]):
            fail(f"no such promise: {', '.join(strange)}; ids look like PC-11, MD-05, LAW-01, NEW-02")
        results = measure(self.now, options["only"])
        if self.as_json:
            self.print_json([result.as_dict() for result in results])
        else:
            self._print(results)
        return FOUND if any(result.kept is False for result in results) else 0

    def _print(self, results: Iterable[Result]) -> None:
        """Section by section, the figures under each promise, and the count at the end."""
        counts: Counter[str] = Counter()
        for section, rows in groupby(results, key=lambda result: result.row.section):
            self.stdout.write(section)
            for result in rows:
                counts[MARKS[result.kept]] += 1
                self.stdout.write("\n".join(_lines(result)))
        self.stdout.write(", ".join(f"{counts[mark]} {mark}" for mark in MARKS.values()))


def _lines(result: Result) -> list[str]:
    head = f"  {result.row.id:<8}{MARKS[result.kept]:<11}{result.row.title}"
    under = [_figures(result), f"checked by {', '.join(result.checked_by)}"] if result.checked_by else []
    return [head, *(fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT) for text in under)]


def _figures(result: Result) -> str:
    return "; ".join(f"{name}: {_shown(value)}" for name, value in result.evidence.items())


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | set):
        return ", ".join(map(str, value)) or "none"
    return str(value)
