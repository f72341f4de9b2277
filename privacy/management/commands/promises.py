"""``manage.py promises``: each promise of the policies, measured now on the live database."""

from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandParser

from privacy.commandline import FOUND, HouseCommand, fail
from privacy.promises import Result, measure, unknown

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
        rows = [(r.row.id, MARKS[r.kept], r.row.title, _figures(r), ", ".join(r.checked_by)) for r in results]
        self.print_table(("id", "state", "promise", "evidence", "checked by"), rows)


def _figures(result: Result) -> str:
    return "; ".join(f"{name}: {_shown(value)}" for name, value in result.evidence.items())


def _shown(value: object) -> str:
    if isinstance(value, list | tuple | set):
        return ", ".join(map(str, value)) or "none"
    return str(value)
