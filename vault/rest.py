"""Sealing at rest of what the house itself must read on every page: who its accounts are (PC-80; ADR 0011).

A stored value is text: ``sealed1.`` and base64url of an AES-256-SIV ciphertext (RFC 5297), bound to its table and column
and padded to blocks of 32 bytes. The key stands, wrapped, in the keys database: no dump of the main one opens anything.
"""

import base64
import binascii
import hmac
import os
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.db import connections

from vault import master
from vault.errors import KeyUnreadable, SealBroken
from vault.models import SystemKey

KEY_NAME = "identity at rest"
PREFIX = "sealed1."
NONCE_BYTES = 16
BLOCK = 32
LOST = (
    "the key of the accounts' identities is missing, and the main database holds what it sealed: restore the keys database"
    " (any backup of it has this key)"
)
_FIND = "select id, wrapped, master_id from vault_systemkey where name = %s"
_ADD = (
    "insert into vault_systemkey (id, name, wrapped, master_id) values (%s, %s, %s, %s) on conflict (name) do nothing"
)
_ciphers: dict[tuple[object, ...], AESSIV] = {}


def seal_value(place: str, text: str, *, compared: bool) -> str:
    """What to store for ``text`` in ``place`` ("table|column"); empty text stays empty.

    ``compared``: equal texts of one column give equal values, for look-ups and unique constraints; otherwise each is
    sealed with a nonce of its own.
    """
    if not text:
        return text
    nonce = b"" if compared else os.urandom(NONCE_BYTES)
    plain = text.encode() + b"\x80"
    sealed = _cipher().encrypt(plain + bytes(-len(plain) % BLOCK), _bound(place, nonce))
    return PREFIX + base64.urlsafe_b64encode(nonce + sealed).decode()


def open_value(place: str, stored: str, *, compared: bool) -> str:
    """The text that was sealed. Raises SealBroken for text in clear, a changed value, or one of another place."""
    if not stored:
        return stored
    if not is_sealed(stored):
        raise SealBroken(f"{place} holds a value that isn't sealed: restore the row from a backup")
    try:
        data = base64.b64decode(stored[len(PREFIX) :], altchars=b"-_", validate=True)
        cut = 0 if compared else NONCE_BYTES
        padded = _cipher().decrypt(data[cut:], _bound(place, data[:cut]))
    except (InvalidTag, ValueError, binascii.Error) as broken:
        raise SealBroken(f"a value of {place} was changed or moved from where it belongs: restore the row") from broken
    return padded[: padded.rindex(b"\x80")].decode()


def opened(place: str, stored: bytes) -> bytes:
    """What raw bytes sealed at ``place`` say, for a search through stores; anything else as it stands."""
    if not stored.startswith(PREFIX.encode()):
        return stored
    for compared in (False, True):
        try:
            return open_value(place, stored.decode(), compared=compared).encode()
        except (SealBroken, UnicodeDecodeError):
            continue
    return stored


def is_sealed(stored: str) -> bool:
    """Whether the stored text says of itself that it is sealed."""
    return stored.startswith(PREFIX)


def forget_key(**_signal: object) -> None:
    """Read the key anew at its next use: the keys database was migrated or emptied."""
    _ciphers.clear()


def _bound(place: str, nonce: bytes) -> list[bytes]:
    return [f"praticonnect|at rest|{place}".encode(), *([nonce] if nonce else [])]


def _cipher() -> AESSIV:
    """The cipher, kept in the process's memory: a page with a hundred names asks the keys database nothing."""
    target = connections["keys"].settings_dict
    database = (target["HOST"], target["PORT"], target["NAME"])
    found = _ciphers.get(database)
    if found is None:
        found = _ciphers[database] = AESSIV(_expanded(_committed_key()))
    return found


def _expanded(key: bytes) -> bytes:
    """Two AES-256 keys of one: HKDF-Expand (RFC 5869) of two blocks under a purpose of its own."""
    purpose = b"praticonnect/identity at rest"
    first = hmac.digest(key, purpose + b"\x01", "sha256")
    return first + hmac.digest(key, first + purpose + b"\x02", "sha256")


def _committed_key() -> bytes:
    """The key of the house's identities; the first to ask makes it. Raises KeyUnreadable where it was lost.

    On a connection of its own: what it seals may be committed although the caller's transaction in the keys database is
    rolled back, and a key that isn't committed must never be kept in memory.
    """
    from vault.rest_fields import any_sealed  # the fields need this module

    with psycopg.connect(**connections["keys"].get_connection_params(), autocommit=True) as own:
        row = own.execute(_FIND, [KEY_NAME]).fetchone()
        if row is None:
            if not any_sealed():
                fresh = SystemKey(name=KEY_NAME)
                master.new_key(fresh)
                own.execute(_ADD, [fresh.pk, KEY_NAME, fresh.wrapped, fresh.master_id])
            row = own.execute(_FIND, [KEY_NAME]).fetchone()  # another process may have made it meanwhile
    if row is None:
        raise KeyUnreadable(LOST)
    found: tuple[UUID, bytes, str] = row
    return master.unwrap(SystemKey(id=found[0], name=KEY_NAME, wrapped=found[1], master_id=found[2]))
