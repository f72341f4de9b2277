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
from adapters.boxes import unproven
from adapters.boxes.queries import Held, held
from adapters.faults import Closed
from adapters.models import Breaker, Egress, EgressOutcome, Outcome, Switch
from privacy.clocks import legal_day
from privacy.payers import payers_at
from privacy.subprocessors import register_at

LOOKED_BACK: Final = timedelta(days=30)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
UNKNOWN: Final = "unknown"
"""What stands for the outcome of a line whose end nobody saw."""

STANDINGS: Final = """
select line.subprocessor, coalesce(ended.outcome, 'unknown'), max(line.at),
       count(*) filter (where line.at > %(day)s), count(*) filter (where line.at > %(week)s)
  from adapters_egress line left join adapters_egressoutcome ended on ended.egress_id = line.seq
 where line.at > %(since)s and line.at <= %(now)s group by 1, 2
"""


@dataclass(frozen=True)
class Way:
    """One way out as it stands at a moment: what closes it, all of it, and how it went lately.

    ``day`` and ``week`` count calls of the last 24 hours and seven days by outcome; ``succeeded_at`` and ``failed_at`` look
    back thirty days. ``unproven``: events of seven days whose sender proved nothing, None when nobody can say.
    """

    entry: gates.Receiver
    closed: tuple[Closed, ...]
    breaker: Breaker | None
    switch: Switch | None
    day: dict[str, int]
    week: dict[str, int]
    succeeded_at: datetime | None
    failed_at: datetime | None
    failed_with: str
    held: Held
    unproven: int | None

    @property
    def sent(self) -> int:
        """How many calls the last 24 hours had."""
        return sum(self.day.values())

    @property
    def failed(self) -> int:
        """How many of them weren't done."""
        return self.sent - self.day.get(Outcome.DELIVERED, 0)

    @property
    def sent_in_a_week(self) -> int:
        """How many calls the last seven days had."""
        return sum(self.week.values())


def ways(now: datetime) -> list[Way]:
    """Every subprocessor that has an adapter, in the register's order, then the payers: six queries, however many there are."""
    today = legal_day(now)
    listed: list[gates.Receiver] = [*register_at(today).entries, *payers_at(today, made_up=gates.stand_ins_play())]
    entries = [one for one in listed if one.key in settings.ADAPTERS]
    keys = [one.key for one in entries]
    facts = _Facts(
        _standings(now), {row.pk: row for row in Breaker.objects.all()},
        {row.subprocessor: row for row in Switch.objects.filter(on_at=None)}, held(keys), unproven.of_a_week(keys, now),
    )  # fmt: skip
    return [_way(one, facts, now) for one in entries]


def shut(now: datetime) -> dict[str, Closed]:
    """What keeps a way shut now besides the register, by service, in two queries; those that are open aren't in it."""
    found = {row.pk: Closed(row.pk, "breaker", "", row.until) for row in Breaker.objects.filter(until__gt=now)}
    for row in Switch.objects.filter(on_at=None):
        found[row.subprocessor] = Closed(row.subprocessor, "office", row.reason)
    own = (settings.MAIL_CARRIER, settings.STORAGE_CARRIER)
    for key in settings.ADAPTERS:
        if closed := gates.by_setting(key, needs_credentials=key not in own):
            found[key] = closed
    return found


Told = dict[str, tuple[datetime, int, int]]
"""By outcome: the last line, and how many of a day and of a week."""


@dataclass(frozen=True)
class _Facts:
    """What was read about all of them, by service."""

    told: dict[str, Told]
    breakers: dict[str, Breaker]
    switches: dict[str, Switch]
    held: dict[str, Held]
    unproven: dict[str, int] | None


def _way(one: gates.Receiver, facts: _Facts, now: datetime) -> Way:
    told, rests, switch = facts.told.get(one.key, {}), facts.breakers.get(one.key), facts.switches.get(one.key)
    own = one.key in (settings.MAIL_CARRIER, settings.STORAGE_CARRIER)
    closed = [gates.by_register(one.key, now), gates.by_setting(one.key, needs_credentials=not own)]
    if switch:
        closed.append(Closed(one.key, "office", switch.reason))
    if rests and rests.until and rests.until > now:
        closed.append(Closed(one.key, "breaker", "", rests.until))
    faults = {outcome: at for outcome, (at, *_numbers) in told.items() if outcome != Outcome.DELIVERED}
    failed_with = max(faults, key=lambda outcome: faults[outcome], default="")
    return Way(
        entry=one,
        closed=tuple(why for why in closed if why),
        breaker=rests if rests and rests.failures else None,
        switch=switch,
        day={outcome: number for outcome, (_at, number, _week) in told.items() if number},
        week={outcome: number for outcome, (_at, _day, number) in told.items() if number},
        succeeded_at=told[Outcome.DELIVERED][0] if Outcome.DELIVERED in told else None,
        failed_at=faults.get(failed_with),
        failed_with=failed_with,
        held=facts.held[one.key],
        unproven=None if facts.unproven is None else facts.unproven[one.key],
    )


def _standings(now: datetime) -> dict[str, Told]:
    found: dict[str, Told] = {}
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, {"now": now, "day": now - DAY, "week": now - WEEK, "since": now - LOOKED_BACK})
        rows: list[Any] = cursor.fetchall()
    for subprocessor, outcome, last, *numbers in rows:
        found.setdefault(subprocessor, {})[outcome] = (last, *numbers)
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
