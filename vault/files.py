"""Sealed files: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM.

    head:  magic 4 | key id 16 | chunk size 4 | salt 32 | nonce prefix 7
    body:  chunks of ciphertext and 16-byte tag; nonce = prefix | counter 4 | last 1

The file's own key comes from the patient's by HKDF with the salt, the head and the place. A cut,
swapped, doubled, appended or changed chunk doesn't open, and neither does another name's file.
Memory use is three chunks, whatever the file's size.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.errors import SealBroken

MAGIC = b"PCF1"
KEY_ID = slice(4, 20)
SIZE = slice(20, 24)
SALT = slice(24, 56)
PREFIX = slice(56, 63)
HEAD_BYTES = 63
TAG_BYTES = 16
CHUNK_BYTES = 128 * 1024
LARGEST_CHUNK = 16 * 1024 * 1024
BROKEN = "the file was changed, cut or moved from where it belongs: restore it from a backup"


def seal(key: bytes, key_id: bytes, src: BinaryIO, dst: BinaryIO, place: bytes, chunk_bytes: int = CHUNK_BYTES) -> None:
    """Seal all of ``src`` into ``dst``, which must copy what it is given: the buffer is used again."""
    head = MAGIC + key_id + chunk_bytes.to_bytes(4, "big") + os.urandom(32 + 7)
    cipher = _cipher(key, head, place)
    buffer = memoryview(bytearray(chunk_bytes + TAG_BYTES))
    dst.write(head)
    for number, chunk, last in _chunks(src, chunk_bytes):
        sealed = buffer[: len(chunk) + TAG_BYTES]
        cipher.encrypt_into(_nonce(head, number, last), chunk, None, sealed)
        dst.write(sealed)


def key_id(src: BinaryIO) -> bytes:
    """The 16 bytes of the id of the key a file was sealed with; leaves ``src`` where it was. Raises SealBroken."""
    start = src.tell()
    head = _head(src)
    src.seek(start)
    return head[KEY_ID]


def unseal(key: bytes, src: BinaryIO, place: bytes) -> Iterator[bytes]:
    """The content, chunk by verified chunk. Raises SealBroken where it stops being what was sealed."""
    head = _head(src)
    cipher = _cipher(key, head, place)
    size = int.from_bytes(head[SIZE], "big") + TAG_BYTES
    for number, chunk, last in _chunks(src, size):
        try:
            yield cipher.decrypt(_nonce(head, number, last), chunk, None)
        except InvalidTag as broken:
            raise SealBroken(BROKEN) from broken


def _head(src: BinaryIO) -> bytes:
    head = _read(src, HEAD_BYTES)
    size = int.from_bytes(head[SIZE], "big")
    if len(head) < HEAD_BYTES or head[:4] != MAGIC or not 0 < size <= LARGEST_CHUNK:
        raise SealBroken("this is no sealed file, or its head was changed: restore it from a backup")
    return head


def _cipher(key: bytes, head: bytes, place: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, head[SALT], b"praticonnect/file|" + head + b"|" + place).derive(key))


def _nonce(head: bytes, number: int, last: bool) -> bytes:
    return head[PREFIX] + number.to_bytes(4, "big") + bytes([last])


def _chunks(src: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Numbered pieces of exactly ``size`` bytes but the last, which may be shorter (or empty in an empty stream)."""
    number, chunk = 0, _read(src, size)
    while True:
        following = _read(src, size) if len(chunk) == size else b""
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following


def _read(src: BinaryIO, size: int) -> bytes:
    """Exactly ``size`` bytes unless the stream ends: sockets and pipes give less at a time."""
    first = src.read(size)
    if not first or len(first) == size:
        return first
    pieces, missing = [first], size - len(first)
    while missing and (piece := src.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
