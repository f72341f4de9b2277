"""What the demo's data protection officer finds on the desk: requests by several ways, some answered, none too late."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from gdpr_requests.desk import identity, steps
from gdpr_requests.desk.filing import file_request
from gdpr_requests.models import Channel, Outcome, Proof, Request
from praticonnect.demo_papers import pdf_of
from privacy.deadlines import Right

VISITOR: Final = Actor(account_id=None, role="anonymous", channel="link")
Ask = tuple[int, Right, Channel, str, str]
ASKED: Final[tuple[Ask, ...]] = (
    (3, Right.ACCESS, Channel.FORM, "Hélène Marchetti", "Quelles données détenez-vous à mon sujet ?"),
    (9, Right.RECTIFICATION, Channel.POST, "Noé Petit", "Mon nom est mal orthographié sur vos courriers."),
    (16, Right.ERASURE, Channel.EMAIL, "Anaïs Kermadec", "Merci de supprimer ce que vous avez encore de moi."),
    (48, Right.PORTABILITY, Channel.FORM, "Théo Vasseur", "Une copie dans un format lisible, s'il vous plaît."),
)
"""Days ago, right, channel, who, what: all of it invented."""


def seed_requests(officer: User, now: datetime) -> bool:
    """File them, and do with the older ones what was to be done; False when there are requests already."""
    if Request.objects.exists():
        return False
    by = Actor(account_id=officer.pk, role="dpo", channel="command")
    with transaction.atomic(), transaction.atomic(using="keys"), scope(ALL):
        _new, taken, doubted, answered = [_filed(ask, by, now) for ask in ASKED]
        _at(steps.take, taken, ASKED[1], now, by=by)
        _at(steps.ask_identity, doubted, ASKED[2], now, by=by, text="Deux personnes portent ce nom chez nous.")
        _sent(doubted, now)
        _at(steps.prove, answered, ASKED[3], now, by=by, proof=Proof.IN_PERSON)
        said = "Vos données vous ont été remises sur place, au format JSON."
        _at(steps.answer, answered, ASKED[3], now, by=by, outcome=Outcome.GRANTED, text=said)
    return True


def _filed(ask: Ask, by: Actor, now: datetime) -> UUID:
    days, right, channel, name, text = ask
    moment, first = now - timedelta(days=days), name.split()[0].lower()
    contact = {"name": name, "email": f"{first}@exemple.example", "language": "fr"}
    if channel == Channel.POST:
        contact = {"name": name, "address": "12 rue des Lilas\n44000 Nantes", "language": "fr"}
    return file_request(
        right=right, channel=channel, contact=contact, text=text, received_at=moment, now=moment,
        by=VISITOR if channel == Channel.FORM else by,
    ).pk  # fmt: skip


def _sent(request_id: UUID, now: datetime) -> None:
    """What was asked for came two days ago and waits to be checked: a paper that lies at the second carrier (PC-92)."""
    paper = BytesIO(pdf_of(["Carte nationale d'identité (spécimen)", "KERMADEC, Anaïs"]))
    identity.send_document(request_id=request_id, source=paper, by=VISITOR, now=now - timedelta(days=2))


def _at(act: Callable[..., Any], request_id: UUID, ask: Ask, now: datetime, **said: Any) -> None:
    """A step on the day after the request came."""
    act(request_id=request_id, now=now - timedelta(days=ask[0] - 1), **said)
