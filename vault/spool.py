"""A file for the while of one request: on disk its bytes stand only under a key that this process alone has."""

import os
from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase, UnsupportedOperation
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

BLOCK: Final = 16
IN_MEMORY: Final = 1024 * 1024
"""Bytes up to which nothing is written to disk at all."""


class Spool(RawIOBase):
    """Written once from its beginning to its end, then read from anywhere.

    AES-256-CTR under a key made with the file, kept in memory and forgotten with it: no key serves twice, and no place is
    written twice. What a crash leaves on disk (the file has no name there) opens for nobody. It hides, and proves nothing:
    what is kept is sealed by :mod:`vault.files`.
    """

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._key = os.urandom(32)
        self._stored = SpooledTemporaryFile(IN_MEMORY, dir=folder)  # noqa: SIM115 - closed with this file

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """At the end."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._stored.tell()

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to a place."""
        if whence not in (SEEK_SET, SEEK_CUR, SEEK_END):
            raise ValueError(whence)
        self._stored.seek(offset, whence)
        return self._stored.tell()

    def write(self, data: Any) -> int:
        """Append. Raises UnsupportedOperation anywhere but at the end: a key stream is used once."""
        place, plain = self._stored.tell(), bytes(data)
        if place != self._stored.seek(0, SEEK_END):
            self._stored.seek(place)
            raise UnsupportedOperation("this file is only appended to")
        self._stored.write(self._turned(plain, place))
        return len(plain)

    def read(self, size: int | None = -1) -> bytes:
        """Up to ``size`` bytes; all that is left without one."""
        place = self._stored.tell()
        return self._turned(self._stored.read(-1 if size is None else size), place)

    def readall(self) -> bytes:
        """All that is left."""
        return self.read()

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Forget the bytes and their key."""
        self._stored.close()
        self._key = b""
        super().close()

    def _turned(self, data: bytes, place: int) -> bytes:
        """Sealed to clear and back: the key stream from ``place`` on."""
        block, skipped = divmod(place, BLOCK)
        stream = Cipher(AES256(self._key), CTR(block.to_bytes(BLOCK, "big"))).encryptor()
        return stream.update(bytes(skipped) + data)[skipped:]
