"""Random identifiers made by the application, so that a row's id is known before it is sealed."""

import os
import time
from threading import Lock
from uuid import UUID

_RANDOM = 74
_SET_BACK = 10_000
"""Milliseconds that a clock may be set back without ids going back too; further, it was wrong before."""
_lock = Lock()
_last = 0


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): milliseconds, then 74 random bits; never reused, and later ones of a process sort later.

    Ids of one millisecond, or of a clock set back a little, count on from the last by a random step (section 6.2, method 2), so
    that rows ordered by id are in the order in which they were made.
    """
    global _last
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << _RANDOM) | (int.from_bytes(os.urandom(10), "big") >> 6)
    with _lock:
        if 0 <= (_last >> _RANDOM) - milliseconds <= _SET_BACK:
            value = _last + 1 + int.from_bytes(os.urandom(5), "big")
        _last = value
    high, low = value >> 62, value & ((1 << 62) - 1)
    return UUID(int=(high >> 12 << 80) | (0x7 << 76) | ((high & 0xFFF) << 64) | (0x2 << 62) | low)
