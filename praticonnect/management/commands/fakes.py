"""manage.py fakes [--port N] [--mail-port N] [--product URL]: plays every provider on this machine (docs/fakes.md)."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from privacy.commandline import HouseCommand, fail


class Command(HouseCommand):
    """The stand-ins are a program of their own that shares no code with us: this process becomes it."""

    help = "Play every provider on this machine: mailbox, phone, checkout and the rest. Refused in production."

    def arguments(self, parser: CommandParser) -> None:
        """Where they listen, and whom they tell of events."""
        parser.add_argument("--port", type=int, default=8100)
        parser.add_argument("--mail-port", type=int, default=8125)
        parser.add_argument("--product", default=settings.SITE_URL)

    def run(self, **options: Any) -> int | None:
        """Become ``python -m fakes``."""
        if settings.PRODUCTION:
            fail("the stand-ins are for development: production speaks to the real services")
        ports = ["--port", str(options["port"]), "--mail-port", str(options["mail_port"])]
        os.execv(sys.executable, [sys.executable, "-m", "fakes", *ports, "--product", options["product"]])  # noqa: S606
