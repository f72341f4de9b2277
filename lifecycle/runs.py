"""Writing down what each sweep did, and the office's word on what the circuit breaker stopped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from audit.actions import record_event
from audit.actors import Actor
from lifecycle import expected as forecasts
from lifecycle.models import RunState, SweepRun
from privacy.refusals import Refusal, Refused

KEPT: Final = timedelta(days=366)
LATE_AFTER: Final = timedelta(hours=3)
"""Sweeps run hourly: one that didn't for three hours is late."""

_NO_RUN = Refusal("no_run", _("There is no such run of a sweep. Take the id from the operations page."))
_NOT_STOPPED = Refusal("not_stopped", _("This run doesn't wait for an approval (any more). Nothing was changed."))


class Counts(Protocol):
    """What a sweep says of one rule."""

    due: int
    done: int
    held: int
    failed: int


@dataclass
class Part:
    """One kind of work in one sweep: what was expected of it, and what came of it."""

    run: UUID
    by: Actor
    now: datetime
    expected: dict[str, int | None] = field(default_factory=dict)
    _began: float = field(default_factory=monotonic)

    def expect(self, rules: Mapping[str, str]) -> None:
        """Look up how much the destroying rules were to find due; what a stopped run expected stays its measure."""
        for rule, kind in rules.items():
            last = last_word(rule)
            stopped = last is not None and last.state == RunState.STOPPED
            self.expected[rule] = last.expected if last and stopped else forecasts.expected(kind, self.now)

    def is_too_many(self, rule: str, due: int) -> bool:
        """Whether a destroying rule has to ask first: an approval covers what was due when it was given."""
        last = last_word(rule)
        approved = last.due if last and last.state == RunState.APPROVED else 0
        return forecasts.too_many(due - approved, self.expected[rule])

    def write(self, found: Mapping[str, Counts]) -> None:
        """Write down what was done, or what failed."""
        SweepRun.objects.bulk_create(
            self._row(rule, counts, RunState.FAILED if counts.failed else RunState.DONE)
            for rule, counts in found.items()
        )

    @transaction.atomic
    def stop(self, rule: str, counts: Counts) -> None:
        """Have a rule wait for the office; a rule that waits already keeps its run and its id."""
        last = last_word(rule)
        if last and last.state == RunState.STOPPED:
            SweepRun.objects.filter(pk=last.pk).update(due=counts.due, finished_at=self._ended())
            return
        row = self._row(rule, counts, RunState.STOPPED)
        row.save(force_insert=True)
        _journal("lifecycle.sweep_stopped", row, by=self.by, now=self.now)

    def _row(self, rule: str, counts: Counts, state: RunState) -> SweepRun:
        return SweepRun(
            run=self.run, rule=rule, started_at=self.now, finished_at=self._ended(), state=state,
            due=counts.due, done=counts.done, held=counts.held, failed=counts.failed, expected=self.expected.get(rule),
        )  # fmt: skip

    def _ended(self) -> datetime:
        return self.now + timedelta(seconds=monotonic() - self._began)


def last_word(rule: str) -> SweepRun | None:
    """What is said last of a rule: done, stopped or approved. A run that failed says nothing: it is tried again."""
    return SweepRun.objects.filter(rule=rule).exclude(state=RunState.FAILED).order_by("-id").first()


def waiting() -> QuerySet[SweepRun]:
    """The runs that wait for an approval."""
    last = SweepRun.objects.filter(rule=OuterRef("rule")).exclude(state=RunState.FAILED).order_by("-id").values("id")
    return SweepRun.objects.filter(state=RunState.STOPPED, pk=Subquery(last[:1])).order_by("rule")


@transaction.atomic
def approve(*, run_id: UUID, by: Actor, now: datetime) -> SweepRun:
    """Let a stopped rule destroy as much as was due when it was stopped, in the next sweep.

    Raises :class:`privacy.refusals.Refused` when there is no such run or it doesn't wait.
    """
    row = SweepRun.objects.select_for_update().filter(pk=run_id).first()
    if row is None:
        raise Refused(_NO_RUN)
    if not waiting().filter(pk=run_id).exists():
        raise Refused(_NOT_STOPPED)
    row.state, row.approved_at, row.approved_by_id, row.approved_role = RunState.APPROVED, now, by.account_id, by.role
    row.save(update_fields=["state", "approved_at", "approved_by", "approved_role"])
    _journal("lifecycle.sweep_approved", row, by=by, now=now)
    return row


def forget_old(now: datetime) -> None:
    """Runs of over a year ago say nothing any more, but for those that wait."""
    SweepRun.objects.filter(started_at__lt=now - KEPT).exclude(pk__in=waiting().values("pk")).delete()


def latest() -> dict[str, SweepRun]:
    """The last run of each rule."""
    return {row.rule: row for row in SweepRun.objects.order_by("rule", "-id").distinct("rule")}


def lag(now: datetime) -> timedelta | None:
    """How long ago the last sweep ended; None if there never was one."""
    row = SweepRun.objects.order_by("-id").first()
    return max(now - row.finished_at, timedelta()) if row else None


def is_late(now: datetime) -> bool:
    """Whether no sweep ran for three hours."""
    since = lag(now)
    return since is None or since > LATE_AFTER


def _journal(verb: str, row: SweepRun, *, by: Actor, now: datetime) -> None:
    detail: dict[str, str | int] = {"rule": row.rule, "due": row.due, "expected": row.expected or 0}
    record_event(by=by, verb=verb, object_type="lifecycle.SweepRun", object_id=row.pk, detail=detail, now=now)
