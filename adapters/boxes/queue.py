"""Rows that wait for a worker: claimed one at a time, the urgent first, given back, ended. The rows are the truth; the broker only rings a bell.

A claim is a lease: it counts the attempt, pushes the row's hour to the end of the lease and commits, so that no lock is held
while somebody outside is talked to. A worker that dies loses nothing: the row simply comes due again, with the same id.
``attempts`` fences: who ends a row names the attempt it was claimed with, so that a worker thought dead can't end it twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Self

from django.db import connection, models
from django.db.models import Q

from adapters.states import By, Event, Move, State, move
from privacy.ids import new_id

LEASE: Final = timedelta(minutes=3)
"""Longer than any call may take with its own retries: after it the worker counts as lost."""
FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
"""Also the most that a ``Retry-After`` may ask for."""
MOST_ATTEMPTS: Final = 12
"""About five hours of tries in all; then the office decides."""
LATE_AFTER: Final = timedelta(minutes=10)
"""A row that nobody claimed for so long after its hour needs somebody: no worker runs, or too few."""

CLAIM: Final = """
with due as materialized (select coalesce({first}) as id, set_config('synchronous_commit', 'off', true))
update {table} as row set attempts = row.attempts + 1, claimed_at = %(now)s, due_at = %(lease)s
  from due where row.id = due.id returning row.*
"""
"""Materialized, so that it runs once: as the inner side of a nested loop it would lock, and lease, a row for each row there is.

A transaction by itself, whose commit waits for no disk. ``first``: of which rows one is looked for, in turn (:data:`OLDEST`).
"""
OLDEST: Final = """
(select id from {table} where state = 'waiting' {which} and due_at <= %(now)s order by due_at, id limit 1 for update skip locked)
"""


class Queued(models.Model):
    """What every waiting row has. ``problem`` is a code: why the last attempt failed, or why the row was dropped."""

    moves: ClassVar[tuple[Move, ...]]
    urgent: ClassVar[str] = ""
    """Which rows go before all others, as a condition in SQL with an index of its own; none where it is empty."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(
        max_length=8, choices=[(one.value, one.value) for one in State], default=State.WAITING.value
    )
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    """When the attempt under way, or the last one, was begun."""
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @classmethod
    def claim(cls, now: datetime, *, urgent_only: bool = False) -> Self | None:
        """The row that has been due longest, an urgent one before all others, leased to the caller; None while nothing is due.

        Two workers never get the same one. The lease needn't survive a crash of the database, so nobody waits for the disk.
        """
        sql = cls.claim_sql(urgent_only=urgent_only)
        rows: Iterable[Self] = cls._default_manager.raw(sql, {"now": now, "lease": now + LEASE})
        return next(iter(rows), None)

    @classmethod
    def claim_sql(cls, *, urgent_only: bool = False) -> str:
        """The statement of a claim; ``now`` and ``lease`` are its parameters."""
        table = connection.ops.quote_name(cls._meta.db_table)
        urgent = [f"and {cls.urgent}"] if cls.urgent else []
        which = urgent if urgent_only else [*urgent, ""]
        return CLAIM.format(table=table, first=", ".join(OLDEST.format(table=table, which=one) for one in which))

    @property
    def worn_out(self) -> bool:
        """Whether it was begun more often than allowed: it may have killed each worker that took it."""
        return self.attempts > MOST_ATTEMPTS

    def is_under_way(self, now: datetime) -> bool:
        """Whether a worker holds it at ``now``."""
        return self.state == State.WAITING and self.claimed_at is not None and self.due_at > now

    def end(self, event: Event, now: datetime, *, problem: str = "", by: By = By.WORKER, **fields: Any) -> bool:
        """Make the move that ends it; False when it has moved on since it was claimed. Raises ValueError for no such move."""
        to = move(self.moves, self.state, event, by)
        if to is None:
            raise ValueError(f"{event.value} by {by.value} is no move from {self.state}")
        wrote = self._mine().update(state=to, ended_at=now, problem=problem, **fields)
        if wrote:
            self.state, self.ended_at, self.problem = to, now, problem
        return bool(wrote)

    def put_off(self, now: datetime, outcome: "Outcome") -> bool:
        """Try again later, or fail after the last attempt that counts."""
        if outcome.counts and self.attempts >= MOST_ATTEMPTS:
            return self.end(Event.GIVE_OUT, now, problem=outcome.problem)
        asked = max(outcome.wait or timedelta(), (outcome.until or now) - now)
        due = now + min(max(asked, wait_after(self.attempts)), LONGEST_WAIT)
        spent = self.attempts if outcome.counts else self.attempts - 1
        return bool(self._mine().update(due_at=due, claimed_at=None, attempts=spent, problem=outcome.problem))

    def _mine(self) -> models.QuerySet[Self]:
        """The row, unless it has moved since this worker claimed it."""
        return type(self)._default_manager.filter(pk=self.pk, state=self.state, attempts=self.attempts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: the move it makes, a code that says why, how long to wait, and not before ``until``.

    ``counts`` is False where nothing was tried: the way out is closed, and the row waits for it to open.
    """

    event: Event
    problem: str = ""
    wait: timedelta | None = None
    counts: bool = True
    until: datetime | None = None


DONE: Final = Outcome(Event.DO)


def settle(row: Queued, outcome: Outcome, *, now: datetime, **ending: Any) -> bool:
    """Write what came of an attempt; False when the row has moved on. ``ending`` is written where it isn't tried again."""
    if outcome.event is Event.RETRY:
        return row.put_off(now, outcome)
    kept = {} if outcome.event is Event.GIVE_OUT else ending
    return row.end(outcome.event, now, problem=outcome.problem, **kept)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: ten seconds, doubled each time, an hour at most."""
    return min(FIRST_WAIT * (1 << min(max(attempts - 1, 0), 20)), LONGEST_WAIT)


def mend_clocks(model: type[Queued], now: datetime) -> int:
    """Make rows due that a worker with a wrong clock put off further than any wait is long. Returns how many.

    A row that was never begun keeps its hour: it may be meant for next month.
    """
    lost = model._default_manager.filter(state=State.WAITING, attempts__gt=0, due_at__gt=now + LONGEST_WAIT)
    return lost.update(due_at=now, claimed_at=None)


def free(rows: models.QuerySet[Any], now: datetime) -> models.QuerySet[Any]:
    """Those of ``rows`` that wait and that no worker holds at ``now``."""
    return rows.filter(Q(claimed_at=None) | Q(due_at__lte=now), state=State.WAITING)
