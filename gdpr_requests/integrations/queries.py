"""Each integration as it stands to one practitioner, and the objections to a change of the register."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from adapters.models import Egress
from consents.board import Switch, board, switches_of
from consents.notices import slot_of
from gdpr_requests.integrations import connected
from gdpr_requests.models import Request
from privacy.clocks import start_of
from privacy.consent_keys import KEYS
from privacy.deadlines import Right
from subprocessors.cards import Card, card
from subprocessors.models import Announcement
from subprocessors.papers import papers
from subprocessors.queries import standings

PARENT = "third_party_integrations"


@dataclass(frozen=True, slots=True)
class Integration:
    """A service that can be connected: what the register says of it, the switch, and whether a patient has to agree too.

    ``shut`` says why nothing goes there now although the register would let it; empty while it can.
    """

    card: Card
    switch: Switch
    needs_patient: bool
    used_at: datetime | None
    shut: str


def integrations(account_id: UUID, *, language: str, now: datetime) -> list[Integration]:
    """Every integration in the order of the switches."""
    by_slot = {one.slot: one for one in switches_of(board(account_id, language=language, now=now))}
    used, shut = _last_uses(account_id), connected.shut(now)
    known, cards = papers(), {one.entry.key: one for one in standings(now)}
    return [
        Integration(
            card(cards[child.key], known.get(child.key)),
            by_slot[slot_of(PARENT, child.key)],
            child.needs_patient,
            used.get(child.key),
            shut.get(child.key, ""),
        )
        for child in KEYS[PARENT].children
        if child.key in cards
    ]


def parent_is_on(account_id: UUID, *, language: str, now: datetime) -> bool:
    """Whether the switch above all of them is on."""
    return any(
        one.slot == PARENT and bool(one.on) for one in switches_of(board(account_id, language=language, now=now))
    )


def _last_uses(account_id: UUID) -> dict[str, datetime]:
    """When something last left about this account, by service: from the egress journal."""
    found = Egress.objects.filter(subject_id=account_id).order_by().values_list("subprocessor")
    return dict(found.annotate(last=Max("at")))


def objections(announcement: Announcement) -> QuerySet[Request]:
    """The requests that object to a change: those that came in while it could be objected to, the first one first."""
    until = start_of(announcement.effective_on)
    found = Request.objects.filter(right=Right.SUBPROCESSORS.value, received_at__gte=announcement.at)
    return found.filter(received_at__lt=until).order_by("received_at", "pk")


def objection_of(account_id: UUID, announcement: Announcement) -> Request | None:
    """The newest objection of one account to a change."""
    return objections(announcement).filter(account_id=account_id).last()
