"""What is published, for anybody; and the ledger of what it may tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Max, QuerySet, Sum

from privacy.clocks import start_of
from records.models import StatisticsRelease
from records.statistics.periods import Quarter
from records.statistics.questions import QUESTIONS, Question


@dataclass(frozen=True, slots=True)
class Row:
    """A group of a published table; ``figures`` is None where the group is too small."""

    code: str
    words: str
    figures: list[int] | None


@dataclass(frozen=True, slots=True)
class Table:
    """A published answer in words: its columns with how far off they may be, and its groups."""

    release: StatisticsRelease
    words: str
    columns: list[tuple[str, int]]
    rows: list[Row]

    @property
    def shown(self) -> list[Row]:
        """The groups that are large enough."""
        return [row for row in self.rows if row.figures is not None]

    @property
    def hidden(self) -> int:
        """How many aren't."""
        return len(self.rows) - len(self.shown)


def released() -> QuerySet[StatisticsRelease]:
    """Every answer ever published, newest first."""
    return StatisticsRelease.objects.order_by("-period", "question")


def quarters() -> list[Quarter]:
    """The quarters with a publication, newest first."""
    return [Quarter(day) for day in released().values_list("period", flat=True).distinct().order_by("-period")]


def answer(question: Question, quarter: Quarter) -> StatisticsRelease | None:
    """The stored answer: the same question gets the same figures, however often it is put."""
    return StatisticsRelease.objects.filter(question=question.name, period=quarter.first).first()


def spent(year: int) -> dict[str, float]:
    """Epsilon and delta of all publications of a calendar year (Paris): losses add up whoever was in which."""
    begins, ends = start_of(date(year, 1, 1)), start_of(date(year + 1, 1, 1))
    found = StatisticsRelease.objects.filter(published_at__gte=begins, published_at__lt=ends)
    sums = found.aggregate(epsilon=Sum("epsilon"), delta=Sum("delta"))
    return {name: value or 0.0 for name, value in sums.items()}


def version_of(cohort: str) -> int:
    """The version of a cohort: that of the newest publication if its practices and people are the same, else the next."""
    newest = StatisticsRelease.objects.order_by("-published_at", "-cohort_number").first()
    if newest is not None and newest.cohort == cohort:
        return newest.cohort_number
    return int(StatisticsRelease.objects.aggregate(most=Max("cohort_number"))["most"] or 0) + 1


def tables(quarter: Quarter) -> list[Table]:
    """The published tables of a quarter, in the language of the page."""
    stored = {one.question: one for one in released().filter(period=quarter.first)}
    return [_in_words(question, stored[question.name]) for question in QUESTIONS if question.name in stored]


def lines(releases: Iterable[StatisticsRelease]) -> list[dict[str, Any]]:
    """The published figures one by one, for the open file: a figure that isn't shown is empty."""
    known = {question.name: question for question in QUESTIONS}
    return [
        {
            "quarter": Quarter(one.period).name, "table": one.question, "group": group, "figure": name,
            "value": "" if figures is None else figures[name], "within": column["within"], "epsilon": round(one.epsilon, 6),
            "delta": one.delta, "published_on": one.published_at.date().isoformat(),
        }
        for one in releases
        if one.question in known
        for group, figures in _in_order(known[one.question], one)
        for name, column in one.bounds["columns"].items()
    ]  # fmt: skip


def _in_words(question: Question, release: StatisticsRelease) -> Table:
    columns = [(str(one.words), release.bounds["columns"][one.name]["within"]) for one in question.columns]
    rows = [
        Row(code, str(question.groups.get(code, code)), _figures(question, cells))
        for code, cells in _in_order(question, release)
    ]
    return Table(release, str(question.words), columns, rows)


def _in_order(question: Question, release: StatisticsRelease) -> list[tuple[str, dict[str, int] | None]]:
    """The groups in the order of the question; PostgreSQL keeps none."""
    return [(group, release.cells[group]) for group in question.groups if group in release.cells]


def _figures(question: Question, cells: dict[str, int] | None) -> list[int] | None:
    return None if cells is None else [cells[column.name] for column in question.columns]
