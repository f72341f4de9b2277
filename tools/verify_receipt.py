#!/usr/bin/env python3
"""Check a PratiConnect consent receipt offline, with nothing of PratiConnect but its published key.

    python3 tools/verify_receipt.py receipt.jsonld --keys keys.json

Needs Python 3.11 and the package "cryptography". Get keys.json from https://<site>/privacy/keys.json
once, by a way you trust. Prints one line; exit 0 when the receipt is genuine, 1 when it isn't, 2 on
wrong use. docs/receipts.md says what is checked and how: the signature over every value of the
receipt, and the address of the wording over the wording itself.
"""

import argparse
import base64
import hashlib
import json
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
TEXTS = {"type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}

Node = dict[str, Any]
Keys = dict[str, Ed25519PublicKey]


class Refused(Exception):
    """The receipt isn't what it says it is; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, print one line, return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("receipt", type=Path, help="the receipt, a .jsonld file")
    parser.add_argument("--keys", type=Path, required=True, help="the published keys, keys.json")
    given = parser.parse_args(arguments)
    try:
        print(f"GENUINE: {verify(read(given.receipt), public_keys(read(given.keys)))}")
    except OSError as error:
        print(f"Can't read {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except Refused as refusal:
        print(f"REFUSED: {refusal}")
        return 1
    return 0


def read(path: Path) -> Node:
    """The JSON object in a file; one that could be read in two ways is refused."""
    try:
        found = json.loads(
            path.read_bytes().decode("utf-8"),
            object_pairs_hook=no_doubles,
            parse_float=no_fraction,
            parse_constant=no_fraction,
        )
    except (ValueError, RecursionError) as error:
        raise Refused(f"{path.name} is no readable JSON ({error})") from error
    if not isinstance(found, dict):
        raise Refused(f"{path.name} holds no JSON object")
    return found


def no_doubles(pairs: list[tuple[str, Any]]) -> Node:
    """An object from its pairs, refused when a name stands twice or isn't plain ASCII."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or not all(name.isascii() for name in names):
        raise Refused("a name stands twice in one object, or isn't plain ASCII")
    return dict(pairs)


def no_fraction(text: str) -> None:
    """Receipts hold no fractions: they have more than one spelling."""
    raise Refused(f"the number {text} has no place in a receipt")


def public_keys(published: Node) -> Keys:
    """Key id → Ed25519 public key, from the JSON Web Key Set that the site publishes."""
    try:
        return {
            key["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
            for key in published["keys"]
            if (key["kty"], key["crv"]) == ("OKP", "Ed25519")
        }
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"the key file isn't the site's keys.json ({error!r})") from error


def verify(receipt: Node, keys: Keys) -> str:
    """One line on what a genuine receipt says. Raises Refused with the reason otherwise."""
    document = {name: value for name, value in receipt.items() if name != "proof"}
    proof = checked(receipt.get("proof"), document)
    key_id = proof["verificationMethod"].rpartition("#")[2]
    if key_id not in keys:
        raise Refused(f"the key {key_id!r} that it names isn't among the published keys")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    try:
        keys[key_id].verify(base58(proof["proofValue"]), hashed(options) + hashed(document))
    except InvalidSignature as error:
        raise Refused("the signature doesn't fit: something in it was changed") from error
    return summary(document, key_id)


def checked(proof: Any, document: Node) -> Node:
    """The proof, if it has exactly the shape of eddsa-jcs-2022 and the document's own context."""
    if not isinstance(proof, dict) or set(proof) != TEXTS | {"@context"}:
        raise Refused("it carries no proof, or one of another shape")
    if not all(isinstance(proof[name], str) for name in TEXTS):
        raise Refused("its proof holds something other than text")
    if (proof["type"], proof["cryptosuite"]) != ("DataIntegrityProof", "eddsa-jcs-2022"):
        raise Refused("its proof is of another kind than eddsa-jcs-2022")
    if proof["proofPurpose"] != "assertionMethod" or proof["@context"] != document.get("@context"):
        raise Refused("its proof was made for another purpose or another vocabulary")
    return proof


def hashed(value: Node) -> bytes:
    """SHA-256 of the canonical form: RFC 8785, for ASCII names, text, whole numbers, lists."""
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return hashlib.sha256(plain.encode()).digest()
    except UnicodeEncodeError as error:
        raise Refused("it holds half a character") from error


def base58(text: str) -> bytes:
    """The 64 bytes of a base58btc multibase text; only its one spelling is accepted."""
    number = 0
    for sign in text[1:]:
        number = number * 58 + ALPHABET.find(sign)
    if number.bit_length() > 512 or number < 0 or spelled(number.to_bytes(64, "big")) != text:
        raise Refused("its signature isn't 64 bytes written in base58")
    return number.to_bytes(64, "big")


def spelled(data: bytes) -> str:
    """``data`` as base58btc multibase text."""
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        digits = ALPHABET[rest] + digits
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def summary(document: Node, key_id: str) -> str:
    """What the receipt says, after its wording was checked against its address."""
    try:
        record = document["dpv:hasRecordOfActivity"]
        notice = record["dpv:hasNotice"]
        if address(notice["schema:text"]) != notice["pc:sha256"]:
            raise Refused("the wording in it isn't the one its address stands for")
        switch = ".".join(part for part in (record["pc:key"], record["pc:child"]) if part)
        return (
            f"{record['pc:kind']} {switch} {record['pc:action']} at {document['dct:created']}"
            f" by {record['dpv:hasDataSubject']['id']}, text {notice['pc:sha256'][:12]}"
            f" ({notice['dct:language']}, version {notice['pc:version']}); signed with {key_id}"
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused(f"it is signed, but it is no consent receipt ({error!r})") from error


def address(text: str) -> str:
    """SHA-256 of the wording in its canonical form, as hexadecimal digits."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    plain = "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"
    return hashlib.sha256(plain.encode()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
