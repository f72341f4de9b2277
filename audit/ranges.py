"""Sets of entry numbers as sorted half-open ranges, the way PostgreSQL's int8multirange holds them. Pure."""

from bisect import bisect_right
from collections.abc import Iterable
from sys import maxsize

Ranges = tuple[tuple[int, int], ...]


def runs(numbers: Iterable[int]) -> Ranges:
    """The ranges that hold exactly these ascending numbers."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return tuple(found)


def union(*sets: Ranges) -> Ranges:
    """All numbers of all sets."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(part for ranges in sets for part in ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def gaps(low: int, high: int, known: Ranges) -> Ranges:
    """The numbers from ``low`` up to and without ``high`` that ``known`` lacks."""
    missing = []
    for start, end in known[max(0, bisect_right(known, (low, maxsize)) - 1) :]:
        if low >= high:
            break
        if start > low:
            missing.append((low, min(start, high)))
        low = max(low, end)
    if low < high:
        missing.append((low, high))
    return tuple(missing)


def overlap(one: Ranges, other: Ranges) -> bool:
    """Whether the sets share a number."""
    return size(union(one, other)) < size(one) + size(other)


def holds(ranges: Ranges, number: int) -> bool:
    """Whether the number is in the set."""
    place = bisect_right(ranges, (number, maxsize)) - 1
    return place >= 0 and number < ranges[place][1]


def size(ranges: Ranges) -> int:
    """How many numbers there are."""
    return sum(high - low for low, high in ranges)


def text(ranges: Ranges) -> str:
    """The multirange as PostgreSQL writes it: ``{[1,4),[6,7)}``."""
    return "{" + ",".join(f"[{low},{high})" for low, high in ranges) + "}"
