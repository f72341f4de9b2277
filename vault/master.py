"""The master keys that wrap all others. They stand in the environment, in no database."""

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from vault.errors import KeyUnreadable
from vault.models import WrappedKey

KEY_BYTES = 32
NONCE_BYTES = 12


def current_id() -> str:
    """The id of the master key that wraps new keys."""
    current: str = settings.MASTER_KEYS[0][0]
    return current


def wrap(key: bytes, row: WrappedKey) -> None:
    """Put ``key`` into ``row``, wrapped under the current master key and bound to the row."""
    master_id, master = settings.MASTER_KEYS[0]
    nonce = os.urandom(NONCE_BYTES)
    row.wrapped = nonce + _cipher(master).encrypt(nonce, key, row.wrapping())
    row.master_id = master_id


def unwrap(row: WrappedKey) -> bytes:
    """The 32 bytes of the key in ``row``. Raises KeyUnreadable if the master key is missing or the row was changed."""
    master = dict(settings.MASTER_KEYS).get(row.master_id)
    if master is None:
        raise KeyUnreadable(f"master key {row.master_id} is missing: put it back into PRATICONNECT_MASTER_KEYS")
    wrapped = bytes(row.wrapped)
    try:
        return _cipher(master).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], row.wrapping())
    except (InvalidTag, ValueError) as broken:
        raise KeyUnreadable(f"key {row.pk} was changed or moved: restore the keys database") from broken


@lru_cache(maxsize=8)
def _cipher(master: bytes) -> AESGCM:
    """The cipher of a master key; made once, since it unwraps each key of a list."""
    return AESGCM(master)


def new_key(row: WrappedKey) -> None:
    """Give ``row`` a fresh random key."""
    wrap(os.urandom(KEY_BYTES), row)
