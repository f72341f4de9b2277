"""Every write of links and invitations. Who the person is was checked above, where the file can be opened."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db import transaction

from audit.actions import record_event
from audit.actors import Actor
from care.models import Invitation, PortalLink
from care.models.portal import EVERYTHING
from privacy.ids import new_id
from vault.handles import Handle

LIVES: Final = {Invitation.Channel.EMAIL: timedelta(days=14), Invitation.Channel.DESK: timedelta(minutes=30)}
DESK_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
DESK_LENGTH: Final = 10
"""Letters that can't be mistaken for one another: 49 bits, five tries, half an hour."""


def hash_of(secret: str) -> bytes:
    """What is kept of a link's or a code's secret. Case, blanks and hyphens of a desk code don't matter."""
    plain = "".join(secret.split()).replace("-", "")
    return sha256((plain.upper() if len(plain) == DESK_LENGTH else plain).encode()).digest()


@transaction.atomic
def invite(
    *,
    practice_id: UUID,
    patient_id: UUID,
    handle: Handle,
    channel: str,
    email: str | None,
    capacity: str,
    scope: Sequence[str],
    link_until: datetime | None,
    by: Actor,
    now: datetime,
) -> tuple[Invitation, str]:
    """Write an invitation; returns it and its secret, which nobody ever reads again."""
    secret = _secret(channel)
    row = Invitation(
        id=new_id(), practice_id=practice_id, patient_id=patient_id, capacity=capacity, scope=list(scope),
        link_until=link_until, channel=channel, token_hash=hash_of(secret), invited_by_id=_person(by),
        created_at=now, expires_at=now + LIVES[Invitation.Channel(channel)],
    )  # fmt: skip
    if email:
        handle.write(row, email=email)
    row.save(force_insert=True)
    _journal(row, "invited", by, now, channel=str(channel), capacity=str(capacity))
    return row, secret


@transaction.atomic
def revoke(*, invitation: Invitation, by: Actor, now: datetime) -> bool:
    """Take an invitation back; False when it is over already."""
    row = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if row.accepted_at or row.revoked_at:
        return False
    row.revoked_at, row.email = now, None
    row.save(update_fields=["revoked_at", "email"])
    _journal(row, "revoked", by, now)
    return True


def count_try(invitation: Invitation, *, by: Actor, now: datetime) -> None:
    """One more wrong answer; call with the row locked."""
    invitation.tries += 1
    invitation.save(update_fields=["tries"])
    _journal(invitation, "refused", by, now, tries=invitation.tries)


@transaction.atomic
def accept(*, invitation: Invitation, until: datetime | None, by: Actor, now: datetime) -> PortalLink:
    """Turn a locked invitation into a link of the account ``by``; a link there was begins anew."""
    link = make_link(
        practice_id=invitation.practice_id, patient_id=invitation.patient_id, account_id=_person(by),
        capacity=invitation.capacity, scope=invitation.scope, until=until, by=by, now=now,
    )  # fmt: skip
    invitation.accepted_at, invitation.accepted_by_id, invitation.email = now, by.account_id, None
    invitation.save(update_fields=["accepted_at", "accepted_by", "email"])
    _journal(invitation, "accepted", by, now)
    return link


@transaction.atomic
def make_link(
    *,
    practice_id: UUID,
    patient_id: UUID,
    account_id: UUID,
    capacity: str,
    scope: Sequence[str] = EVERYTHING,
    until: datetime | None,
    by: Actor,
    now: datetime,
) -> PortalLink:
    """The account may look into the file from ``now`` on. One link for each account and file."""
    said = {"practice_id": practice_id, "capacity": capacity, "scope": list(scope), "since_at": now, "until_at": until}
    link, _begun = PortalLink.objects.update_or_create(account_id=account_id, patient_id=patient_id, defaults=said)
    _journal_link(link, "begun", by, now, capacity=str(capacity))
    return link


@transaction.atomic
def end_link(*, link: PortalLink, by: Actor, now: datetime) -> bool:
    """The account looks in no more, from its next request on; False when it had ended already."""
    row = PortalLink.objects.select_for_update().get(pk=link.pk)
    if row.until_at is not None and row.until_at <= now:
        return False
    row.until_at = now
    row.save(update_fields=["until_at"])
    _journal_link(row, "ended", by, now)
    return True


def move_end(*, link: PortalLink, until: datetime, by: Actor, now: datetime) -> bool:
    """A locked link ends at another moment than was planned; False when that is the same."""
    if link.until_at == until:
        return False
    link.until_at = until
    link.save(update_fields=["until_at"])
    _journal_link(link, "moved", by, now)
    return True


@transaction.atomic
def narrow_link(*, link: PortalLink, scope: Sequence[str], by: Actor, now: datetime) -> PortalLink:
    """Which parts a guardian or proxy sees from now on."""
    row = PortalLink.objects.select_for_update().get(pk=link.pk)
    row.scope = [part for part in EVERYTHING if part in scope]
    row.save(update_fields=["scope"])
    _journal_link(row, "narrowed", by, now, parts=",".join(row.scope))
    return row


def _secret(channel: str) -> str:
    if channel == Invitation.Channel.EMAIL:
        return secrets.token_urlsafe(32)
    return "".join(secrets.choice(DESK_LETTERS) for _ in range(DESK_LENGTH))


def _person(by: Actor) -> UUID:
    if by.account_id is None:
        raise ValueError("a person invites and accepts, under their own account")
    return by.account_id


def _journal(row: Invitation, verb: str, by: Actor, now: datetime, **detail: str | int) -> None:
    record_event(
        by=by, verb=f"care.portal.{verb}", object_type="care.Invitation", object_id=row.id,
        subject_id=row.patient_id, practice_id=row.practice_id, detail=detail, now=now,
    )  # fmt: skip


def _journal_link(row: PortalLink, verb: str, by: Actor, now: datetime, **detail: str | int) -> None:
    record_event(
        by=by, verb=f"care.portal.link.{verb}", object_type="care.PortalLink", object_id=row.id,
        subject_id=row.patient_id, practice_id=row.practice_id, detail=detail, now=now,
    )  # fmt: skip
