"""Quarters of the calendar in Paris: the periods that are published. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from privacy.clocks import add_months
from records.statistics.questions import SETTLES_DAYS


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three calendar months from ``first`` on."""

    first: date

    def __post_init__(self) -> None:
        if self.first.day != 1 or self.first.month % 3 != 1:
            raise ValueError(f"{self.first} is no first day of a quarter; write one like 2026-07-01")

    @property
    def next(self) -> date:
        """The day after its last."""
        return add_months(self.first, 3)

    @property
    def settled_on(self) -> date:
        """The day from which it is published: what was seen late in it is signed by then."""
        return self.next + timedelta(days=SETTLES_DAYS)

    @property
    def number(self) -> int:
        """First to fourth of its year."""
        return (self.first.month + 2) // 3

    @property
    def name(self) -> str:
        """Such as 2026-Q3 (ISO 8601 has no form for quarters; statistical offices write them like this)."""
        return f"{self.first.year}-Q{self.number}"

    @classmethod
    def of(cls, day: date) -> Self:
        """The quarter that ``day`` lies in."""
        return cls(date(day.year, 3 * ((day.month - 1) // 3) + 1, 1))

    @classmethod
    def last_settled(cls, today: date) -> Self:
        """The newest that may be published."""
        current = cls.of(today)
        before = cls(add_months(current.first, -3))
        return before if before.settled_on <= today else cls(add_months(current.first, -6))
