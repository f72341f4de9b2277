"""The audience at Resend follows the ledger, and the ledger follows who leaves there (PC-100).

Three ways, so that none has to be perfect: a decision queues the joining, a withdrawal runs the stopper, and every hour both
lists are compared. What Resend tells (left, marked as spam) is written into the ledger as the person's own act; what we do there
ourselves is noted before it leaves, or Resend's word of it would be taken for theirs.
"""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.queries import account_by_email
from adapters import gates, inbox, resend
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.queue import LEASE
from adapters.boxes.refs import GroundRef
from adapters.grounds import Ground, necessary
from adapters.outbox import TryLater, enqueue, handles
from audit.actors import Actor
from consents import queries
from consents.actions import decide
from consents.grants import grants_for
from consents.marketing.models import AudienceMember
from consents.models import Stop
from consents.stopping import stops

KEY: Final = "marketing_emails"
JOIN: Final = "resend.join"
PLACE: Final = "resend_audience"
TAKEN_BACK: Final = "end_of_use"
"""The legal basis on which somebody's address is taken out again: their consent is gone by then."""

LOCK: Final = 0x4E455753
"""Keeps our advisory lock apart from those of others."""

objections: list[Callable[[Collection[str]], set[str]]] = []
"""Of some addresses, those whose holder objected to marketing (PC-65): registered from above, asked before anything is sent."""


def may_receive(email: str) -> bool:
    """Whether nobody objected for this address."""
    return not _objecting([email])


def _objecting(emails: Collection[str]) -> set[str]:
    return set[str]().union(*(among(emails) for among in objections))


def is_member(subject_id: UUID) -> bool:
    """Whether there is anything to take out."""
    return AudienceMember.objects.filter(pk=subject_id).exists()


def when_turned(*, subject_id: UUID, child: str, on: bool, by: Actor, now: datetime) -> None:
    """Have somebody join who just agreed. A withdrawal has its stopper. Not set up, the hourly comparison will do it."""
    if on and not gates.by_setting(resend.KEY):
        enqueue(kind=JOIN, payload={}, ground=GroundRef.consent(subject_id, KEY), now=now)


