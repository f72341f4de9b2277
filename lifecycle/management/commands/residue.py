"""``manage.py residue TOKEN… [--json]``: whether any of these words still stands anywhere."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from lifecycle.residue.scanning import ScanIncomplete, scan
from privacy.commandline import FOUND, HouseCommand, fail


class Command(HouseCommand):
    """Searches every table, file, queue, cache and key store; exit code 1 if something is found."""

    help = (
        "Search every table, stored file, queue, cache, key store, mail and log for words; exit code 1 if one is found."
    )
    runs_on_restored = True

    def arguments(self, parser: CommandParser) -> None:
        """The words."""
        parser.add_argument("tokens", nargs="+", metavar="TOKEN", help="a word of the person: e-mail, name, number")

    def run(self, **options: Any) -> int | None:
        """Search, list the places."""
        try:
            found = scan(options["tokens"])
        except (ValueError, ScanIncomplete) as refusal:
            fail(str(refusal))
        if self.as_json:
            self.print_json({"found": [asdict(one) for one in found]})
        elif found:
            self.print_table(
                ["STORE", "WHERE", "TOKEN", "TIMES"], [(one.store, one.where, one.token, one.times) for one in found]
            )
        else:
            self.stdout.write("Nothing found.")
        return FOUND if found else None
