"""Reads of the ways out: how each stands now, and the egress journal (MD-46)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from adapters import gates
from adapters.faults import Closed
from adapters.models import Breaker, Egress, EgressOutcome, Outcome, Switch
from privacy.clocks import legal_day
from privacy.subprocessors import Subprocessor, register_at

LOOKED_BACK: Final = timedelta(days=30)
DAY: Final = timedelta(days=1)
UNKNOWN: Final = "unknown"
"""What stands for the outcome of a line whose end nobody saw."""

STANDINGS: Final = """
select line.subprocessor, coalesce(ended.outcome, 'unknown'), max(line.at), count(*) filter (where line.at > %(day)s)
  from adapters_egress line left join adapters_egressoutcome ended on ended.egress_id = line.seq
 where line.at > %(since)s and line.at <= %(now)s group by 1, 2
"""


@dataclass(frozen=True)
class Way:
    """One way out as it stands at a moment: what closes it, all of it, and how it went lately.

    ``day`` counts the last 24 hours by outcome; ``succeeded_at`` and ``failed_at`` look back thirty days.
    """

    entry: Subprocessor
    closed: tuple[Closed, ...]
    breaker: Breaker | None
    switch: Switch | None
    day: dict[str, int]
    succeeded_at: datetime | None
    failed_at: datetime | None
    failed_with: str

    @property
    def sent(self) -> int:
        """How many calls the last 24 hours had."""
        return sum(self.day.values())

    @property
    def failed(self) -> int:
        """How many of them weren't done."""
        return self.sent - self.day.get(Outcome.DELIVERED, 0)


def ways(now: datetime) -> list[Way]:
    """Every subprocessor of the register that has an adapter, in the register's order: four queries, however many there are."""
    standing = _standings(now)
    breakers = {row.pk: row for row in Breaker.objects.all()}
    switches = {row.subprocessor: row for row in Switch.objects.filter(on_at=None)}
    entries = register_at(legal_day(now)).entries
    return [
        _way(one, standing.get(one.key, {}), breakers.get(one.key), switches.get(one.key), now)
        for one in entries
        if one.key in settings.ADAPTERS
    ]


def _way(
    one: Subprocessor,
    told: dict[str, tuple[datetime, int]],
    rests: Breaker | None,
    switch: Switch | None,
    now: datetime,
) -> Way:
    own = one.key in (settings.MAIL_CARRIER, settings.STORAGE_CARRIER)
    closed = [gates.by_register(one.key, now), gates.by_setting(one.key, needs_credentials=not own)]
    if switch:
        closed.append(Closed(one.key, "office", switch.reason))
    if rests and rests.until and rests.until > now:
        closed.append(Closed(one.key, "breaker", "", rests.until))
    faults = {outcome: at for outcome, (at, _number) in told.items() if outcome != Outcome.DELIVERED}
    failed_with = max(faults, key=lambda outcome: faults[outcome], default="")
    return Way(
        entry=one,
        closed=tuple(why for why in closed if why),
        breaker=rests if rests and rests.failures else None,
        switch=switch,
        day={outcome: number for outcome, (_at, number) in told.items() if number},
        succeeded_at=told[Outcome.DELIVERED][0] if Outcome.DELIVERED in told else None,
        failed_at=faults.get(failed_with),
        failed_with=failed_with,
    )


def _standings(now: datetime) -> dict[str, dict[str, tuple[datetime, int]]]:
    found: dict[str, dict[str, tuple[datetime, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, {"now": now, "day": now - DAY, "since": now - LOOKED_BACK})
        rows: list[Any] = cursor.fetchall()
    for subprocessor, outcome, last, number in rows:
        found.setdefault(subprocessor, {})[outcome] = (last, number)
    return found


@dataclass(frozen=True)
class Wanted:
    """Which lines to show. Empty fields don't filter; ``until`` is excluded."""

    subprocessor: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    subject_id: UUID | None = None


def lines(wanted: Wanted) -> QuerySet[Egress]:
    """The journal, newest first, without hashes."""
    found = Egress.objects.defer("leaf").order_by("-pk")
    asked: dict[str, Any] = {
        "subprocessor": wanted.subprocessor,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
        "subject_id": wanted.subject_id,
    }
    found = found.filter(**{name: value for name, value in asked.items() if value})
    if wanted.outcome:
        ended = EgressOutcome.objects.filter(egress_id=OuterRef("pk"))
        if wanted.outcome == UNKNOWN:
            return found.filter(~Exists(ended))
        return found.filter(Exists(ended.filter(outcome=wanted.outcome)))
    return found


def about(account_id: UUID) -> QuerySet[Egress]:
    """What left about an account, newest first."""
    return lines(Wanted(subject_id=account_id))


def about_files(file_ids: Collection[UUID]) -> QuerySet[Egress]:
    """What left about these patients' files, newest first."""
    return lines(Wanted()).filter(file_id__in=file_ids)


def with_arrival(found: QuerySet[Egress]) -> QuerySet[Egress]:
    """``found``, each line with ``arrived``: whether the service said that it has it."""
    delivered = EgressOutcome.objects.filter(egress_id=OuterRef("pk"), outcome=Outcome.DELIVERED)
    return found.annotate(arrived=Exists(delivered))


def outcomes_of(found: Collection[Egress]) -> dict[int, EgressOutcome]:
    """How these lines ended, by the line's number; one whose end nobody saw isn't in it."""
    ended = EgressOutcome.objects.filter(egress_id__in=[line.pk for line in found]).defer("leaf")
    return {one.egress_id: one for one in ended}
