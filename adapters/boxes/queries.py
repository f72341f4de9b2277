"""What the office asks of the boxes: how many rows stand where, and which ones need somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, When

from adapters.boxes.queue import LATE_AFTER, Queued
from adapters.states import State


@dataclass(frozen=True, slots=True)
class Standing:
    """How many rows of a box stand where. ``late``: due for longer than any worker should need; part of ``waiting``."""

    waiting: int
    under_way: int
    late: int
    failed: int
    unknown: int
    dropped: int
    done: int


def standing(model: type[Queued], now: datetime) -> Standing:
    """The figures of one box, in one query."""
    waits = Q(state=State.WAITING)
    asked: dict[str, Any] = {
        "waiting": waits,
        "under_way": waits & Q(claimed_at__isnull=False, due_at__gt=now),
        "late": waits & Q(due_at__lt=now - LATE_AFTER),
        **{state.value: Q(state=state) for state in (State.FAILED, State.UNKNOWN, State.DROPPED, State.DONE)},
    }
    return Standing(
        **model._default_manager.aggregate(**{name: Count("pk", filter=which) for name, which in asked.items()})
    )


def rows(model: type[Queued], show: str, now: datetime) -> QuerySet[Queued]:
    """The rows of a box that a filter leaves (a state, "late" or nothing), those that need somebody first."""
    found = model._default_manager.all()
    if show == "late":
        found = found.filter(state=State.WAITING, due_at__lt=now - LATE_AFTER)
    elif show:
        found = found.filter(state=show)
    settled = Case(When(state__in=(State.FAILED, State.UNKNOWN), then=0), When(state=State.WAITING, then=1), default=2)
    return found.order_by(settled, "-due_at", "-pk")
