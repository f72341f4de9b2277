"""``manage.py dump_database --out FILE``: a plain SQL dump of the main database; keys are never in it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.db import connections

from privacy.commandline import HouseCommand, fail


class Command(HouseCommand):
    """Runs pg_dump on the main database, with the password in the environment only."""

    help = "Write a plain SQL dump of the main database (patients' content in it is sealed)."

    def arguments(self, parser: CommandParser) -> None:
        """Where to write."""
        parser.add_argument("--out", required=True, type=Path, help="the file to write")

    def run(self, **options: Any) -> None:
        """Dump, then name the file and its size in bytes."""
        out: Path = options["out"]
        if not out.parent.is_dir():
            fail(f"{out.parent} is no folder: make it first")
        dumped = subprocess.run(_command(out), env=_environment(), capture_output=True, text=True)
        if dumped.returncode:
            fail(f"pg_dump says: {dumped.stderr.strip().splitlines()[-1]}")
        figures = {"file": str(out), "bytes": out.stat().st_size}
        if self.as_json:
            self.print_json(figures)
        else:
            self.print_table(list(figures), [list(figures.values())])


def _command(out: Path) -> list[str]:
    program = shutil.which("pg_dump", path=os.environ.get("PRATICONNECT_PG_BIN")) or shutil.which("pg_dump")
    if program is None:
        fail("pg_dump isn't installed: install PostgreSQL's client programs")
    target = connections["default"].settings_dict
    command = [program, "--no-owner", "--no-privileges", "--file", str(out), "--dbname", target["NAME"]]
    for option, value in (("--host", target["HOST"]), ("--port", target["PORT"]), ("--username", target["USER"])):
        if value:
            command += [option, str(value)]
    return command


def _environment() -> dict[str, str]:
    return {**os.environ, "PGPASSWORD": str(connections["default"].settings_dict["PASSWORD"])}
