"""Sealed values: AES-256-GCM, bound to the place they stand in. Format (ADR vault):

    version 1 byte | key id 16 bytes | nonce 12 bytes | ciphertext | tag 16 bytes

The plaintext is padded to a multiple of 32 bytes (ISO/IEC 7816-4), so that the length of a stored
value doesn't tell short words apart.
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import SealBroken

VERSION = 1
NONCE_BYTES = 12
HEAD_BYTES = 1 + 16 + NONCE_BYTES
BLOCK = 32


class Sealed:
    """A sealed value as it stands in the database. Shows nothing of itself: only a Handle opens it."""

    __slots__ = ("_stored",)

    def __init__(self, stored: bytes) -> None:
        self._stored = bytes(stored)

    @property
    def key_id(self) -> bytes:
        """The 16 bytes of the id of the key it was sealed with. Raises SealBroken if it isn't a sealed value at all."""
        if len(self._stored) < HEAD_BYTES + 16 or self._stored[0] != VERSION:
            raise SealBroken("this is no sealed value: restore the row from a backup")
        return self._stored[1:17]

    def __bytes__(self) -> bytes:
        return self._stored

    def __repr__(self) -> str:
        return "<sealed>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self._stored == other._stored

    def __hash__(self) -> int:
        return hash(self._stored)


def cipher(key: bytes, purpose: bytes) -> AESGCM:
    """The cipher of one purpose under a key: HKDF-Expand (RFC 5869) of one block, so no key serves two purposes."""
    return AESGCM(hmac.digest(key, b"praticonnect/" + purpose + b"\x01", "sha256"))


def seal(cipher: AESGCM, key_id: bytes, plain: bytes, place: bytes) -> Sealed:
    """Seal ``plain`` for ``place`` only."""
    head = bytes([VERSION]) + key_id
    nonce = os.urandom(NONCE_BYTES)
    padded = plain + b"\x80" + bytes(-(len(plain) + 1) % BLOCK)
    return Sealed(head + nonce + cipher.encrypt(nonce, padded, head + place))


def unseal(cipher: AESGCM, sealed: Sealed, place: bytes) -> bytes:
    """What was sealed for ``place``. Raises SealBroken if a bit differs or it was sealed for another place."""
    stored = bytes(sealed)
    try:
        padded = cipher.decrypt(stored[17:HEAD_BYTES], stored[HEAD_BYTES:], stored[:17] + place)
    except InvalidTag as broken:
        raise SealBroken("a sealed value was changed or moved from where it belongs: restore the row") from broken
    return padded[: padded.rindex(b"\x80")]


def place_of(table: str, column: str, row_id: str, file_id: str) -> bytes:
    """Where a field's value belongs."""
    return f"{table}|{column}|{row_id}|{file_id}".encode()
