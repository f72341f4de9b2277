"""``manage.py dump_database --out FILE``: a plain SQL dump of the main database; keys are never in it."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import connections

from care import tenancy
from privacy.commandline import HouseCommand, fail


class Command(HouseCommand):
    """Runs pg_dump on the main database, with the password in the environment only."""

    help = "Write a plain SQL dump of the main database (patients' content in it is sealed)."
    runs_on_restored = True

    def arguments(self, parser: CommandParser) -> None:
        """Where to write."""
        parser.add_argument("--out", required=True, type=Path, help="the file to write")

    def run(self, **options: Any) -> None:
        """Dump, then name the file and its size in bytes."""
        out: Path = options["out"]
        if not out.parent.is_dir():
            fail(f"{out.parent} is no folder: make it first")
        program = _command()
        part = out.with_name(f"{out.name}.part")
        part.unlink(missing_ok=True)
        with open(part, "xb", opener=_for_the_owner_only) as dump:
            dumped = subprocess.run(program, env=_environment(), stdout=dump, stderr=subprocess.PIPE, text=True)
        if dumped.returncode:
            part.unlink()
            fail(f"pg_dump says: {_reason(dumped.stderr)}; no dump was written")
        part.replace(out)
        figures = {"file": str(out), "bytes": out.stat().st_size}
        if self.as_json:
            self.print_json(figures)
        else:
            self.print_table(list(figures), [list(figures.values())])


def _for_the_owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _reason(said: str) -> str:
    """Error and detail in one line, without the query they may repeat."""
    told = [line.split(": ", 2)[-1] for line in said.splitlines() if "Query was" not in line]
    return "; ".join(told) or "nothing"


def _command() -> list[str]:
    program = shutil.which("pg_dump", path=os.environ.get("PRATICONNECT_PG_BIN")) or shutil.which("pg_dump")
    if program is None:
        fail("pg_dump isn't installed: install PostgreSQL's client programs")
    target = connections["default"].settings_dict
    command = [program, "--no-owner", "--no-privileges", "--enable-row-security", "--dbname", target["NAME"]]
    options = {"--host": "HOST", "--port": "PORT", "--username": "USER"}
    for option, value in (*((name, target[key]) for name, key in options.items()), ("--role", settings.DATABASE_ROLE)):
        if value:
            command += [option, str(value)]
    return command


def _environment() -> dict[str, str]:
    """The password, and the scope of every practice: the application's role dumps all rows without passing row security."""
    scope = f"-c {tenancy.SETTING}={tenancy.ALL}"
    return {**os.environ, "PGPASSWORD": str(connections["default"].settings_dict["PASSWORD"]), "PGOPTIONS": scope}
