"""``manage.py export_account EMAIL --out FILE [--json]``."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.queries import account_by_email
from audit.actors import Actor
from gdpr_requests.export.archive import AccountExport
from privacy.commandline import HouseCommand, fail


class Command(HouseCommand):
    """The same archive as the privacy centre's, for operations at the person's request."""

    help = "Writes all that may be taken along of an account and its patients into a ZIP."

    def arguments(self, parser: CommandParser) -> None:
        """Whose, and where to."""
        parser.add_argument("email")
        parser.add_argument("--out", type=Path, required=True, help="the ZIP to write; it must not exist yet")

    def run(self, **options: Any) -> None:
        """Write it, readable by nobody else; what broke off leaves no half a file."""
        user, out = account_by_email(options["email"]), options["out"]
        if user is None:
            fail(f"There is no account with the address {options['email']}; check its spelling")
        made = AccountExport(user, by=Actor.operations("export_account"), now=self.now)
        try:
            target = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as problem:
            fail(f"{out} can't be written: {problem.strerror}")
        try:
            with os.fdopen(target, "wb") as stream:
                stream.writelines(made.chunks())
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        if self.as_json:
            self.print_json({"out": str(out), "counts": made.manifest["counts"], "kept_closed": made.kept_closed})
        else:
            self.print_table(["KIND", "ROWS"], made.manifest["counts"].items())
