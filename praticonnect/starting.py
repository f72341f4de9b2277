"""Web, worker and beat don't start on a main database that was restored and not replayed (NEW-08)."""

import sys
from typing import Final, NoReturn

from lifecycle.rights.guard import why_not_start

BOOT_ERROR: Final = 3
"""The code by which gunicorn's master knows that starting the worker again would change nothing."""


def refuse_restored(**_signal: object) -> None:
    """End the process with one line when the databases say so."""
    if refusal := why_not_start():
        _end(refusal)


def _end(line: str) -> NoReturn:
    sys.stderr.write(f"PratiConnect doesn't start: {line}\n")
    sys.stderr.flush()
    sys.exit(BOOT_ERROR)
