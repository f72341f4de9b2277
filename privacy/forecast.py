"""What will leave, by rule and month, asked without changing anything (NEW-04).

Each app's ``forecasts.py`` registers, with :func:`forecast`, how its tables tell what leaves until a
day; counts are made in PostgreSQL, so memory doesn't grow with the rows. The question is put in a
transaction that PostgreSQL itself holds read-only, and that is rolled back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.module_loading import autodiscover_modules

from privacy.clocks import legal_day


@dataclass(frozen=True, slots=True, order=True)
class Leaving:
    """So many rows of one kind leave in one month under one rule, or would but for a hold.

    ``rule`` joins several ids with commas where they end on the same day. ``month`` is the first
    day of the month they leave in; what is overdue leaves in the month of the question.
    """

    month: date
    rule: str
    kind: str
    count: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """What leaves from ``today`` until ``until`` (both included), and what holds keep from leaving."""

    today: date
    until: date
    leaves: tuple[Leaving, ...]
    held: tuple[Leaving, ...]

    @property
    def total(self) -> int:
        """How many rows leave."""
        return sum(line.count for line in self.leaves)

    @property
    def total_held(self) -> int:
        """How many would leave but for a hold."""
        return sum(line.count for line in self.held)

    def by_rule(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Per rule and kind of row: how many leave, how many are held."""
        totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for line in (*self.leaves, *self.held):
            totals[line.rule, line.kind][line.held] += line.count
        return {key: (leaves, held) for key, (leaves, held) in sorted(totals.items())}

    def totals_of(self, kind: str) -> tuple[int, int]:
        """Of one kind of row, under all rules together: how many leave, how many are held."""
        found = [numbers for (_rule, label), numbers in self.by_rule().items() if label == kind]
        return sum(leaves for leaves, _ in found), sum(held for _, held in found)


Source = Callable[[date, date], Iterable[Leaving]]
SOURCES: list[Source] = []


def forecast(source: Source) -> Source:
    """Register the decorated function: given today and a day, what leaves until that day."""
    SOURCES.append(source)
    return source


class InThePast(ValueError):
    """The future was asked for a day that is past."""


def simulate(until: date, now: datetime) -> Forecast:
    """What leaves from ``now`` until ``until``. Changes nothing; raises InThePast for a day before today."""
    today = legal_day(now)
    if until < today:
        raise InThePast(f"{until} is past: ask for {today} or a later day")
    autodiscover_modules("forecasts")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        lines = sorted(line for source in SOURCES for line in source(today, until))
        transaction.set_rollback(True)
    leaves = tuple(line for line in lines if not line.held)
    return Forecast(today, until, leaves, tuple(line for line in lines if line.held))
