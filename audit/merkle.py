"""Merkle trees as RFC 6962 (2.1) defines them, over SHA-256. Pure."""

from collections.abc import Sequence
from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry: SHA-256 of 0x00 and the entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; the hash of nothing for an empty tree."""
    if not leaves:
        return sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """The audit path of the leaf at ``index``, lowest first. Raises IndexError outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"the tree has {len(leaves)} leaves, there is none at {index}")
    steps, level = [], list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            steps.append(level[index ^ 1])
        level, index = _parents(level), index // 2
    return steps


def root_from_path(leaf: bytes, index: int, size: int, steps: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to, or None if it can't be a path of this tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return None
    position, last, found = index, size - 1, leaf
    for step in steps:
        if last == 0:
            return None
        if position % 2 or position == last:
            found = node_hash(step, found)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            found = node_hash(found, step)
        position, last = position // 2, last // 2
    return found if last == 0 else None


def _parents(level: list[bytes]) -> list[bytes]:
    """The level above; a last node without a sibling moves up as it is."""
    parents = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return parents + level[-1:] if len(level) % 2 else parents
