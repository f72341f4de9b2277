"""Sealed files open whole and unchanged under their own name, or not at all (PC-80)."""

import io
import os
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import files
from vault.errors import SealBroken

KEY, KEY_ID, PLACE = bytes(range(32)), bytes(range(16)), b"file|doc|1"
CHUNK = 16


def sealed(content: bytes, chunk: int = CHUNK, place: bytes = PLACE) -> bytes:
    out = io.BytesIO()
    files.seal(KEY, KEY_ID, io.BytesIO(content), out, place, chunk)
    return out.getvalue()


def opened(stored: bytes, place: bytes = PLACE, key: bytes = KEY) -> bytes:
    return b"".join(files.unseal(key, io.BytesIO(stored), place))


class Dripping(io.BytesIO):
    """A stream that gives few bytes at a time, like a socket."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 0, 5))


@given(st.binary(max_size=5 * CHUNK + 3), st.integers(1, 40))
def test_file_comes_back_as_it_was(content: bytes, chunk: int) -> None:
    assert opened(sealed(content, chunk)) == content


@given(st.binary(max_size=4 * CHUNK), st.data())
@settings(max_examples=200)
def test_any_changed_bit_is_refused(content: bytes, data: st.DataObject) -> None:
    stored = bytearray(sealed(content))
    # The key id (bytes 4 to 20) is checked too: it is part of what the file's key is made from.
    bit = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        opened(bytes(stored))


@given(st.binary(min_size=1, max_size=5 * CHUNK), st.data())
@settings(max_examples=200)
def test_any_truncation_is_refused(content: bytes, data: st.DataObject) -> None:
    stored = sealed(content)
    with pytest.raises(SealBroken):
        opened(stored[: data.draw(st.integers(0, len(stored) - 1))])


@given(st.binary(max_size=3 * CHUNK), st.binary(min_size=1, max_size=40))
def test_anything_appended_is_refused(content: bytes, more: bytes) -> None:
    with pytest.raises(SealBroken):
        opened(sealed(content) + more)


def piece(stored: bytes, number: int) -> bytes:
    start = files.HEAD_BYTES + number * (CHUNK + files.TAG_BYTES)
    return stored[start : start + CHUNK + files.TAG_BYTES]


def test_swapped_dropped_and_doubled_chunks_are_refused() -> None:
    stored = sealed(os.urandom(4 * CHUNK))
    head, parts = stored[: files.HEAD_BYTES], [piece(stored, n) for n in range(4)]
    for order in ([1, 0, 2, 3], [0, 2, 3], [0, 1, 1, 2, 3], [0, 1, 2, 3, 3], [3]):
        with pytest.raises(SealBroken):
            opened(head + b"".join(parts[n] for n in order))


def test_chunk_of_another_file_of_the_same_patient_is_refused() -> None:
    one, other = sealed(bytes(2 * CHUNK)), sealed(bytes(2 * CHUNK))
    with pytest.raises(SealBroken):
        opened(one[: files.HEAD_BYTES] + piece(other, 0) + piece(one, 1))


def test_other_name_and_other_key_are_refused() -> None:
    stored = sealed(b"scan")
    with pytest.raises(SealBroken):
        opened(stored, place=b"file|other|1")
    with pytest.raises(SealBroken):
        opened(stored, key=bytes(32))


def test_enormous_chunk_size_in_a_forged_head_takes_no_memory() -> None:
    stored = bytearray(sealed(b"scan"))
    stored[20:24] = b"\xff\xff\xff\xff"
    with pytest.raises(SealBroken, match="head was changed"):
        opened(bytes(stored))


def test_slow_stream_gives_the_same() -> None:
    content, out = os.urandom(100), io.BytesIO()
    files.seal(KEY, KEY_ID, Dripping(content), out, PLACE, CHUNK)
    assert b"".join(files.unseal(KEY, Dripping(out.getvalue()), PLACE)) == content


def test_key_id_is_read_without_moving() -> None:
    stored = io.BytesIO(sealed(b"scan"))
    assert (files.key_id(stored), stored.tell()) == (KEY_ID, 0)


class Zeros(io.RawIOBase):
    """Many zeros that stand nowhere in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left)
        self.left -= given
        return bytes(given)


class Nowhere(io.RawIOBase):
    """Forgets what is written."""

    def write(self, data: bytes) -> int:
        return len(data)


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(size: int) -> int:
        tracemalloc.start()
        files.seal(KEY, KEY_ID, Zeros(size), Nowhere(), PLACE)
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    assert peak(40 * 2**20) < 1.2 * peak(4 * 2**20)
