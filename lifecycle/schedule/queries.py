"""Which schedule is in force, and which versions there are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connection

from lifecycle.models import ScheduleVersion, Step
from privacy.schedule import SHIPPED, Change, Schedule, changes, stored

APPROVING: Final = 0x5C4ED
"""The lock of who proposes or approves; who destroys shares it, so that both never cross."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version with its two steps; ``approved`` is None while the DPO hasn't approved it."""

    schedule: Schedule
    proposed: ScheduleVersion
    approved: ScheduleVersion | None
    changes: tuple[Change, ...]
    is_open: bool

    @property
    def shortens(self) -> bool:
        """Whether something could leave sooner than under the version it replaces."""
        return any(change.shortens for change in self.changes)


def in_force() -> Schedule:
    """The version approved last; the code's own while there is none. One row, by its index."""
    row = ScheduleVersion.objects.filter(step=Step.APPROVED).order_by("-number").first()
    return _schedule(row) if row else SHIPPED


def pinned() -> int:
    """The number in force, which no approval changes before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s)", [APPROVING])
    return in_force().number


def numbered(number: int) -> Schedule:
    """What version ``number`` says. Raises ScheduleVersion.DoesNotExist when there is none."""
    if number == SHIPPED.number:
        return SHIPPED
    return _schedule(ScheduleVersion.objects.get(number=number, step=Step.PROPOSED))


def versions() -> list[Version]:
    """Every version after the code's own, the newest first."""
    steps = {(row.number, row.step): row for row in ScheduleVersion.objects.order_by("number")}
    said = {number: _schedule(row) for (number, step), row in steps.items() if step == Step.PROPOSED}
    said[SHIPPED.number] = SHIPPED
    now = max((number for number, step in steps if step == Step.APPROVED), default=SHIPPED.number)
    proposed = [row for (_number, step), row in steps.items() if step == Step.PROPOSED]
    return [_version(row, steps.get((row.number, Step.APPROVED)), said, now) for row in reversed(proposed)]


def version(number: int) -> Version | None:
    """One of :func:`versions`; None when there is no such number."""
    return next((one for one in versions() if one.schedule.number == number), None)


def open_versions(found: Iterable[Version]) -> list[Version]:
    """Those that can still be approved."""
    return [one for one in found if one.is_open]


def _version(row: ScheduleVersion, approved: ScheduleVersion | None, said: dict[int, Schedule], now: int) -> Version:
    moved = tuple(changes(said[row.replaces].rules, said[row.number].rules))
    return Version(said[row.number], row, approved, moved, approved is None and row.replaces == now)


def _schedule(row: ScheduleVersion) -> Schedule:
    return Schedule(row.number, stored(row.rules))
