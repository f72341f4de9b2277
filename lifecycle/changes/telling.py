"""Telling everybody concerned of an announced version by e-mail, each once (MD-13, PC-90)."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from lifecycle.changes.rules import Channel, kind_of
from lifecycle.changes.topics import OF_POLICY, TOPICS, Topic, unasked
from lifecycle.mails import Notice
from lifecycle.notifying import is_asked, send_all
from lifecycle.sweeping import Outcome
from privacy.clocks import start_of


def due(now: datetime, topic: Topic = OF_POLICY) -> Iterator[tuple[UUID, str]]:
    """Each account that an announced version concerns and that wasn't told; once each: a second version is the next sweep's."""
    found: dict[UUID, str] = {}
    for one in topic.news(now):
        ids = unasked(topic, one, now).order_by("pk").values_list("pk", flat=True)
        found |= dict.fromkeys(ids.iterator(chunk_size=2_000), topic.name)
    yield from found.items()


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Send all that is due about versions, of each topic under its own name (or only count it)."""
    outcomes: dict[str, Outcome] = {}
    for topic in TOPICS:
        sender = partial(send, topic=topic)
        outcomes |= send_all(due(now, topic), (topic.name,), sender, by=by, now=now, dry_run=dry_run)
    return outcomes


@transaction.atomic
def send(*, account_id: UUID, by: Actor, now: datetime, topic: Topic = OF_POLICY) -> bool:
    """Have one account told of the earliest version that it wasn't told of, asked again under its lock; False when there is none.

    That it was told is written when the mail server took the message.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=account_id)
    one = next((one for one in topic.news(now) if user.is_active and _concerns(topic, one, user, now)), None)
    if one is None:
        return False
    since, kind = start_of(one.effective_on), kind_of(one.number, Channel.EMAIL, topic.name)
    topic.mail(Notice(user, since, kind), one)
    return True


def _concerns(topic: Topic, one: Any, user: User, now: datetime) -> bool:
    """Whether the version is news to the account and it wasn't told."""
    since = start_of(one.effective_on)
    if user.created_at >= since or is_asked(user.pk, since, kind_of(one.number, Channel.EMAIL, topic.name), now):
        return False
    return topic.concerned(one.effective_on).filter(pk=user.pk).exists()
