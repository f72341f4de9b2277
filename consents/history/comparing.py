"""Two versions of something, held against each other: of a text, or of the register of subprocessors."""

from collections.abc import Sequence
from typing import Any, Protocol

from consents import rendering
from consents.history.forms import CompareForm


class Version(Protocol):
    """What can be compared."""

    @property
    def number(self) -> int:
        """Its number, counted from 1."""

    @property
    def content(self) -> str:
        """Its words, with a heading (``##``) where a part begins."""


def last_two(versions: Sequence[Version]) -> dict[str, Any]:
    """What a form asks for at first: the newest against the one before. ``versions`` come newest first."""
    numbers = [one.number for one in versions]
    return {"first": numbers[1] if len(numbers) > 1 else None, "second": numbers[0] if numbers else None}


def compared(form: CompareForm, versions: Sequence[Version]) -> dict[str, Any]:
    """The two versions and their changed lines; nothing where there is one version, or two that can't be compared."""
    if form.is_bound:
        pair = form.pair if form.is_valid() else None
    else:
        pair = (versions[1].number, versions[0].number) if len(versions) > 1 else None
    if pair is None:
        return {}
    old, new = (next(one for one in versions if one.number == number) for number in pair)
    return {"old": old, "new": new, "sections": rendering.by_section(old.content, new.content)}
