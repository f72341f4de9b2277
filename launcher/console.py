"""What the launcher says, always on standard error, so that standard output belongs to the command."""

from __future__ import annotations

import sys


class Problem(Exception):
    """A reason to stop, in words that say what to do about it."""


def say(text: str) -> None:
    """Print one line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)
