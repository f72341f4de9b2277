"""Words that the vault opened, still marked as such, so that no message and no call takes them by mistake (PC-101, MD-46).

For pages they are text like any other. Whatever leaves the house asks :func:`holds_unsealed` first: a message's values, a letter,
the outbox, a call. Adding, cutting, stripping and splitting keep the mark. An f-string, ``join``, ``%``, a change of case, a regular
expression and JSON lose it, and the bytes of a file never have it: what leaves in this way is caught by kind, since a message's
values are no free text, and by the battery that reads every byte that left (tests/adapters/test_no_word_leaves.py).
"""

from collections.abc import Mapping
from typing import Any, SupportsIndex


class Unsealed(str):
    """Text out of a patient's file, other than who they are and how to reach them."""

    __slots__ = ()

    def __getitem__(self, key: SupportsIndex | slice) -> "Unsealed":
        return Unsealed(super().__getitem__(key))

    def __add__(self, other: str) -> "Unsealed":
        return Unsealed(super().__add__(other))

    def __radd__(self, other: str) -> "Unsealed":
        return Unsealed(other + str(self))

    def strip(self, chars: str | None = None, /) -> "Unsealed":
        """As text does, marked."""
        return Unsealed(super().strip(chars))

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        """As text does, each piece marked."""
        return [Unsealed(piece) for piece in super().split(sep, maxsplit)]

    def splitlines(self, keepends: bool = False) -> list[str]:
        """As text does, each line marked."""
        return [Unsealed(line) for line in super().splitlines(keepends)]


def unsealed(value: Any) -> Any:
    """A value with each text in it marked."""
    if isinstance(value, str):
        return Unsealed(value)
    if isinstance(value, dict):
        return {name: unsealed(one) for name, one in value.items()}
    return [unsealed(one) for one in value] if isinstance(value, list) else value


def holds_unsealed(value: object) -> bool:
    """Whether there are marked words in it, however deep."""
    if isinstance(value, Mapping):
        return any(holds_unsealed(name) or holds_unsealed(one) for name, one in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return any(holds_unsealed(one) for one in value)
    return isinstance(value, Unsealed)
