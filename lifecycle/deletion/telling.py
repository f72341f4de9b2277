"""Having sent what is due about deletions, once: with the act itself, and by the sweep what comes due later."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.mails import Occasion, keep_book
from accounts.models import User
from accounts.texts import sending
from adapters.content import Link, Name, Value
from audit.actors import Actor
from lifecycle.deletion import links, queries
from lifecycle.deletion.frames import frame_of
from lifecycle.deletion.messages import BY_DAY, STILL_NEWS, WAITING, Message, message_due
from lifecycle.deletion.rules import Standing, standing_of
from lifecycle.mails import Notice, parsed, word
from lifecycle.notifying import is_asked, send_all, told
from lifecycle.sweeping import Outcome
from privacy.refusals import Refusal, Refused

OUTDATED: Final = Refusal("outdated", _("Something else was decided about the deletion meanwhile."))


def due(now: datetime) -> Iterator[tuple[UUID, Message]]:
    """Each account with the message that is due and wasn't sent."""
    for account_id, standing in queries.recent(now, STILL_NEWS):
        message, since = message_due(standing, now) or (None, now)
        if message and not is_asked(account_id, since, message, now):
            yield account_id, message


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Send all that is due about deletions (or only count it)."""
    return send_all(due(now), Message, send, by=by, now=now, dry_run=dry_run)


@transaction.atomic
def send(*, account_id: UUID, by: Actor, now: datetime) -> bool:
    """Have sent what is due to one account, asked again under its lock; False when nothing is (any more)."""
    user = User.objects.select_for_update().get(pk=account_id)
    facts = queries.facts_of(account_id)
    now = max([now, *(fact.at for fact in facts[-1:])])  # what came since decides what is still true
    standing = standing_of(facts, now)
    message, since = message_due(standing, now) or (None, now)
    if message is None or not user.is_active or is_asked(account_id, since, message, now):
        return False
    notice = Notice(user, since, message, DELETION.name)
    _mail(notice, message, standing)
    _text(notice, message, standing, now)
    return True


def still(about: Sequence[str], now: datetime) -> None:
    """Raises ``Refused`` when the request that a message is about was withdrawn, stopped or made anew since."""
    account_id, since, kind = parsed(about)
    facts = queries.facts_of(account_id)
    standing = standing_of(facts, facts[-1].at) if facts else Standing()
    waits = standing.requested_at if standing.runs else None
    true = waits if kind in WAITING else facts[-1].at if facts else None
    if true != since:
        raise Refused(OUTDATED)


DELETION: Final = keep_book(Occasion("lifecycle.deletion", told, still))


def _mail(notice: Notice, message: Message, standing: Standing) -> None:
    user = notice.user
    frame = frame_of(user.pk)
    values: dict[str, Value] = {
        "execute_at": standing.execute_at,
        "why": Name(standing.last.why) if standing.last else None,
        "keep_url": Link(links.keep_url(user.pk, standing)) if standing.request else None,
        "page_url": Link.to(frame.page),
        "patient": frame.patient,
    }
    notice.send(message, values)


def _text(notice: Notice, message: Message, standing: Standing, now: datetime) -> None:
    """The same in short, to whoever proved a number; what can wait comes by day."""
    page = Link.to(frame_of(notice.user.pk).page)
    sending.tell(
        notice.user, message, {"execute_at": standing.execute_at, "page_url": page}, now=now, by_day=message in BY_DAY,
        occasion=notice.occasion, about=notice.about, dedupe=f"{notice.user.pk}{word(notice.since, message)}",
    )  # fmt: skip
