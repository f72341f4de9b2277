"""What Google tells us: that something in a calendar changed, without saying what; and what a withdrawal stops there."""

import hmac
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from adapters import google
from adapters.boxes.models import Incoming
from adapters.inbox import Arrival, Hook, Said, Unverified, applies, register
from adapters.outbox import TryLater
from audit.actors import Actor
from consents.models import Stop
from consents.stopping import stops
from subprocessors.calendars import actions, queries
from subprocessors.calendars.models import CalendarLink


def verify(arrival: Arrival) -> None:
    """The channel is one of ours, and the notice carries its word and Google's name of it. Raises :class:`Unverified`.

    It proves who knows the word, no more: nothing of a notice is believed, it only has us look.
    """
    said = [arrival.headers.get(f"x-goog-{name}", "") for name in ("channel-id", "channel-token", "resource-id")]
    if not all(said):
        raise Unverified("unsigned")
    link = _of_channel(said[0])
    known = (link.channel_token, link.resource_id or said[2]) if link else ("", "")
    same = [hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(said[1:], known, strict=True)]
    if not all(same):
        raise Unverified("wrong")


def read(arrival: Arrival) -> Said:
    """The number of a notice counts within its channel."""
    head = arrival.headers
    number = int(head["x-goog-message-number"])
    return Said(f"{UUID(head['x-goog-channel-id'])}:{number}", head["x-goog-resource-state"])


register(Hook(google.KEY, verify, read, frozenset({"application/json", ""})))


@applies(google.KEY, "sync")
def opened(event: Incoming, now: datetime) -> UUID | None:
    """A channel says that it is open."""
    link = _of_channel(event.event_id.partition(":")[0])
    return link.account_id if link else None


@applies(google.KEY, "exists", "not_exists")
def changed(event: Incoming, now: datetime) -> UUID | None:
    """Look, unless the link was cut meanwhile."""
    link = _of_channel(event.event_id.partition(":")[0])
    if link is None:
        return None
    actions.look(link, dedupe=event.event_id, now=now)
    return link.account_id


@stops("third_party_integrations.google", name=actions.PLACE, words=_("Your link to Google Calendar"))
def cut_link(stop: Stop, now: datetime) -> None:
    """Destroy our side at once, whether or not Google answers; done when Google has destroyed its own.

    A link that a worker is making at this moment is waited for, and cut then.
    """
    actions.cut(account_id=stop.subject_id, by=Actor.system("withdrawal"), now=now)
    if queries.connecting(stop.subject_id):
        raise TryLater("under_way")
    if queries.revoking(stop.subject_id, stop.asked_at):
        raise TryLater("revoking")


def _of_channel(said: str) -> CalendarLink | None:
    try:
        return CalendarLink.objects.filter(channel_id=UUID(said)).first()
    except ValueError:
        return None
