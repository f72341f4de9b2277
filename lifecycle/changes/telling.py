"""Telling everybody concerned of an announced version by e-mail, each once (MD-13)."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from lifecycle.changes import mails, queries
from lifecycle.changes.rules import Channel, kind_of
from lifecycle.models import PolicyAnnouncement
from lifecycle.notifying import NotSent, record_sent, send_all, was_sent
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day, start_of

KIND: Final = "policy"
"""All versions go under one name in the report of a sweep."""
NAME: Final = f"notice.{KIND}"


def due(now: datetime) -> Iterator[tuple[UUID, str]]:
    """Each account that an announced version concerns and that wasn't told; once each: a second version is the next sweep's."""
    found: dict[UUID, str] = {}
    for one in _news(now):
        ids = queries.untold(one.number, one.effective_on).order_by("pk").values_list("pk", flat=True)
        found |= dict.fromkeys(ids.iterator(chunk_size=2_000), KIND)
    yield from found.items()


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Send all that is due about versions of the policy (or only count it)."""
    return send_all(due(now), (KIND,), send, by=by, now=now, dry_run=dry_run)


@transaction.atomic
def send(*, account_id: UUID, by: Actor, now: datetime) -> bool:
    """Tell one account of the earliest version that it wasn't told of, asked again under its lock; False when there is none.

    The row and the message stand or fall together. Raises :class:`lifecycle.notifying.NotSent` when the mail server
    refuses: nothing is recorded then, and the next sweep tries again.
    """
    user = User.objects.select_for_update().get(pk=account_id)
    one = next((one for one in _news(now) if user.is_active and _concerns(one, user)), None)
    if one is None:
        return False
    since, kind = start_of(one.effective_on), kind_of(one.number, Channel.EMAIL)
    record_sent(account_id=account_id, since=since, kind=kind, by=by, now=now)
    if not mails.change(user=user, number=one.number, effective_on=one.effective_on, material=one.material):
        raise NotSent
    return True


def _news(now: datetime) -> list[PolicyAnnouncement]:
    return queries.current(queries.announced(now), legal_day(now))


def _concerns(one: PolicyAnnouncement, user: User) -> bool:
    """Whether the version is news to the account and it wasn't told."""
    since = start_of(one.effective_on)
    return user.created_at < since and not was_sent(user.pk, since, kind_of(one.number, Channel.EMAIL))
