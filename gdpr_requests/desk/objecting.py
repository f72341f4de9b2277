"""Objections: they bite when they are filed, and outlive their request as a keyed hash (PC-52, PC-65)."""

import hmac
from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from consents.actions import decide
from consents.queries import states
from consents.rules import PEOPLE, Authority
from gdpr_requests.models import Objection, ObjectionKind, Request
from vault.index import hmac_key

HOUSE: Final = UUID(int=0)
"""The key of the house's own hashes stands with those of the practices' indexes, under this number."""
MARKETING: Final = "marketing_emails"


def address_key(email: str) -> bytes:
    """The keyed hash of an address: the same for the same mailbox, and telling nobody which one it is."""
    return hmac.digest(hmac_key(HOUSE), f"objection|{email.strip().casefold()}".encode(), "sha256")


def objects_to(kind: ObjectionKind | str, email: str) -> bool:
    """Whether the holder of ``email`` objected."""
    return bool(objectors(kind, [email]))


def objectors(kind: ObjectionKind | str, emails: Collection[str]) -> set[str]:
    """Those of these addresses whose holders objected, in one query."""
    keys = {address_key(email): email for email in emails}
    found = Objection.objects.filter(kind=kind, address_key__in=list(keys)).values_list("address_key", flat=True)
    return {keys[bytes(key)] for key in found}


def record(request: Request, *, email: str, by: Actor, now: datetime) -> None:
    """Keep the objection, once, and end the consent to marketing of the account it came from."""
    row, new = Objection.objects.get_or_create(
        kind=request.objects_to, address_key=address_key(email), defaults={"since_at": now}
    )
    if new:
        record_event(
            by=by, verb="gdpr.objection.recorded", object_type=Objection._meta.label, object_id=row.pk,
            subject_id=request.account_id, detail={"kind": row.kind, "request": request.number}, now=now,
        )  # fmt: skip
    if request.objects_to == ObjectionKind.MARKETING and request.account_id and by.role in PEOPLE:
        _end_consent(request.account_id, request.number, by, now)


def _end_consent(account_id: UUID, number: str, by: Actor, now: datetime) -> None:
    if not states(account_id, now)[MARKETING].on:
        return
    own = by.account_id == account_id
    decide(
        subject_id=account_id, key=MARKETING, on=False, by=by, now=now, channel="request",
        language=User.objects.values_list("language", flat=True).get(pk=account_id),
        authority=None if own else Authority("objection", number),
    )  # fmt: skip
