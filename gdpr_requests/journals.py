"""The access journal a page at a time, at any size: by its last line instead of by counting (PC-70).

A page costs what the first costs, and lines written meanwhile move none. Whose lines they are comes in as one query for
each way in, since PostgreSQL reads each from its own index, newest first, and stops when the page is full.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from audit.models import AccessEntry

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
CHUNK: Final = 2_000
"""Lines of a list taken away that are held in memory at once."""
DIGITS: Final = 18
"""The longest number of a place: neither a moment nor an entry has more."""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of the journal, newest first; ``more`` is the place to go on from, empty at the end."""

    entries: list[AccessEntry]
    more: str


def page(ways: Sequence[QuerySet[AccessEntry]], *, before: str, size: int) -> Page:
    """At most ``size`` lines older than the place ``before``; an unknown place is the beginning."""
    found = {entry.pk: entry for way in ways for entry in _older(way, before)[: size + 1]}
    entries = sorted(found.values(), key=lambda entry: (entry.at, entry.pk), reverse=True)
    return Page(entries[:size], _place(entries[size - 1]) if len(entries) > size else "")


def chunks(ways: Sequence[QuerySet[AccessEntry]]) -> Iterator[list[AccessEntry]]:
    """All lines in memory-sized pieces; each is a statement of its own, so that nothing stays open."""
    before = ""
    while True:
        found = page(ways, before=before, size=CHUNK)
        yield found.entries
        if not found.more:
            return
        before = found.more


def _older(way: QuerySet[AccessEntry], before: str) -> QuerySet[AccessEntry]:
    newest_first = way.defer("leaf").order_by("-at", "-pk")
    place = _read(before)
    if place is None:
        return newest_first
    at, number = place
    return newest_first.filter(at__lte=at).filter(Q(at__lt=at) | Q(pk__lt=number))


def _place(entry: AccessEntry) -> str:
    return f"{(entry.at - EPOCH) // MICROSECOND}-{entry.pk}"


def _read(before: str) -> tuple[datetime, int] | None:
    at, _dash, number = before.partition("-")
    if not (at.isdecimal() and number.isdecimal() and len(at) <= DIGITS and len(number) <= DIGITS):
        return None
    try:
        return EPOCH + int(at) * MICROSECOND, int(number)
    except OverflowError:
        return None
