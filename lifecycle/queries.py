"""Where an account is in its contract: always for one account and one moment, computed and stored nowhere."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.access import Act
from accounts.closing import Closed
from lifecycle.allowed import ALLOWED, IN_EVERY_PHASE
from lifecycle.models import SubscriptionEvent
from lifecycle.phases import Fact, Phase, phase_of
from lifecycle.states import Event, Name
from privacy.clocks import Jurisdiction

BATCH = 500
_WHY = {
    Name.NONE: _("This account has no contract, so there is no practice to work in."),
    Name.FREE_LISTING: _(
        "Patient files, consultations and imports are closed, because the trial or the subscription and the seven days after it are over. Every patient file is kept as you left it. Subscribe, and all of it opens at once."
    ),
}


def fact(row: SubscriptionEvent) -> Fact:
    """What the fold reads of a row."""
    return Fact(Event(row.kind), row.at, row.until, Jurisdiction(row.jurisdiction))


def facts_of(account_id: UUID) -> list[Fact]:
    """The account's facts in the order of their numbers, later ones too."""
    return [fact(row) for row in SubscriptionEvent.objects.filter(account_id=account_id).order_by("number")]


def facts_until(account_id: UUID, now: datetime) -> list[Fact]:
    """What happened to the contract until ``now``, oldest first."""
    return [fact for fact in facts_of(account_id) if fact.at <= now]


def phase_at(account_id: UUID, now: datetime) -> Phase:
    """The phase of an account at ``now``."""
    return phase_of(facts_of(account_id), now)


def phases(now: datetime, accounts: Iterable[UUID] | None = None) -> Iterator[tuple[UUID, Phase]]:
    """Every account (or those given) with its phase at ``now``; one query, a batch in memory at a time."""
    rows = SubscriptionEvent.objects.order_by("account_id", "number")
    chosen = rows if accounts is None else rows.filter(account_id__in=list(accounts))
    for account_id, own in groupby(chosen.iterator(chunk_size=BATCH), key=lambda row: row.account_id):
        yield account_id, phase_of(map(fact, own), now)


def allows(phase: Phase, act: Act) -> bool:
    """Whether ``act`` is open in ``phase``."""
    return act in ALLOWED[phase.name]


def closed_by_phase(account_id: UUID, act: Act, now: datetime) -> Closed | None:
    """Why the account's phase closes ``act``, or None; asked before every act, sweep or no sweep (PC-32)."""
    if act in IN_EVERY_PHASE:
        return None
    phase = phase_at(account_id, now)
    if allows(phase, act):
        return None
    return Closed(_WHY[phase.name], "lifecycle:subscription", _("See my subscription, and subscribe"))
