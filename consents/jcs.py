"""Canonical JSON and Data Integrity proofs with the suite ``eddsa-jcs-2022``. Pure.

RFC 8785 for what our documents hold (objects with ASCII names, lists, text, whole numbers,
booleans), and the hashing of W3C "Data Integrity EdDSA Cryptosuites v1.0" chapter 3.3.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SUITE = "eddsa-jcs-2022"

Document = Mapping[str, Any]


def canonical(document: object) -> bytes:
    """The one byte form of a document. Raises TypeError on what has no single form here: a
    fraction, or a name that isn't ASCII."""
    _refuse_ambiguous(document)
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def to_sign(document: Document, options: Document) -> bytes:
    """The 64 bytes a proof signs: the hash of its options, then the hash of the document."""
    return sha256(canonical(options)).digest() + sha256(canonical(document)).digest()


def multibase(data: bytes) -> str:
    """``data`` in base58btc with the multibase prefix ``z``."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        digits = ALPHABET[rest] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + ALPHABET[0] * zeros + digits


def unbase(text: str) -> bytes:
    """The 64 bytes of a signature written by :func:`multibase`. Raises ValueError for other text."""
    number = 0
    for sign in text[1:]:
        number = number * 58 + ALPHABET.index(sign)
    data = number.to_bytes(64)
    if multibase(data) != text:
        raise ValueError("not the base58btc form of 64 bytes")
    return data


def _refuse_ambiguous(value: object) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not (isinstance(name, str) and name.isascii()):
                raise TypeError(f"A name must be ASCII text: {name!r}")
            _refuse_ambiguous(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_ambiguous(inner)
    elif not isinstance(value, str | int | None):
        raise TypeError(f"{type(value).__name__} has no single canonical form here: {value!r}")
