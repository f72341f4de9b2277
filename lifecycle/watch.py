"""What operations has to know of the sweeps: last run and lag of each rule, what is overdue, failures, stops.

Everything is computed from the runs that were written down and from counting again: if nothing runs, that shows too.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from audit.actors import Actor
from lifecycle import runs
from lifecycle.models import RunState, SweepRun
from lifecycle.sweeping import Outcome, due_now
from privacy.clocks import legal_day

OVERDUE_AFTER: Final = timedelta(days=1)
"""Sweeps run hourly, so what was due yesterday and is still there needs somebody."""


class Trouble(StrEnum):
    """Why a rule needs somebody."""

    NEVER = "never"
    LATE = "late"
    FAILED = "failed"
    STOPPED = "stopped"
    BROKEN = "broken"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: its last run, how long ago it ended, what is due now and since which day."""

    rule: str
    last: SweepRun | None
    lag: timedelta | None
    now: Outcome | None
    overdue_since: date | None
    troubles: tuple[Trouble, ...]


def lines(*, by: Actor, now: datetime) -> list[Line]:
    """Every rule there is work for, counted now, in the order of the sweep; those in trouble first.

    Also what failed lately under a name of its own: a forecast, or work that broke before it said its rules.
    """
    last = runs.latest()
    stopped = {row.rule for row in runs.waiting()}
    counts = due_now(by=by, now=now)
    found = [_line(rule, last.get(rule), counted, stopped, now) for rule, counted in counts.items()]
    gone = [_line(rule, row, Outcome(), stopped, now) for rule, row in last.items() if rule not in counts]
    failed = [line for line in gone if line.troubles == (Trouble.FAILED,)]
    return sorted([*failed, *found], key=lambda line: not line.troubles)


def _line(rule: str, last: SweepRun | None, counted: Outcome | None, stopped: set[str], now: datetime) -> Line:
    lag = max(now - last.finished_at, timedelta()) if last else None
    overdue = _overdue(counted, now)
    troubles = {
        Trouble.STOPPED: rule in stopped,
        Trouble.BROKEN: counted is None,
        Trouble.FAILED: last is not None and last.state == RunState.FAILED,
        Trouble.OVERDUE: overdue is not None,
        Trouble.NEVER: last is None,
        Trouble.LATE: lag is not None and lag > runs.LATE_AFTER,
    }
    return Line(rule, last, lag, counted, overdue, tuple(trouble for trouble, there in troubles.items() if there))


def _overdue(counted: Outcome | None, now: datetime) -> date | None:
    """The day since which the oldest row is due, if that isn't today's work any more."""
    if counted is None or not counted.due or counted.since is None:
        return None
    return counted.since if counted.since <= legal_day(now) - OVERDUE_AFTER else None
