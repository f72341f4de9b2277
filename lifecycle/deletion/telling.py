"""Sending what is due about deletions, once: at once after the act, and by the sweep what couldn't be sent then."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.mails import from_template
from accounts.models import User
from audit.actors import Actor
from lifecycle.deletion import links, queries
from lifecycle.deletion.frames import frame_of
from lifecycle.deletion.messages import STILL_NEWS, Message, message_due
from lifecycle.deletion.rules import Standing, standing_of
from lifecycle.notifying import NotSent, record_sent, send_all, was_sent
from lifecycle.sweeping import Outcome


def due(now: datetime) -> Iterator[tuple[UUID, Message]]:
    """Each account with the message that is due and wasn't sent."""
    for account_id, standing in queries.recent(now, STILL_NEWS):
        message, since = message_due(standing, now) or (None, now)
        if message and not was_sent(account_id, since, message):
            yield account_id, message


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Send all that is due about deletions (or only count it)."""
    return send_all(due(now), Message, send, by=by, now=now, dry_run=dry_run)


def tell(*, account_id: UUID, by: Actor, now: datetime) -> None:
    """Send what an act just made due, after its commit; what the mail server refuses is left to the sweep."""
    try:
        send(account_id=account_id, by=by, now=now)
    except NotSent:
        return


@transaction.atomic
def send(*, account_id: UUID, by: Actor, now: datetime) -> bool:
    """Send what is due to one account, asked again under its lock; False when nothing is (any more).

    Raises :class:`lifecycle.notifying.NotSent` when the mail server refuses: nothing is recorded then.
    """
    user = User.objects.select_for_update().get(pk=account_id)
    facts = queries.facts_of(account_id)
    now = max([now, *(fact.at for fact in facts[-1:])])  # what came since decides what is still true
    standing = standing_of(facts, now)
    message, since = message_due(standing, now) or (None, now)
    if message is None or not user.is_active or was_sent(account_id, since, message):
        return False
    record_sent(account_id=account_id, since=since, kind=message, by=by, now=now)
    if not _mail(user, message, standing):
        raise NotSent
    return True


def _mail(user: User, message: Message, standing: Standing) -> bool:
    frame = frame_of(user.pk)
    values = {
        "execute_at": standing.execute_at,
        "why": standing.last.why if standing.last else "",
        "keep_url": links.keep_url(user.pk, standing) if standing.request else "",
        "page_url": settings.SITE_URL + reverse(frame.page),
        "patient": frame.patient,
    }
    return from_template(f"lifecycle/email/{message}", user.email, values, language=user.language)
