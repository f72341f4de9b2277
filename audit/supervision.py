"""The supervision tool's reads (MD-45): the three journals, filtered, a page or all of them, at any size.

Pages go by number, newest first: the n-th page costs what the first costs, and nothing that is written meanwhile
moves a line. The period is the database's own clock, which also names the months that have to be read at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from audit.models import AccessEntry, Entry, EventEntry, SecurityEntry

JOURNALS: Final[dict[str, type[Entry]]] = {"security": SecurityEntry, "access": AccessEntry, "event": EventEntry}
Row = TypeVar("Row", bound=Model)
CHUNK: Final = 2_000
"""Lines of an extraction held in memory at once."""

ATTEMPTS: Final = ("login.ok", "login.failed", "login.locked_out", "factor.failed")
"""What counts as an attempt to connect, successful or not."""


@dataclass(frozen=True)
class Wanted:
    """Which lines to show. Empty fields don't filter; ``until`` is excluded."""

    journal: str
    since: datetime
    until: datetime
    outcome: str = ""
    only_attempts: bool = False
    account_id: UUID | None = None
    ip: str | None = None
    subject_id: UUID | None = None
    name: str = ""
    """One kind of the security journal, or one verb of the events."""


def entries(wanted: Wanted) -> QuerySet[Entry]:
    """The lines, newest first, without their hashes."""
    model = JOURNALS[wanted.journal]
    found = model._default_manager.filter(written_at__gte=wanted.since, written_at__lt=wanted.until)
    return found.filter(_where(wanted)).defer("leaf").order_by("-pk")


def page(wanted: Wanted, *, before: int | None, size: int) -> tuple[list[Entry], int | None]:
    """At most ``size`` lines older than the number ``before``, and the number to go on from, None at the end."""
    return page_of(entries(wanted), before=before, size=size)


def chunks(wanted: Wanted) -> Iterator[list[Entry]]:
    """All of them in memory-sized pieces; each is a statement of its own, so that no transaction stays open."""
    return chunks_of(entries(wanted))


def page_of(found: QuerySet[Row], *, before: Any, size: int, by: str = "") -> tuple[list[Row], Any]:
    """At most ``size`` rows of ``found`` older than the one with the key ``before``, and the key to go on from; None at the end.

    ``found`` goes from the newest, by primary key, or by the moment in the column ``by`` and then by primary key.
    """
    rows = list((_older(found, before, by) if before else found)[: size + 1])
    return rows[:size], (rows[size - 1].pk if len(rows) > size else None)


def chunks_of(found: QuerySet[Row], *, by: str = "") -> Iterator[list[Row]]:
    """All of ``found`` in pieces of ``CHUNK`` rows, by the same way."""
    before: Any = None
    while True:
        rows, before = page_of(found, before=before, size=CHUNK, by=by)
        if rows:
            yield rows
        if before is None:
            return


def _older(found: QuerySet[Row], before: Any, by: str) -> QuerySet[Row]:
    """What comes after the row ``before``; all of it when there is no such row to go on from."""
    if not by:
        return found.filter(pk__lt=before)
    moment = found.model._default_manager.filter(pk=before).values_list(by, flat=True).first()
    if moment is None:
        return found
    return found.filter(**{f"{by}__lte": moment}).exclude(**{by: moment, "pk__gte": before})


def _where(wanted: Wanted) -> Q:
    """The journals name a person differently: whom a security event concerns, who acted in the others."""
    where = Q()
    security = wanted.journal == "security"
    if wanted.account_id:
        acted = Q(actor_id=wanted.account_id)
        where &= acted | Q(account_id=wanted.account_id) if security else acted
    if wanted.ip and wanted.journal != "event":
        where &= Q(ip=wanted.ip)
    if wanted.outcome and security:
        where &= Q(outcome=wanted.outcome)
    if wanted.only_attempts and security:
        where &= Q(kind__in=ATTEMPTS)
    if wanted.name and wanted.journal != "access":
        where &= Q(kind=wanted.name) if security else Q(verb=wanted.name)
    if wanted.subject_id and not security:
        where &= Q(subject_id=wanted.subject_id)
    return where
