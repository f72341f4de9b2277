"""Each integration as it stands to one practitioner, and the objections to a change of the register."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from accounts.models import User
from adapters.grounds import NECESSITIES
from adapters.models import Egress
from consents.board import Switch, board, switches_of
from gdpr_requests.integrations import connected, needed
from gdpr_requests.models import Request
from gdpr_requests.sent import ground_in_words, names
from privacy.clocks import legal_day, start_of
from privacy.consent_keys import KEYS
from privacy.deadlines import Right
from subprocessors.cards import Card, card
from subprocessors.models import Announcement
from subprocessors.papers import papers
from subprocessors.queries import standings

PARENT = "third_party_integrations"
STORAGE = "sealed_storage"


@dataclass(frozen=True, slots=True)
class Use:
    """When something last left for a service about an account on one ground, in words; ``chosen``: on a switch."""

    at: datetime
    ground: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Integration:
    """A service as it stands to one account: what the register says of it, and its switch if one opens it, or a part of it.

    ``optional``: nothing but the account's holder opens it, beside a patient where ``needs_patient``. ``uses``: the last one
    on each ground, the newest first. ``shut`` says why nothing goes there now although the register would let it.
    """

    card: Card
    switch: Switch | None
    optional: bool
    needs_patient: bool
    uses: list[Use]
    shut: str

    @property
    def used(self) -> Use | None:
        """The last use."""
        return self.uses[0] if self.uses else None

    @property
    def says_shut(self) -> bool:
        """Whether a list has to say what keeps it shut: where something could go there otherwise."""
        return bool(self.shut) and (not self.optional or bool(self.switch and self.switch.on))

    @property
    def beside_switch(self) -> bool:
        """Whether the last use rests on a contract or the law although there is a switch that is off."""
        return bool(self.used and self.switch and not self.used.chosen and not self.switch.on)


def integrations(user: User, *, language: str, now: datetime) -> list[Integration]:
    """Every subprocessor of the register: those with a switch of their own in the switches' order, then what the service needs."""
    switches = {one.slot: one for one in switches_of(board(user.pk, language=language, now=now))}
    children = {one.key: one for one in KEYS[PARENT].children}
    uses, shut, known = _last_uses(user, now), connected.shut(now), papers()
    found = [
        Integration(
            card(one, known.get(one.entry.key)),
            next((switches[slot] for slot in one.entry.switches if slot in switches), None),
            one.entry.key in children,
            one.entry.key in children and children[one.entry.key].needs_patient,
            uses.get(one.entry.key, []),
            shut.get(one.entry.key, ""),
        )
        for one in standings(now)
    ]
    order = list(children)
    return sorted(found, key=lambda one: order.index(one.card.key) if one.optional else len(order))


def parent_is_on(account_id: UUID, *, language: str, now: datetime) -> bool:
    """Whether the switch above all of them is on."""
    return any(
        one.slot == PARENT and bool(one.on) for one in switches_of(board(account_id, language=language, now=now))
    )


def _last_uses(user: User, now: datetime) -> dict[str, list[Use]]:
    """When something last left about somebody, by service and ground, the newest first: from the egress journal, and their stored files."""
    lines = Egress.objects.filter(subject_id=user.pk).order_by().values_list("subprocessor", "ground")
    known = list(lines.annotate(last=Max("at")))
    known += [(service, STORAGE, at) for service, at in needed.last_stored(user).items()]
    called, found = names(legal_day(now)), dict[str, list[Use]]()
    for service, ground, at in known:
        found.setdefault(service, []).append(Use(at, ground_in_words(ground, called), ground not in NECESSITIES))
    return {service: sorted(uses, key=lambda use: use.at, reverse=True) for service, uses in found.items()}


def objections(announcement: Announcement) -> QuerySet[Request]:
    """The requests that object to a change: those that came in while it could be objected to, the first one first."""
    until = start_of(announcement.effective_on)
    found = Request.objects.filter(right=Right.SUBPROCESSORS.value, received_at__gte=announcement.at)
    return found.filter(received_at__lt=until).order_by("received_at", "pk")


def objection_of(account_id: UUID, announcement: Announcement) -> Request | None:
    """The newest objection of one account to a change."""
    return objections(announcement).filter(account_id=account_id).last()
