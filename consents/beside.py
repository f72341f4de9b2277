"""What apps above know about a switch, in one sentence beside it: registered in their AppConfig.ready (consents imports none of them)."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

Said = Callable[[UUID], str]
_said: Final[dict[str, Said]] = {}


def say_beside(slot: str, words: Said) -> None:
    """Have ``words(subject_id)`` stand below the switch ``slot`` of that person, or file; empty says nothing."""
    _said[slot] = words


def beside(slot: str, subject_id: UUID) -> str:
    """The sentence below a switch; empty where nobody has one."""
    return _said[slot](subject_id) if slot in _said else ""
