"""Which practice an account works in."""

from typing import Any


def practice_of(user: Any) -> Any:
    """The practice of ``user``, or None (the records founder builds this)."""
    return None


def practices_of(user: Any) -> list[Any]:
    """All practices of ``user`` now."""
    return []
