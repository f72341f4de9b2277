"""Searches bytes and streams for the tokens, packed ones too."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from lifecycle.residue.spelling import Needles
from lifecycle.residue.unpacking import SIGNS, pieces, signed_values
from vault.rest import opened
from vault.sessions import PLACE


@dataclass(frozen=True, slots=True)
class Hit:
    """A token in a store. ``where`` names column, key or path; ``times`` counts rows of a column, else it is 1."""

    store: str
    where: str
    token: str
    times: int = 1


class Search:
    """What all the scanners ask."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._needles = Needles(tokens)
        self._overlap = 4 * self._needles.longest

    def is_suspect(self, block: bytes) -> bool:
        """Whether ``block`` holds a token, or something packed that may."""
        return bool(SIGNS.search(block) or self._plainly_in(block))

    def tokens_in(self, data: bytes) -> set[str]:
        """The tokens in one value."""
        if SIGNS.match(data):
            return self.tokens_in_stream(io.BytesIO(data))
        return self._plainly_in(data)

    def tokens_in_stream(self, stream: BinaryIO) -> set[str]:
        """The tokens in a file, read piece by piece. ``stream`` must be able to begin again."""
        found: set[str] = set()
        for piece in pieces(stream, self._overlap):
            found |= self._plainly_in(piece)
        return found

    def _plainly_in(self, data: bytes) -> set[str]:
        found = self._needles.found_in(data)
        for value in signed_values(data):
            found |= self._needles.found_in(opened(PLACE, value))
        return found
