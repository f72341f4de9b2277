"""Where an account is in its contract: always for one account and one moment, computed and stored nowhere."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.access import Act
from accounts.closing import Closed
from lifecycle.allowed import ALLOWED, WHATEVER_THE_CONTRACT
from lifecycle.deletion.overlay import phase_over
from lifecycle.deletion.queries import standing_at, standings
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
    Name.DELETION_PENDING: _(
        "Patient files, consultations and imports are closed, because the deletion of this account is requested. Nothing is deleted yet: withdraw the request, and all of it opens as you left it."
    ),
    Name.CLOSED: _("This account is closed: the moment of the deletion that was asked for has come."),
}
_SUBSCRIBE = ("lifecycle:subscription", _("See my subscription, and subscribe"))
_WAY_BACK = {
    Name.DELETION_PENDING: ("lifecycle:deletion", _("See the request, and withdraw it")),
    Name.CLOSED: ("consents:policy", _("What is kept, and how long: the privacy policy")),
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


def contract_at(account_id: UUID, now: datetime) -> Phase:
    """The phase of an account's contract at ``now``, whether or not a deletion is asked for."""
    return phase_of(facts_of(account_id), now)


def phase_at(account_id: UUID, now: datetime) -> Phase:
    """The phase of an account at ``now``: its contract's, or what lies over it while a deletion is asked for (PC-34)."""
    return phase_over(standing_at(account_id, now)) or contract_at(account_id, now)


def phases(now: datetime, accounts: Iterable[UUID] | None = None) -> Iterator[tuple[UUID, Phase]]:
    """Every account (or those given) with its phase at ``now``; a batch in memory at a time."""
    found = _contracts(now, accounts)
    while batch := dict(islice(found, BATCH)):
        asked = standings(batch, now)
        for account_id, phase in batch.items():
            over = phase_over(asked[account_id]) if account_id in asked else None
            yield account_id, over or phase


def _contracts(now: datetime, accounts: Iterable[UUID] | None) -> Iterator[tuple[UUID, Phase]]:
    rows = SubscriptionEvent.objects.order_by("account_id", "number")
    chosen = rows if accounts is None else rows.filter(account_id__in=list(accounts))
    for account_id, own in groupby(chosen.iterator(chunk_size=BATCH), key=lambda row: row.account_id):
        yield account_id, phase_of(map(fact, own), now)


def allows(phase: Phase, act: Act) -> bool:
    """Whether ``act`` is open in ``phase``."""
    return act in ALLOWED[phase.name]


def closed_by_phase(account_id: UUID, act: Act, now: datetime) -> Closed | None:
    """Why the account's phase closes ``act``, or None; asked before every act, sweep or no sweep (PC-32)."""
    if act is Act.PUBLIC:
        return None
    phase = phase_over(standing_at(account_id, now))
    if phase is None and act in WHATEVER_THE_CONTRACT:
        return None
    phase = phase or contract_at(account_id, now)
    if allows(phase, act):
        return None
    page, link = _WAY_BACK.get(phase.name, _SUBSCRIBE)
    return Closed(_WHY[phase.name], page, link, final=phase.name is Name.CLOSED)
