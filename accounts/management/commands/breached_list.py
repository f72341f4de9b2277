"""Builds the offline list of passwords known to attackers (promise MD-54)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import breached

HEX_DIGITS = breached.PREFIX_BYTES * 2


def read_dump(path: Path) -> Iterator[bytes]:
    """Prefixes of a text dump with one SHA-1 in hexadecimal per line (what follows a colon is ignored)."""
    with path.open(encoding="ascii") as lines:
        for number, line in enumerate(lines, 1):
            digest = line.partition(":")[0].strip()
            if not digest:
                continue
            try:
                yield bytes.fromhex(digest[:HEX_DIGITS].rjust(HEX_DIGITS, "?"))
            except ValueError as broken:
                raise CommandError(
                    f"{path}, line {number}: not a SHA-1 in hexadecimal; write one per line, as HASH or HASH:COUNT"
                ) from broken


class Command(BaseCommand):
    """Without --from, the list that the package ships is built anew, byte for byte."""

    requires_system_checks: list[str] = []
    help = "Builds the offline list of breached passwords."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="dump", type=Path, help="a dump of SHA-1 hashes, one per line")
        parser.add_argument("--out", type=Path, default=breached.SHIPPED)

    def handle(self, *, dump: Path | None, out: Path, **_options: Any) -> None:
        if dump is not None and not dump.is_file():
            raise CommandError(f"{dump}: no such file")
        prefixes = read_dump(dump) if dump else map(breached.prefix, breached.shipped_passwords())
        count = breached.write_list(prefixes, out)
        self.stdout.write(f"{count} passwords, {out.stat().st_size} bytes, {out}")
