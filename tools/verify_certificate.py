#!/usr/bin/env python3
"""Check a PratiConnect certificate of erasure offline, with nothing of PratiConnect but its published keys.

    python3 tools/verify_certificate.py certificate.json --keys keys.json
    python3 tools/verify_certificate.py certificate.pdf --keys keys.json
    python3 tools/verify_certificate.py certificate.json --keys keys.json --status status.json

Needs Python 3.11 and the package "cryptography". Get keys.json from https://<site>/privacy/keys.json once, by a way you
trust. Checked are: the signature over every byte, that the sealed ledger holds the same lines, and, with a newer
statement (``manage.py erase status certificate.json --json``), what was destroyed since. Exit 0 when all of it is so, 1
when it isn't, 2 on wrong use. docs/certificates.md says how.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CERTIFICATE, STATUS = "praticonnect erasure certificate v1", "praticonnect erasure status v1"
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PROOF = {"@context", "type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"}
MARK = re.compile(rb"praticonnect-signature:([\w.-]+):([A-Za-z0-9+/=]{88})")
ATTACHED = re.compile(rb"/Subtype /application#2fjson.*?/Length (\d+)>>\s*\nstream\n", re.DOTALL)
GOES = ("erased", "blanked")

Node = dict[str, Any]
Keys = dict[str, Ed25519PublicKey]


class Refused(Exception):
    """The certificate isn't what it says it is; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, print what is so, return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("certificate", type=Path, help="the certificate, a .json or .pdf file")
    parser.add_argument("--keys", type=Path, required=True, help="the published keys, keys.json")
    parser.add_argument("--status", type=Path, help="a newer statement about the same certificate")
    given = parser.parse_args(arguments)
    try:
        keys = public_keys(parsed(given.keys.read_bytes()))
        raw = given.certificate.read_bytes()
        text = statement_of(raw, keys) if raw.startswith(b"%PDF") else raw
        certificate = signed(text, keys, CERTIFICATE)
        print(f"GENUINE: {summary(certificate, keys)}")
        if given.status:
            print(f"STATUS: {compared(certificate, text, signed(given.status.read_bytes(), keys, STATUS))}")
    except OSError as error:
        print(f"Can't read {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except (Refused, KeyError, TypeError, ValueError, AttributeError, RecursionError) as refusal:
        print(f"REFUSED: {refusal if isinstance(refusal, Refused) else f'it has another shape ({refusal!r})'}")
        return 1
    return 0


def parsed(data: bytes) -> Node:
    """The JSON object in ``data``; one that could be read in two ways is refused."""
    found = json.loads(data.decode(), object_pairs_hook=no_doubles, parse_float=no_fraction, parse_constant=no_fraction)
    if not isinstance(found, dict):
        raise Refused("it holds no JSON object")
    return found


def no_doubles(pairs: list[tuple[str, Any]]) -> Node:
    """An object from its pairs, refused when a name stands twice or isn't plain ASCII."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or not all(name.isascii() for name in names):
        raise Refused("a name stands twice in one object, or isn't plain ASCII")
    return dict(pairs)


def no_fraction(text: str) -> None:
    """Statements hold no fractions: they have more than one spelling."""
    raise Refused(f"the number {text} has no place in it")


def public_keys(published: Node) -> Keys:
    """Key id → Ed25519 public key, from the JSON Web Key Set that the site publishes."""
    return {
        key["kid"]: Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
        for key in published["keys"]
        if (key["kty"], key["crv"]) == ("OKP", "Ed25519")
    }


def statement_of(pdf: bytes, keys: Keys) -> bytes:
    """The statement inside a PDF whose every byte the house signed, its signature's own place filled with zeros."""
    marks = set(MARK.findall(pdf))
    if len(marks) != 1:
        raise Refused("the document carries no signature of its own, or two different ones")
    key_id, value = marks.pop()
    empty = MARK.sub(lambda found: b"praticonnect-signature:" + found[1] + b":" + b"0" * 88, pdf)
    check(key_id.decode(), base64.b64decode(value, validate=True), empty, keys, "document")
    if base64.b64encode(base64.b64decode(value)) != value:
        raise Refused("the document's signature has another spelling")
    attached = ATTACHED.search(pdf)
    if attached is None:
        raise Refused("the document carries no statement")
    return pdf[attached.end() : attached.end() + int(attached[1])]


def signed(text: bytes, keys: Keys, kind: str) -> Node:
    """The statement, if a published key signed it as it stands, byte for byte."""
    statement = parsed(text)
    if canonical(statement) != text:
        raise Refused("it isn't written as it was signed: a byte was added, moved or changed")
    if statement.get("format") != kind:
        raise Refused(f"it is no {kind}")
    document = {name: value for name, value in statement.items() if name != "proof"}
    proof = statement.get("proof")
    if not isinstance(proof, dict) or set(proof) != PROOF:
        raise Refused("it carries no proof, or one of another shape")
    if (proof["type"], proof["cryptosuite"], proof["proofPurpose"]) != (
        "DataIntegrityProof", "eddsa-jcs-2022", "assertionMethod"
    ) or proof["@context"] != document["@context"]:  # fmt: skip
        raise Refused("its proof is of another kind")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    message = hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(document)).digest()
    check(proof["verificationMethod"].rpartition("#")[2], base58(proof["proofValue"]), message, keys, "statement")
    return statement


