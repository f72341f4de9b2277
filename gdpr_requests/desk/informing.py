"""Who got a copy is told of what became of it: corrections, erasures, restrictions (GDPR Art. 19).

What the house knows: accounts that can read the file through the portal, and agents of authorities who read it under an order, are
told by itself; copies that were printed, downloaded or exported are shown to whoever answers, who alone knows where they went.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from audit.models import AccessEntry
from care.models import PortalLink
from care.tenancy import ALL, scope
from gdpr_requests.desk import mails
from gdpr_requests.models import Outcome, RecipientTold, Request
from privacy.deadlines import Right
from privacy.ids import new_id

TOLD_OF: Final = frozenset({Right.RECTIFICATION, Right.ERASURE, Right.RESTRICTION})
"""The rights whose grant recipients learn of."""
COPIES: Final = ("print", "download", "export")
SHOWN: Final = 20
AGENT: Final = "authority"
"""The role in which somebody reads under an authority's order."""
Word = Callable[[Request, mails.Reader], None]
"""The message that tells one of them."""


def concerns(request: Request) -> bool:
    """Whether recipients have to be told when it is granted."""
    return request.file_id is not None and Right(request.right) in TOLD_OF


def readers_of(file_id: UUID, account_id: UUID | None, at: datetime) -> dict[UUID, Word]:
    """Whom a change at that moment concerns, whoever asked aside, each with the message that tells them.

    The accounts that could read the file through the portal then; and those that had read it under an authority's order, whether
    or not the order is still open: what they saw went to them (Art. 19).
    """
    read = AccessEntry.objects.filter(subject_id=file_id, actor_role=AGENT, actor_id__isnull=False, at__lte=at)
    found: dict[UUID, Word] = dict.fromkeys(
        filter(None, read.values_list("actor_id", flat=True).distinct()), mails.agent
    )
    with scope(ALL):
        links = PortalLink.objects.filter(Q(until_at=None) | Q(until_at__gt=at), patient_id=file_id, since_at__lte=at)
        found |= dict.fromkeys((link.account_id for link in links), mails.recipient)
    return {one: word for one, word in sorted(found.items()) if one != account_id}


def copies_of(request: Request) -> list[AccessEntry]:
    """When copies of the file left the house, the latest first; where they went, nobody wrote down."""
    if request.file_id is None or not concerns(request):
        return []
    return list(
        AccessEntry.objects.filter(subject_id=request.file_id, action__in=COPIES).order_by("-at", "-pk")[:SHOWN]
    )


def readers_to_tell(request: Request, outcome: str, now: datetime) -> dict[UUID, Word]:
    """Whom a decision concerns; asked before it is carried out, since an erasure takes the links along."""
    if not concerns(request) or request.file_id is None or outcome == Outcome.REFUSED:
        return {}
    return readers_of(request.file_id, request.account_id, now)


def tell(request: Request, accounts: Mapping[UUID, Word], *, now: datetime) -> None:
    """Write down that they are told, and have word sent."""
    RecipientTold.objects.bulk_create(
        RecipientTold(id=new_id(), request_id=request.pk, account_id=one, told_at=now) for one in accounts
    )
    for user in User.objects.filter(pk__in=accounts, is_active=True):
        accounts[user.pk](request, mails.Reader(user, user.language))
