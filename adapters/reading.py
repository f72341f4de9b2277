"""Reads a provider's answer strictly: a field that is missing, of another kind, or a word nobody documented is a clear fault.

Nothing is guessed. The fault names the field, never its value, which may be somebody's; nor does an error behind it, in a traceback.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from adapters.calls import Answer
from adapters.faults import Broken, Fault

HUNDRED: Final = 100
Word = TypeVar("Word", bound=StrEnum)


class Misunderstood(Fault):
    """The provider answered something that its documents don't have: somebody has to look, trying again changes nothing."""

    outcome = "misunderstood"
    again = False

    def __init__(self, subprocessor: str, field: str, why: str) -> None:
        super().__init__(subprocessor, f"its {field} {why}")
        self.field = field


class Said:
    """One JSON object of a provider. Names of fields are compared without case where ``folded``."""

    def __init__(self, subprocessor: str, value: object, place: str = "answer", *, folded: bool = False) -> None:
        if not isinstance(value, Mapping):
            raise Misunderstood(subprocessor, place, "isn't an object")
        self._key, self._folded, self._place = subprocessor, folded, place
        self._value = {name.lower(): one for name, one in value.items()} if folded else dict(value)

    def get(self, name: str) -> Any:
        """The field as it came; None when it is missing or null."""
        return self._value.get(name.lower() if self._folded else name)

    def text(self, name: str, *, longest: int = 200) -> str:
        """A text that isn't empty."""
        value = self.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
            raise self.wrong(name, "isn't a short text")
        return value

    def number(self, name: str) -> int:
        """A whole number."""
        value = self.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(name, "isn't a whole number")
        return value

    def cents(self, name: str) -> int:
        """A decimal amount of euros, in cents. Raises for anything finer than a cent."""
        value = self.get(name)
        if not isinstance(value, int | Decimal) or isinstance(value, bool) or value < 0:
            raise self.wrong(name, "isn't an amount")
        cents = Decimal(value) * HUNDRED
        if not cents.is_finite() or cents != cents.to_integral_value():
            raise self.wrong(name, "is finer than a cent")
        return int(cents)

    def word(self, name: str, kind: type[Word]) -> Word:
        """One of the words that are documented."""
        try:
            return kind(self.text(name))
        except ValueError:
            raise self.wrong(name, "isn't one that is documented") from None

    def uuid(self, name: str) -> UUID:
        """A random identifier."""
        try:
            return UUID(self.text(name))
        except ValueError:
            raise self.wrong(name, "isn't an identifier") from None

    def moment(self, name: str) -> datetime | None:
        """A moment with its zone (UTC if it says none); None when it isn't there."""
        if self.get(name) is None:
            return None
        try:
            said = datetime.fromisoformat(self.text(name))
        except ValueError:
            raise self.wrong(name, "isn't a moment") from None
        return said if said.tzinfo else said.replace(tzinfo=UTC)

    def inner(self, name: str) -> "Said":
        """An object within."""
        return Said(self._key, self.get(name), name, folded=self._folded)

    def list(self, name: str) -> list["Said"]:
        """A list of objects; empty when it is missing."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(name, "isn't a list")
        return [Said(self._key, one, name, folded=self._folded) for one in value]

    def wrong(self, name: str, why: str) -> Misunderstood:
        """The fault of one field."""
        return Misunderstood(self._key, name, why)


def parsed(text: str | bytes) -> Any:
    """JSON whose amounts stay exact. Raises ValueError."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def read(answer: Answer, *, folded: bool = False) -> Said:
    """The object that an answer is. Raises Broken for broken JSON, :class:`Misunderstood` for anything but an object."""
    try:
        value = parsed(answer.body)
    except ValueError as broken:
        raise Broken(answer.subprocessor, "its JSON is broken", sent=True, status=answer.status) from broken
    return Said(answer.subprocessor, value, folded=folded)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")
