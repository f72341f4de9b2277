"""Where a request to delete an account stands: for one account or for many, at one moment."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import cast
from uuid import UUID

from django.db import connection
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from accounts.journal import CHANGE_KINDS
from accounts.models import User
from audit.queries import security_events
from lifecycle.deletion.rules import SETTING_UP, Fact, Kind, Standing, standing_of
from lifecycle.models import DeletionEvent

RUNNING = (Kind.REQUESTED, Kind.WAIVED, Kind.EXECUTED)
BATCH = 500
OPENING = (Kind.REQUESTED, Kind.WAIVED)
LEAVING_AMONG = """
select account_id from (
  select distinct on (account_id) account_id, kind from lifecycle_deletionevent
   where account_id = any(%s) and at <= %s order by account_id, number desc) as last
 where kind = any(%s)
"""


def fact(row: DeletionEvent) -> Fact:
    """What the fold reads of a row."""
    return Fact(row.number, Kind(row.kind), row.at, row.execute_at, row.plan_sha256, row.why)


def facts_of(account_id: UUID) -> list[Fact]:
    """The account's events in the order of their numbers, later ones too."""
    return [fact(row) for row in DeletionEvent.objects.filter(account_id=account_id).order_by("number")]


def standing_at(account_id: UUID, now: datetime) -> Standing:
    """Where the account's newest request stands at ``now``."""
    return standing_of(facts_of(account_id), now)


def standings(account_ids: Collection[UUID], now: datetime) -> dict[UUID, Standing]:
    """The same for many accounts, in one query; who never asked isn't in it."""
    rows = DeletionEvent.objects.filter(account_id__in=account_ids).order_by("account_id", "number")
    each = groupby(rows, key=lambda row: row.account_id)
    return {account_id: standing_of(map(fact, own), now) for account_id, own in each}


def standing_of_request(account_id: UUID, request: int, now: datetime) -> Standing:
    """Where one request of the account stands, whatever was asked for after it; request 0 when it isn't on record."""
    rows = DeletionEvent.objects.filter(account_id=account_id, request=request).order_by("number")
    return standing_of(map(fact, rows), now)


def recent(now: datetime, span: timedelta) -> Iterator[tuple[UUID, Standing]]:
    """Accounts with a request that waits, or that ended without execution less than ``span`` ago."""
    news = Q(kind__in=OPENING) | Q(kind__in=(Kind.WITHDRAWN, Kind.STOPPED), at__gt=now - span)
    accounts = _last(now).filter(news).values_list("account_id", flat=True)
    for account_id in accounts.iterator(chunk_size=BATCH):
        yield account_id, standing_at(account_id, now)


def leaving(now: datetime) -> QuerySet[DeletionEvent, UUID]:
    """Ids of accounts whose last event until ``now`` is no end without execution, for a ``WHERE … IN``."""
    return _last(now).filter(kind__in=RUNNING).values_list("account_id", flat=True)


def leaving_among(account_ids: Collection[UUID], now: datetime) -> list[UUID]:
    """Those of a few accounts that :func:`leaving` names; asked before each grant, so the statement stands as it is."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVING_AMONG, [list(account_ids), now, list(RUNNING)])
        return [account_id for (account_id,) in cursor.fetchall()]


def _last(now: datetime) -> QuerySet[DeletionEvent]:
    """The last event of each account until ``now``."""
    events = DeletionEvent.objects.filter(at__lte=now)
    later = events.filter(account_id=OuterRef("account_id"), number__gt=OuterRef("number"))
    return events.filter(~Exists(later))


def due(now: datetime) -> Iterable[tuple[UUID, datetime]]:
    """Accounts whose instant has come and that weren't executed, each with it, the longest due first."""
    waiting = _last(now).filter(kind__in=OPENING, execute_at__lte=now)
    return cast(Iterable[tuple[UUID, datetime]], waiting.order_by("execute_at").values_list("account_id", "execute_at"))


def last_change(user: User, now: datetime, *, before: datetime | None = None) -> datetime | None:
    """When the e-mail address or a factor of ``user`` was last changed until ``now``; setting up a new account is none.

    ``before``: only what was changed before that moment.
    """
    events = security_events(account_id=user.pk).filter(
        kind__in=CHANGE_KINDS, outcome="ok", at__lte=now, at__gt=user.created_at + SETTING_UP
    )
    if before is not None:
        events = events.filter(at__lt=before)
    found: datetime | None = events.aggregate(last=Max("at"))["last"]
    return found
