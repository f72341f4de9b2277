"""What has to wait until a file's turn in the archive: the start in memory, the rest sealed in a temporary file.

The key is random and lies in this process's memory only. So no temporary file ever holds a word in clear, and what a
killed worker leaves behind can't be read by anybody (PC-80).
"""

import os
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

IN_MEMORY = 256 * 1024
"""Bytes in clear that wait in memory before they are sealed to disk as one piece."""
TAG_BYTES = 16


class Spool:
    """Bytes in, the same bytes out, once; memory use is one piece, whatever the size."""

    def __init__(self) -> None:
        self.size = 0
        self._cipher: AESGCM | None = None
        self._parts: list[bytes] = []
        self._waiting = 0
        self._file: BinaryIO | None = None
        self._lengths: list[int] = []

    def write(self, data: bytes) -> None:
        """Add to the end."""
        if not data:
            return
        self._parts.append(data)
        self._waiting += len(data)
        self.size += len(data)
        if self._waiting >= IN_MEMORY:
            self._seal()

    def read(self) -> Iterator[bytes]:
        """All of it, piece by piece; the temporary file is gone afterwards."""
        try:
            yield from self._sealed()
            if self._parts:
                yield b"".join(self._parts)
        finally:
            self.close()

    def close(self) -> None:
        """Forget it all."""
        self._parts, self._lengths, self._waiting = [], [], 0
        if self._file:
            self._file.close()
            self._file = None

    def _seal(self) -> None:
        if self._cipher is None or self._file is None:
            self._cipher = AESGCM(os.urandom(32))
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by read() and close()
        piece = self._cipher.encrypt(_nonce(len(self._lengths)), b"".join(self._parts), None)
        self._file.write(piece)
        self._lengths.append(len(piece))
        self._parts, self._waiting = [], 0

    def _sealed(self) -> Iterator[bytes]:
        if self._file is None or self._cipher is None:
            return
        self._file.seek(0)
        for number, length in enumerate(self._lengths):
            yield self._cipher.decrypt(_nonce(number), self._file.read(length), None)


def _nonce(number: int) -> bytes:
    """Each piece has its own: the key seals one spool and nothing else."""
    return number.to_bytes(12, "big")