def check(key_id: str, value: bytes, message: bytes, keys: Keys, what: str) -> None:
    """Refuse what the key with this id didn't sign."""
    if key_id not in keys:
        raise Refused(f"the key {key_id!r} that the {what} names isn't among the published keys")
    try:
        keys[key_id].verify(value, message)
    except InvalidSignature as error:
        raise Refused(f"the signature of the {what} doesn't fit: something in it was changed") from error


def canonical(value: Node) -> bytes:
    """RFC 8785, for ASCII names, text, whole numbers, lists."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


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


def summary(certificate: Node, keys: Keys) -> str:
    """What a genuine certificate says, after the ledger's own entry was held against it."""
    entry = parsed(proven(certificate["ledger"], keys))
    grounds = [{name: value for name, value in part.items() if name != "ground"} for part in certificate["parts"]]
    said = (certificate["erasure"], certificate["plan"]["sha256"], grounds, certificate["files"])
    held = (entry["erasure_id"], entry["plan_sha256"], entry["figures"]["lines"], entry["figures"]["files"])
    if said != held or certificate["disposals"] != entry["figures"]["disposals"] or entry["state"] != "done":
        raise Refused("the ledger says something else than the certificate")
    rows = {word: sum(part["count"] for part in certificate["parts"] if part["outcome"] == word) for word in WORDS}
    last = max((part["until"] for part in certificate["parts"] if part["until"]), default="")
    counts = ", ".join(f"{count} rows {word}" for word, count in rows.items())
    return f"{certificate['kind']} erased on {certificate['decided'][:10]}: {counts}; the last end is {last or 'now'}"


WORDS = ("erased", "blanked", "archived", "kept")


def proven(proof: Node, keys: Keys) -> bytes:
    """The ledger's entry, if it leads to the root of a seal that a published key signed."""
    check(proof["key_id"], base64.b64decode(proof["signature"]), proof["seal"].encode(), keys, "ledger's seal")
    facts = dict(line.split(": ", 1) for line in proof["seal"].splitlines()[1:])
    if int(facts["entries"]) != proof["size"]:
        raise Refused("the seal covers another number of entries")
    leaf = hashlib.sha256(b"\x00" + proof["entry"].encode()).digest()
    path = [base64.b64decode(step) for step in proof["path"]]
    if root_of(leaf, proof["index"], proof["size"], path) != base64.b64decode(facts["root"]):
        raise Refused("its entry doesn't lead to the sealed root of the ledger")
    return str(proof["entry"]).encode()


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root the path leads to (RFC 9162 2.1.3.2); None if it can't be a path in a tree of this size."""
    if not 0 <= index < size:
        return None
    position, last = index, size - 1
    for step in path:
        if last == 0:
            return None
        if position % 2 or position == last:
            leaf = hashlib.sha256(b"\x01" + step + leaf).digest()
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            leaf = hashlib.sha256(b"\x01" + leaf + step).digest()
        position, last = position // 2, last // 2
    return leaf if last == 0 else None


def compared(certificate: Node, text: bytes, status: Node) -> str:
    """What the newer statement says of the parts that were kept, after it was held against the certificate."""
    if (status["certificate"], status["certificate_sha256"]) != (certificate["id"], hashlib.sha256(text).hexdigest()):
        raise Refused("the statement is about another certificate")
    kept = [part for part in certificate["parts"] if part["outcome"] not in GOES]
    names = ("table", "outcome", "fate", "rule", "until", "count")
    if [{n: part[n] for n in names} for part in kept] != [{n: part[n] for n in names} for part in status["parts"]]:
        raise Refused("the statement speaks of other parts than the certificate")
    if any(not 0 <= part["remaining"] <= part["count"] for part in status["parts"]):
        raise Refused("the statement counts more than there was")
    mine = [part for part in status["parts"] if part["fate"] != "shared"]
    if status["fully_erased"] is not (not any(part["remaining"] for part in mine)):
        raise Refused("the statement contradicts itself")
    if status["fully_erased"]:
        return f"fully erased, as of {status['at'][:10]}"
    left, there = sum(part["remaining"] for part in mine), sum(part["count"] for part in mine)
    late = sum(part["remaining"] for part in mine if part["until"] and part["until"] < status["at"][:10])
    late_words = f"; {late} of them past the last day the certificate named: ask why" if late else ""
    return f"{left} of {there} kept rows are left, as of {status['at'][:10]}{late_words}"


if __name__ == "__main__":
    sys.exit(main())
