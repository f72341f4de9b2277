"""Our trees are those of RFC 6962: compared with its own definition, written down naively."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle

ENTRIES = st.lists(st.binary(max_size=8), max_size=70)


def naive_root(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(m: int, entries: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if m < k:
        return [*naive_path(m, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(m - k, entries[k:]), naive_root(entries[:k])]


def leaves(entries: list[bytes]) -> list[bytes]:
    return [merkle.leaf_hash(entry) for entry in entries]


@given(ENTRIES)
def test_root_is_rfc_6962s(entries: list[bytes]) -> None:
    assert merkle.root(leaves(entries)) == naive_root(entries)


@given(ENTRIES.filter(bool), st.data())
def test_path_is_rfc_6962s_and_leads_to_the_root(entries: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    steps = merkle.path(index, leaves(entries))
    assert steps == naive_path(index, entries)
    assert merkle.root_from_path(leaves(entries)[index], index, len(entries), steps) == naive_root(entries)


@given(ENTRIES.filter(bool), st.data())
def test_path_of_another_place_or_size_does_not_lead_to_the_root(entries: list[bytes], data: st.DataObject) -> None:
    unique = [bytes([n]) + entry for n, entry in enumerate(entries)]
    index, other = (data.draw(st.integers(0, len(unique) - 1)) for _ in range(2))
    steps, tree = merkle.path(index, leaves(unique)), leaves(unique)
    reached = merkle.root_from_path(tree[other], index, len(unique), steps)
    assert (reached == naive_root(unique)) == (index == other)
    assert merkle.root_from_path(tree[index], index, len(unique), [*steps, bytes(32)]) is None
    if steps:
        assert merkle.root_from_path(tree[index], index, len(unique), steps[:-1]) is None


def test_known_answers_of_the_reference_implementation() -> None:
    """The test tree of the certificate-transparency reference code."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = leaves([bytes.fromhex(text) for text in data])
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root(tree[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(tree).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("index", [-1, 3])
def test_path_outside_the_tree_is_refused(index: int) -> None:
    with pytest.raises(IndexError, match="3 leaves"):
        merkle.path(index, [b"a" * 32, b"b" * 32, b"c" * 32])
    assert merkle.root_from_path(b"a" * 32, index, 3, []) is None
