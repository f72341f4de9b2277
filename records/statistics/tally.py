"""Counting within bounds: however busy a practice and however often a patient came, each adds only so much. Pure.

Both bounds depend on nothing but the practice's own rows, so that one practice more or less changes the sums by at most
``per_practice``, and one patient's file by at most twice ``per_patient`` (it leaves, and others take its place under the bound).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from records.statistics.questions import CONSULTATIONS, Column, Question

Files = Mapping[UUID, Mapping[str, int]]
"""Of one practice: each patient's file with its consultations by group."""


@dataclass(slots=True)
class Tally:
    """The exact figures of one question. They never leave this process: only :mod:`records.statistics.noise` reads them."""

    question: Question
    practices: Counter[str] = field(default_factory=Counter)
    patients: Counter[str] = field(default_factory=Counter)
    sums: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, files: Files) -> None:
        """Count one practice; call once for each."""
        for column in self.question.columns:
            counted = shares(files, column)
            self.sums.setdefault(column.name, Counter()).update(_together(counted.values()))
            if column.name == CONSULTATIONS:
                self.patients.update(group for share in counted.values() for group in share)
                self.practices.update({group for share in counted.values() for group in share})


def tally(question: Question, practices: Iterable[Files]) -> Tally:
    """The exact figures of ``practices``, each practice counted once."""
    found = Tally(question)
    for files in practices:
        found.add(files)
    return found


def shares(files: Files, column: Column) -> dict[UUID, dict[str, int]]:
    """What each file of one practice adds to a column: in an order of no meaning, until the practice's bound is reached."""
    found: dict[UUID, dict[str, int]] = {}
    left = column.per_practice
    for file_id in sorted(files, key=shuffled):
        counts = files[file_id] if column.name == CONSULTATIONS else dict.fromkeys(files[file_id], 1)
        if share := _first(counts, min(column.per_patient, left)):
            found[file_id] = share
            left -= sum(share.values())
    return found


def shuffled(file_id: UUID) -> bytes:
    """An order that has nothing to do with when a file was made: ids grow with the clock."""
    return sha256(b"records.statistics" + file_id.bytes).digest()


def _together(shares: Iterable[Mapping[str, int]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for share in shares:
        found.update(share)
    return found


def _first(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """As much of ``counts`` as ``most`` allows, group by group in their order."""
    found: dict[str, int] = {}
    for group, count in sorted(counts.items()):
        if taken := min(count, most - sum(found.values())):
            found[group] = taken
    return found
