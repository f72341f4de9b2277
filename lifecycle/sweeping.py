"""What a sweep does: each rule's work is registered here, and run in the order it was registered.

A sweep has side effects only (messages, disposal); what is open or closed never waits for one. Whatever runs is
written down (:class:`lifecycle.models.SweepRun`), and destroying asks the circuit breaker first.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Protocol
from uuid import UUID

from django.db import connection, transaction

from audit.actors import Actor
from lifecycle import expected, runs
from privacy.ids import new_id

SWEEP_LOCK: Final = 0x5EE9
FORECAST: Final = "NEW-04"
"""The name under which a failed forecast is written down."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """Of one rule: how many were due, were done, were held back, and failed (tried again by the next sweep)."""

    due: int = 0
    done: int = 0
    held: int = 0
    failed: int = 0
    since: date | None = None
    """Of what is due: the first day on which the oldest was. The operations page says how late it is."""

    def counts(self) -> dict[str, int]:
        """The four numbers."""
        return {"due": self.due, "done": self.done, "held": self.held, "failed": self.failed}


class Sweep(Protocol):
    """One kind of work: returns the outcome of each of its rules, by the rule's name."""

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Do what is due at ``now``, or only count it. Safe to run twice, at once, or after a crash.

        ``by.request_id`` is the id of the run, so that what it writes can be told from other runs.
        """


sweeps: dict[Sweep, Mapping[str, str]] = {}
"""Each kind of work, with those of its rules that destroy and the kind of row that each destroys."""


class AlreadyAtWork(Exception):
    """Another sweep is at work; what is due is being done there."""


def sweep_with(one: Sweep, *, destroys: Mapping[str, str] | None = None) -> None:
    """Have ``one`` run in each sweep. Registering it twice keeps one.

    ``destroys`` names its rules that destroy, each with the kind of row as ``forecasts.py`` counts it
    ({"PC-41": "records.PatientFile"}): if far more are due than was forecast, the whole of ``one`` waits for the DPO.
    """
    sweeps.setdefault(one, destroys or {})


def run_all(*, by: Actor, now: datetime, dry_run: bool, wait: bool = True) -> dict[str, dict[str, int]]:
    """All that is due: ``due``, ``done``, ``held`` and ``failed`` of each rule.

    One sweep is at work at a time: a second waits for the first and then finds nothing left, or with ``wait=False``
    raises :class:`AlreadyAtWork`. One kind of work that fails doesn't keep the others from being done.
    """
    if dry_run:
        counted = (one(by=by, now=now, dry_run=True) for one in sweeps)
        return {rule: outcome.counts() for found in counted for rule, outcome in found.items()}
    run = new_id()
    with _alone(wait):
        found: dict[str, Outcome] = {}
        for one, destroys in sweeps.items():
            found |= _run(one, destroys, run, replace(by, request_id=str(run)), now)
        _remember(run, by, now)
    return {rule: outcome.counts() for rule, outcome in found.items()}


def due_now(*, by: Actor, now: datetime) -> dict[str, Outcome | None]:
    """What each rule would find due, without doing it; None for work that can't even be counted."""
    found: dict[str, Outcome | None] = {}
    for one in sweeps:
        try:
            with transaction.atomic():
                found |= one(by=by, now=now, dry_run=True)
        except Exception as error:  # noqa: BLE001 - one broken count must not hide the others
            _log.error("a sweep can't be counted: %s", type(error).__name__)
            found |= dict.fromkeys(_unnamed(one))
    return found


def _run(one: Sweep, destroys: Mapping[str, str], run: UUID, by: Actor, now: datetime) -> dict[str, Outcome]:
    """One kind of work, unless too much of it is due; written down either way."""
    part = runs.Part(run, by, now)
    found: dict[str, Outcome] = {}
    try:
        if destroys:
            found = one(by=by, now=now, dry_run=True)
            if stopped := _stopped(part, destroys, found):
                return stopped
        found = one(by=by, now=now, dry_run=False)
    except Exception as error:  # noqa: BLE001 - the others still run; the page and the exit code say it failed
        _log.error("a sweep failed in run %s and is tried again: %s", run, type(error).__name__)
        found = {rule: Outcome(due=was.due, failed=max(was.due, 1)) for rule, was in (found or _unnamed(one)).items()}
    part.write(found)
    return found


def _stopped(part: runs.Part, destroys: Mapping[str, str], due: dict[str, Outcome]) -> dict[str, Outcome]:
    """The rules that have to wait for the office; written down."""
    part.expect(destroys)
    stopped = {rule: due[rule] for rule in destroys if rule in due and part.is_too_many(rule, due[rule].due)}
    for rule, outcome in stopped.items():
        part.stop(rule, outcome)
    return stopped


def _unnamed(one: Sweep) -> dict[str, Outcome]:
    """A sweep that failed before it said which rules it has goes by its own name."""
    return {getattr(one, "__module__", type(one).__name__): Outcome()}


def _remember(run: UUID, by: Actor, now: datetime) -> None:
    """Say today what will leave, for tomorrow's breaker; not while a stopped run puts the figures in doubt."""
    try:
        if not runs.waiting().exists():
            expected.take_snapshot(now)
        runs.forget_old(now)
    except Exception as error:  # noqa: BLE001 - what was done is done; the page says that this failed
        _log.error("what will leave could not be written down: %s", type(error).__name__)
        runs.Part(run, by, now).write({FORECAST: Outcome(due=1, failed=1)})


@contextmanager
def _alone(wait: bool) -> Iterator[None]:
    """Hold the sweep's lock, which PostgreSQL gives back even if this process is killed."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_{'' if wait else 'try_'}advisory_lock(%s)", [SWEEP_LOCK])
        if cursor.fetchone()[0] is False:
            raise AlreadyAtWork("a sweep is at work already: what is due is being done there")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [SWEEP_LOCK])
