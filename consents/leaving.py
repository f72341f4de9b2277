"""What left the house, held against the ledger: each line of the egress journal had a ground that was live then (MD-46)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from adapters.grounds import NECESSITIES
from adapters.models import Egress
from consents import queries
from consents.rules import UnknownKey
from privacy.promises import Measure, promise

AT_ONCE: Final = 2_000


@promise("MD-46", checked_by="tests/consents/test_leaving.py")
def nothing_left_without_a_live_ground(now: datetime) -> Measure:
    """Every line: on a person's choice that stood in that moment, or on a legal basis that covers whom and what it names."""
    number = on_choices = dead = beyond = 0
    for line in _lines():
        number += 1
        if line.ground in NECESSITIES:
            beyond += not is_covered(line)
        else:
            on_choices += 1
            dead += not was_live(line)
    figures = {
        "lines": number,
        "on_a_choice": on_choices,
        "without_a_live_choice": dead,
        "beyond_their_legal_basis": beyond,
    }
    return Measure(not dead and not beyond, figures)


def is_covered(line: Egress) -> bool:
    """Whether the legal basis that a line names reaches this service with these kinds of data."""
    basis = NECESSITIES[line.ground]
    kinds = {name for name in line.categories.split(",") if name}  # none: a service's own token, or a number of its own
    return line.subprocessor in basis.subprocessors and kinds <= set(basis.categories)


def was_live(line: Egress) -> bool:
    """Whether the ledger said yes to every slot that a line names, in the moment it left: the patient's of their file first."""
    wish, plus, slot = line.ground.rpartition("+")
    asked = [(line.subject_id, slot), *([(line.file_id, wish)] if plus else [])]
    try:
        return all(
            subject is not None and queries.is_live(subject, key, child or None, now=line.at)
            for subject, name in asked
            for key, _dot, child in [name.partition(".")]
        )
    except UnknownKey:
        return False


def _lines() -> Iterator[Egress]:
    """All of them, some thousands at a time."""
    before: int | None = None
    rows = Egress.objects.defer("leaf").order_by("-pk")
    while piece := list((rows.filter(pk__lt=before) if before else rows)[:AT_ONCE]):
        yield from piece
        before = piece[-1].pk
