"""Proposing and approving a version of the schedule. Nothing is destroyed sooner without the approval (NEW-05)."""

from datetime import datetime

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from lifecycle.models import ScheduleVersion, Step
from lifecycle.schedule import queries
from lifecycle.schedule.rules import why_not_approve, why_not_propose
from privacy.refusals import Refusal, Refused
from privacy.schedule import Schedule, as_data, parse


@transaction.atomic
def propose(*, text: str, by: Actor, now: datetime) -> ScheduleVersion:
    """Store the JSON ``text`` as the next version; no clock follows it yet.

    Raises :class:`privacy.schedule.BadSchedule` with every fault, and
    :class:`privacy.refusals.Refused` when it changes nothing.
    """
    _lock()
    before = queries.in_force()
    rules = parse(text, before.rules)
    _require(why_not_propose(before.rules, rules))
    last = ScheduleVersion.objects.order_by("-number").values_list("number", flat=True).first()
    schedule = Schedule(max(last or 0, before.number) + 1, rules)
    return _write(schedule, Step.PROPOSED, before.number, by, now)


@transaction.atomic
def approve(*, number: int, by: Actor, now: datetime) -> ScheduleVersion:
    """Put version ``number`` in force: clocks follow it from the commit on, stored ends once they are re-dated.

    Raises :class:`privacy.refusals.Refused` for a version that isn't there, was approved, or was
    proposed on top of another one than the one in force.
    """
    _lock()
    version = queries.version(number)
    _require(why_not_approve(version))
    assert version is not None  # noqa: S101 - the rule above says so to the type checker
    return _write(version.schedule, Step.APPROVED, version.proposed.replaces, by, now)


def _write(schedule: Schedule, step: Step, replaces: int, by: Actor, now: datetime) -> ScheduleVersion:
    row = ScheduleVersion.objects.create(
        number=schedule.number, step=step, replaces=replaces, rules=as_data(schedule.rules), sha256=schedule.sha256,
        at=now, actor_id=by.account_id, actor_role=by.role,
    )  # fmt: skip
    record_event(
        by=by, verb=f"lifecycle.schedule.{step}", object_type="lifecycle.ScheduleVersion", object_id=row.pk,
        detail={"number": schedule.number}, now=now,
    )  # fmt: skip
    return row


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [queries.APPROVING])


def _require(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise Refused(refusal)
