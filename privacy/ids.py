"""Random identifiers made by the application, so that a row's id is known before it is sealed."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUIDv7: time-ordered (milliseconds) for the indexes, 74 random bits, never reused."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    return UUID(int=(value & ~(0x3 << 62)) | (0x2 << 62))
