"""Messages that were sent, dropped or applied leave thirty days after; what they said is gone before. Stops leave with their proof."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, Min, OuterRef, QuerySet

from adapters.models import Incoming, Outgoing
from adapters.states import State
from audit.actors import Actor
from consents.models import ConsentEvent, Stop
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day

KEPT: Final = timedelta(days=30)
OUTGOING, INCOMING, RAW, STOPS = "PC-46.outgoing", "PC-46.incoming", "PC-46.raw", "PC-51.stops"
EXPIRED: Final = "expired"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Remove what is past its term, and first of all the texts."""
    raw = past_raw(now)
    texts = Outcome(due=raw.count(), since=_since(raw, "raw_until"))
    if not dry_run:
        texts.done = _blank(raw, now)
    found = {RAW: texts}
    gone: tuple[tuple[str, QuerySet[Any], str], ...] = (
        (OUTGOING, past_outgoing(now), "ended_at"),
        (INCOMING, past_incoming(now), "received_at"),
        (STOPS, orphans(), ""),
    )
    for name, rows, clock in gone:
        found[name] = Outcome(due=rows.count(), since=_since(rows, clock, KEPT) if clock else None)
        if not dry_run:
            found[name].done = rows.delete()[0]
    return found


def past_outgoing(now: datetime) -> QuerySet[Outgoing]:
    """What ended long enough ago; what failed goes too, whether the office looked at it or not."""
    return Outgoing.objects.filter(ended_at__lt=now - KEPT)


def past_incoming(now: datetime) -> QuerySet[Incoming]:
    """What came long enough ago."""
    return Incoming.objects.filter(received_at__lt=now - KEPT)


def past_raw(now: datetime) -> QuerySet[Incoming]:
    """Events whose text has had its days."""
    return Incoming.objects.filter(body__isnull=False, raw_until__lte=now)


def orphans() -> QuerySet[Stop]:
    """Stops whose withdrawal has left the ledger at the end of its term."""
    return Stop.objects.filter(~Exists(ConsentEvent.objects.filter(pk=OuterRef("event_id"))))


def _blank(raw: QuerySet[Incoming], now: datetime) -> int:
    """Empty the texts. What was never applied can't be any more: it is dropped, and says why."""
    left = raw.filter(state__in=(State.WAITING, State.FAILED, State.UNKNOWN))
    dropped = left.update(body=None, state=State.DROPPED, ended_at=now, problem=EXPIRED)
    return dropped + raw.update(body=None)


def _since(rows: QuerySet[Any], clock: str, term: timedelta = timedelta()) -> date | None:
    oldest = rows.aggregate(at=Min(clock))["at"]
    return legal_day(oldest + term) if oldest else None