@handles(JOIN)
def join(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Put an account's address there; taken out again at once if the consent went meanwhile. Raises as ``door.send`` does."""
    user = User.objects.filter(pk=row.subject_id).first() if row.subject_id else None
    if user is None or not may_receive(user.email):
        return
    if AudienceMember.objects.filter(pk=user.pk, leaving_since__gt=now - LEASE).exists():
        raise TryLater("leaving")
    with _turn(shared=True):
        contact = resend.join(user.email, ground=ground, now=now)
        noted = {"contact_id": contact, "joined_at": now, "leaving_since": None}
        AudienceMember.objects.update_or_create(user=user, defaults=noted)
    if not queries.is_live(user.pk, KEY, now=now):
        leave(user.pk, now)


@stops(KEY, name=PLACE, words=_("The readers' list at Resend"), where=is_member)
def stop(asked: Stop, now: datetime) -> None:
    """Take an account's address out after its withdrawal."""
    leave(asked.subject_id, now)


def leave(subject_id: UUID, now: datetime) -> None:
    """Have somebody forgotten there, then here; marked before, for Resend tells of it. Raises as ``door.send`` does."""
    mine = AudienceMember.objects.filter(pk=subject_id)
    mine.update(leaving_since=now)
    member = mine.first()
    if member is not None:
        resend.leave(member.contact_id, ground=necessary(TAKEN_BACK, subject_id=subject_id), now=now)
        mine.filter(contact_id=member.contact_id, leaving_since__isnull=False).delete()


@inbox.repairs(resend.KEY, GroundRef.necessary(TAKEN_BACK))
def compare(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Both lists against the ledger: who shouldn't be there leaves, who should joins, who left there is written down here."""
    if gates.by_setting(resend.KEY):
        return
    with _turn(shared=False):
        _compare(ground, now)


def _compare(ground: Ground, now: datetime) -> None:
    there = {contact.id: contact for contact in resend.contacts(ground=ground, now=now)}
    members = {one.contact_id: one for one in AudienceMember.objects.select_related("user")}
    agreeing = agree(now)
    for contact in there.values():
        member = members.get(contact.id)
        if member is not None and member.pk not in agreeing:
            leave(member.pk, now)
        elif member is None or member.user.email.lower() != contact.email.lower():
            # Here first: Resend tells that the contact is gone, and that mustn't be taken for the reader's own leaving.
            AudienceMember.objects.filter(contact_id=contact.id).delete()
            resend.leave(contact.id, ground=ground, now=now)
        elif contact.unsubscribed:
            _take_again(contact, now)
    AudienceMember.objects.filter(contact_id__in=members.keys() - there.keys()).delete()
    _invite(agreeing, now)


def agree(now: datetime) -> set[UUID]:
    """The accounts that may be in the audience now: they agree, aren't suspended, and nobody objected."""
    on = set(queries.subjects_on(KEY, now=now))
    users = User.objects.filter(pk__in=grants_for(on, KEY, now=now), is_active=True)
    emails = dict(users.values_list("pk", "email"))
    objecting = _objecting(emails.values())
    return {pk for pk, email in emails.items() if email not in objecting}


@contextmanager
def _turn(*, shared: bool) -> Iterator[None]:
    """Joinings go on side by side, a comparison alone: what it finds there and not here isn't somebody who is just joining.

    Held by the connection, not by a transaction. Raises TryLater while the other kind is at work.
    """
    how = "_shared" if shared else ""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock{how}(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise TryLater("another_turn")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"select pg_advisory_unlock{how}(%s)", [LOCK])


def _invite(agreeing: set[UUID], now: datetime) -> None:
    """Queue the joining of those who aren't in it, or whose leaving was begun and isn't owed any more; one row an hour for each."""
    missing = agreeing - set(AudienceMember.objects.filter(leaving_since=None).values_list("pk", flat=True))
    hour = now.strftime("%Y-%m-%dT%H")
    with transaction.atomic():
        for subject_id in missing:
            ground = GroundRef.consent(subject_id, KEY)
            enqueue(kind=JOIN, payload={}, ground=ground, now=now, dedupe=f"{subject_id}:{hour}")


def _take_again(contact: resend.Contact, now: datetime) -> None:
    """An event that got lost, by the way of all events."""
    said = {"type": "contact.updated", "data": {"id": contact.id, "email": contact.email, "unsubscribed": True}}
    event = f"compared-{contact.id}-{now:%Y-%m-%dT%H}"
    inbox.take(subprocessor=resend.KEY, event_id=event, kind="contact.updated", body=json.dumps(said), now=now)


@inbox.applies(resend.KEY, "contact.updated", "contact.deleted")
def contact_changed(event: Incoming, now: datetime) -> UUID | None:
    """Somebody left the newsletter at Resend: their withdrawal. Anything else is what we did ourselves, and known by its mark."""
    said = event.content
    data = said["data"]
    left = event.kind == "contact.deleted" or data.get("unsubscribed") is True
    member = AudienceMember.objects.filter(contact_id=str(data["id"])).first()
    if member is None:
        return None
    subject_id: UUID = member.pk
    if left and member.leaving_since is None:
        withdraw(subject_id, _act(subject_id, "resend"), now)
    return subject_id


@inbox.applies(resend.KEY, "email.complained")
def marked_as_spam(event: Incoming, now: datetime) -> UUID | None:
    """Whoever marks our mail as spam wants no news: their withdrawal."""
    user = _addressed(event.content)
    if user is not None:
        withdraw(user.pk, _act(user.pk, "spam"), now)
    return user.pk if user else None


@inbox.applies(resend.KEY, "email.bounced")
def bounced(event: Incoming, now: datetime) -> UUID | None:
    """An address that takes no mail gets no news any more. It is nobody's decision, so the ledger stays as it is."""
    said = event.content
    user = _addressed(said)
    permanent = said["data"].get("bounce", {}).get("type") == "Permanent"
    if user is not None and permanent:
        AudienceMember.objects.filter(pk=user.pk, silent_since=None).update(silent_since=now)
    return user.pk if user else None


@inbox.applies(resend.KEY, "email.sent", "email.delivered", "email.delivery_delayed", "contact.created")
def nothing_to_do(event: Incoming, now: datetime) -> UUID | None:
    """Events that change nothing here; opened and clicked aren't asked for, and would be kept as unknown."""
    return None


def withdraw(subject_id: UUID, by: Actor, now: datetime) -> bool:
    """Write a withdrawal into the ledger; False when it was off already. Raises Refused as ``decide`` does."""
    if not queries.is_live(subject_id, KEY, now=now):
        return False
    language = User.objects.filter(pk=subject_id).values_list("language", flat=True).first() or "en"
    return decide(
        subject_id=subject_id, key=KEY, on=False, by=by, language=language, channel=by.channel, now=now
    ).changed


def _act(subject_id: UUID, channel: str) -> Actor:
    """The person's own act, over another way than our pages."""
    return Actor(account_id=subject_id, role="account", channel=channel)


def _addressed(said: Any) -> User | None:
    """The account a message went to."""
    (email,) = said["data"]["to"]
    return account_by_email(email)
