"""``manage.py storage status|orphans [--remove] [--json]``: what lies in the stores against what rows say."""

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from adapters.faults import Fault
from adapters.objects import NotRemoved
from adapters.stock import Stock, remove_orphans, take_stock
from privacy.commandline import FOUND, HouseCommand, fail


class Command(HouseCommand):
    """Compares rows and objects, both ways; exit code 1 if something is missing or left over. Names are random or ids."""

    help = "Compare stored objects with the rows that name them: missing, orphans, old versions, unfinished uploads."

    def arguments(self, parser: CommandParser) -> None:
        """Its two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="status|orphans")
        self.verb(verbs, "status", "figures by store and folder")
        orphans = self.verb(verbs, "orphans", "the names themselves; nothing is changed without --remove")
        orphans.add_argument("--remove", action="store_true", help="erase orphans and their versions, end dead uploads")

    def run(self, **options: Any) -> int | None:
        """Compare, print, and with --remove take away what no row names."""
        try:
            stock = take_stock(self.now)
            gone = remove_orphans(stock, self.now) if options.get("remove") else None
        except (Fault, NotRemoved) as refusal:
            fail(f"{refusal}; nothing was forgotten here, try again later")
        if self.as_json:
            self.print_json({**asdict(stock), "whole": stock.is_whole, "removed": gone})
        elif options["verb"] == "status":
            self._status(stock)
        else:
            self._names(stock, gone)
        return None if stock.is_whole or (gone is not None and not stock.missing) else FOUND

    def _status(self, stock: Stock) -> None:
        rows = [
            (one.store, one.folder, one.objects, len(one.orphans), len(one.hidden), one.not_allowed_here)
            for one in stock.shelves
        ]
        self.print_table(["STORE", "FOLDER", "OBJECTS", "WITHOUT A ROW", "OLD VERSIONS", "NOT ALLOWED THERE"], rows)
        for store, begun in stock.uploads.items():
            self.stdout.write(f"{store}: {len(begun)} unfinished uploads")
        self.stdout.write(f"{stock.rows} rows name an object, {len(stock.missing)} of them one that isn't there.")
        if stock.cut:
            self.stdout.write("A store has more than was looked at.")

    def _names(self, stock: Stock, gone: int | None) -> None:
        for name in stock.missing:
            self.stdout.write(f"missing    {name}")
        for one in stock.shelves:
            for word, names in (("orphan", one.orphans), ("version", one.hidden)):
                for name in names:
                    self.stdout.write(f"{word:<9}  {one.store}: {name}")
        for store, begun in stock.uploads.items():
            for name in begun:
                self.stdout.write(f"upload     {store}: {name}")
        self.stdout.write("Nothing was changed." if gone is None else f"{gone} versions and uploads are gone.")
