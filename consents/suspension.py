"""Who is left alone for now, whatever they agreed to: registered from above, asked wherever a grant is minted.

lifecycle suspends everybody whose account is to be deleted (PC-34). Nothing is written in the ledger, so that all of it is
as it was when the suspension ends.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from consents.models import ConsentEvent


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason to suspend people: ``everybody(now)`` as a query of one column of ids, ``among(ids, now)`` those of a few."""

    everybody: Callable[[datetime], QuerySet[Any, UUID]]
    among: Callable[[Collection[UUID], datetime], Iterable[UUID]]


reasons: list[Reason] = []


def suspend_when(
    everybody: Callable[[datetime], QuerySet[Any, UUID]], among: Callable[[Collection[UUID], datetime], Iterable[UUID]]
) -> None:
    """Have a reason asked before any grant. Registering it twice keeps one."""
    if (reason := Reason(everybody, among)) not in reasons:
        reasons.append(reason)


def without_suspended(entries: QuerySet[ConsentEvent], now: datetime) -> QuerySet[ConsentEvent]:
    """``entries`` of the ledger without those of anybody suspended at ``now``, in the same statement."""
    for reason in reasons:
        entries = entries.exclude(subject_id__in=reason.everybody(now))
    return entries


def suspended(subject_ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Those of ``subject_ids`` for whom no optional processing may happen at ``now``."""
    return {subject_id for reason in reasons for subject_id in reason.among(subject_ids, now)}
