"""What a proposed schedule would change, before and after, without changing anything (NEW-05)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import connection

from care.tenancy import ALL, scope
from lifecycle.schedule.formula import NEW_ENDS, parameters
from lifecycle.schedule.queries import Version, numbered
from privacy.forecast import simulate
from privacy.schedule import Rules, supposing

EVER: Final = date(9000, 1, 1)
MOVED: Final = f"""
SELECT count(*) FILTER (WHERE new_until > retain_until), count(*) FILTER (WHERE new_until < retain_until), count(*)
FROM ({NEW_ENDS.format(where="TRUE")}) AS ends
"""  # noqa: S608 - both are texts of this program


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """So many rows of one kind leave in one month under one rule: ``before`` and ``after`` the change."""

    month: date
    rule: str
    kind: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Report:
    """Files whose end moves, and what leaves when, where the two schedules differ."""

    later: int
    earlier: int
    files: int
    lines: tuple[Line, ...]

    @property
    def same(self) -> int:
        """Files whose end stays."""
        return self.files - self.later - self.earlier

    def by_rule(self) -> list[tuple[str, str, int, int]]:
        """Per rule and kind: how many rows leave in another month before and after."""
        totals: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for line in self.lines:
            totals[line.rule, line.kind][0] += line.before
            totals[line.rule, line.kind][1] += line.after
        return [(rule, kind, before, after) for (rule, kind), (before, after) in sorted(totals.items())]


def report(version: Version, now: datetime) -> Report:
    """The stored ends under the version in force against those under ``version``; counted in PostgreSQL.

    Of a shorter schedule the ends are the earliest possible ones: no file is opened for a question.
    """
    before, after = numbered(version.proposed.replaces), version.schedule
    later, earlier, files = moved(before.rules, after.rules)
    with supposing(before):
        was = _counts(now)
    with supposing(after):
        becomes = _counts(now)
    keys = sorted(was.keys() | becomes.keys())
    lines = (Line(*key, was.get(key, 0), becomes.get(key, 0)) for key in keys)
    return Report(later, earlier, files, tuple(line for line in lines if line.before != line.after))


def moved(before: Rules, after: Rules) -> tuple[int, int, int]:
    """How many files end later, how many earlier, and how many there are."""
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(MOVED, parameters(before, after))
        later, earlier, files = cursor.fetchone()
    return later, earlier, files


def _counts(now: datetime) -> dict[tuple[date, str, str], int]:
    """Rows that leave ever, held ones too: a hold says nothing about the schedule."""
    found: defaultdict[tuple[date, str, str], int] = defaultdict(int)
    future = simulate(EVER, now)
    for line in (*future.leaves, *future.held):
        found[line.month, line.rule, line.kind] += line.count
    return found
