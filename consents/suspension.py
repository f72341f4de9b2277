"""Who is left alone for now, whatever they agreed to: registered from above, asked wherever a grant is minted.

lifecycle suspends everybody whose account is to be deleted (PC-34). Nothing is written in the ledger, so that all of it is
as it was when the suspension ends.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db.models import QuerySet

from consents.models import ConsentEvent


class Suspends(Protocol):
    """A reason to suspend people."""

    def __call__(self, now: datetime, among: Collection[UUID] | None = None) -> QuerySet[Any, UUID]:
        """Ids of those suspended at ``now`` (of ``among``, when given), as a query of one column."""


reasons: list[Suspends] = []


def suspend_when(reason: Suspends) -> None:
    """Have ``reason`` asked before any grant. Registering it twice keeps one."""
    if reason not in reasons:
        reasons.append(reason)


def without_suspended(entries: QuerySet[ConsentEvent], now: datetime) -> QuerySet[ConsentEvent]:
    """``entries`` of the ledger without those of anybody suspended at ``now``, in the same statement."""
    for reason in reasons:
        entries = entries.exclude(subject_id__in=reason(now))
    return entries


def suspended(subject_ids: Collection[UUID], *, now: datetime) -> set[UUID]:
    """Those of ``subject_ids`` for whom no optional processing may happen at ``now``."""
    return {subject_id for reason in reasons for subject_id in reason(now, subject_ids)}
