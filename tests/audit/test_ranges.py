"""Sets of numbers as ranges behave like sets."""

from hypothesis import given
from hypothesis import strategies as st

from audit import ranges
from audit.ranges import Ranges

NUMBERS = st.sets(st.integers(0, 30))


def members(found: Ranges) -> set[int]:
    return {number for low, high in found for number in range(low, high)}


def as_ranges(numbers: set[int]) -> Ranges:
    return ranges.runs(sorted(numbers))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_union_size_and_overlap_are_those_of_sets(one: set[int], two: set[int], three: set[int]) -> None:
    joined = ranges.union(as_ranges(one), as_ranges(two), as_ranges(three))
    assert (members(joined), ranges.size(joined)) == (one | two | three, len(one | two | three))
    assert joined == as_ranges(one | two | three)
    assert ranges.overlap(as_ranges(one), as_ranges(two)) == bool(one & two)


@given(NUMBERS, st.integers(0, 30), st.integers(0, 30))
def test_gaps_are_what_is_missing(known: set[int], low: int, high: int) -> None:
    assert members(ranges.gaps(low, high, as_ranges(known))) == set(range(low, high)) - known


def test_text_is_postgresqls() -> None:
    assert [ranges.text(found) for found in ((), ((1, 4), (6, 7)))] == ["{}", "{[1,4),[6,7)}"]
