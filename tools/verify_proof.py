#!/usr/bin/env python3
"""Checks that an entry stands in the sealed ledger, offline. Needs Python and ``pip install cryptography``.

    python verify_proof.py PROOF.json KEYS.json

PROOF.json is what ``manage.py ledger prove`` printed, KEYS.json what /privacy/keys.json published.
Exit 0 and the entry when it is proven, 1 when it isn't, 2 when a file can't be read. It shares no
code with PratiConnect: RFC 6962 hashing, RFC 9162 2.1.3.2 for the path, Ed25519 for the seal.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def main(arguments: list[str]) -> int:
    """Check and say so."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        proof, keys = (json.loads(Path(name).read_text()) for name in arguments)
        refusal = why_not(proof, keys)
    except (OSError, ValueError, KeyError, TypeError) as unreadable:
        print(f"can't be read: {unreadable!r}", file=sys.stderr)
        return 2
    if refusal:
        print(f"NOT proven: {refusal}")
        return 1
    print(f"proven: the entry stands in the ledger\n{proof['entry']}\n\nsealed in\n{proof['seal']}")
    return 0


def why_not(proof: dict[str, Any], keys: dict[str, Any]) -> str:
    """What is wrong with the proof; empty if nothing."""
    seal = proof["seal"]
    facts = dict(line.split(": ", 1) for line in seal.splitlines()[1:])
    if not signed(seal.encode(), proof, keys):
        return "no published key signed this seal"
    if int(facts["entries"]) != proof["size"]:
        return "the seal covers another number of entries"
    leaf = sha256(b"\x00" + proof["entry"].encode()).digest()
    path = [base64.b64decode(step) for step in proof["path"]]
    if root_of(leaf, proof["index"], proof["size"], path) != base64.b64decode(facts["root"]):
        return "the entry doesn't lead to the sealed root: it isn't what was sealed"
    return ""


def signed(message: bytes, proof: dict[str, Any], keys: dict[str, Any]) -> bool:
    """Whether the published key with the proof's key id made the signature."""
    for key in keys["keys"]:
        if key["kid"] == proof["key_id"]:
            public = base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4))
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(base64.b64decode(proof["signature"]), message)
            except InvalidSignature:
                return False
            return True
    return False


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root the path leads to; None if it can't be a path in a tree of this size."""
    if not 0 <= index < size:
        return None
    position, last = index, size - 1
    for step in path:
        if last == 0:
            return None
        if position % 2 or position == last:
            leaf = sha256(b"\x01" + step + leaf).digest()
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            leaf = sha256(b"\x01" + leaf + step).digest()
        position, last = position // 2, last // 2
    return leaf if last == 0 else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
