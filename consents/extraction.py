"""The whole ledger for the data protection officer: filtered, a page or all of it, at any size (PC-11, MD-45)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from consents.models import ConsentEvent

BY: Final = "at"
"""What the log goes by, then by key: the index of a period gives the rows of a page in their order, however old it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to show. Empty fields don't filter; ``until`` is excluded."""

    slot: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    subject_id: UUID | None = None


def entries(wanted: Wanted) -> QuerySet[ConsentEvent]:
    """The entries of everybody, newest first."""
    return ConsentEvent.objects.filter(_where(wanted)).order_by(f"-{BY}", "-pk")


def _where(wanted: Wanted) -> Q:
    where = Q()
    if wanted.slot:
        key, _dot, child = wanted.slot.partition(".")
        where &= Q(key=key, child=child)
    if wanted.action:
        where &= Q(action=wanted.action)
    if wanted.since:
        where &= Q(at__gte=wanted.since)
    if wanted.until:
        where &= Q(at__lt=wanted.until)
    if wanted.subject_id:
        where &= Q(subject_id=wanted.subject_id)
    return where
