"""State that only goes forwards, so that events may come twice, late, or in any order.

Give the states of a thing as a ladder, each later one beside or after the earlier; whichever is furthest up wins. Written with
one statement, it holds between two workers too:

    Payment.objects.filter(pk=…, state__in=earlier(LADDER, "paid")).update(state="paid")
"""

from collections.abc import Sequence


def earlier(ladder: Sequence[str], said: str) -> tuple[str, ...]:
    """The states that ``said`` takes the place of. Raises LookupError for a state that isn't on the ladder."""
    return tuple(ladder[: _rung(ladder, said)])


def furthest(ladder: Sequence[str], *said: str) -> str:
    """The state to be in after all of these, whatever their order. Raises LookupError as :func:`earlier`."""
    return ladder[max(_rung(ladder, one) for one in said)]


def _rung(ladder: Sequence[str], said: str) -> int:
    if said not in ladder:
        raise LookupError(f"{said!r} isn't on the ladder {', '.join(ladder)}")
    return list(ladder).index(said)
