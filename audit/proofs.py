"""A proof for one entry that a third party checks offline with ``tools/verify_proof.py`` and the published key."""

import base64

from django.db import transaction

from audit import merkle
from audit.evidence import of_table
from audit.models import ExpiredRows, Seal, SealLeaves
from audit.ranges import Ranges, holds
from audit.rows import row_of
from audit.sealing import every_row, statement

Proof = dict[str, str | int | list[str]]


class NoProof(LookupError):
    """The entry can't be proven: it isn't there, or isn't sealed yet."""


def prove(table: str, number: int) -> Proof:
    """The entry's text, its path to the sealed root, and the signed seal. Raises NoProof, LookupError."""
    of_table(table)
    with transaction.atomic(), every_row():
        row = row_of(table, number)
        seal = _seal_of(table, number)
        leaves = SealLeaves.objects.filter(number=seal.number).first() if seal else None
    if row is None and (left := _left(table, number)):
        raise NoProof(f"entry {number} of {table} left on {left.at:%Y-%m-%d}, at the end of its term ({left.rule})")
    if row is None or seal is None or leaves is None:
        raise NoProof(f"entry {number} of {table} isn't there or isn't sealed yet: try again in a few seconds")
    index = _position(seal.covered, number)
    return {
        "format": "praticonnect inclusion proof v1",
        "entry": row.text.decode(),
        "index": index,
        "size": seal.rows,
        "path": [_text(step) for step in merkle.path(index, leaves.hashes())],
        "seal": statement(seal).decode(),
        "key_id": seal.key_id,
        "signature": _text(bytes(seal.signature)),
    }


def _seal_of(table: str, number: int) -> Seal | None:
    candidates = Seal.objects.filter(table_name=table, top__gt=number).order_by("number")
    return next((seal for seal in candidates.iterator() if _position(seal.covered, number) >= 0), None)


def _left(table: str, number: int) -> ExpiredRows | None:
    return next((row for row in ExpiredRows.objects.filter(table_name=table) if holds(row.numbers, number)), None)


def _position(covered: Ranges, number: int) -> int:
    """The place of ``number`` among the covered numbers; -1 if it isn't one."""
    before = 0
    for low, high in covered:
        if low <= number < high:
            return before + number - low
        before += high - low
    return -1


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
