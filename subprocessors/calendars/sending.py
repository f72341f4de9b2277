"""What workers do towards Google: make the link, bring busy times there, look for changes, renew the channel, end it all.

Each asks for the row anew and does nothing once the link is cut. An access token that isn't taken is renewed at the next attempt;
a link that Google doesn't honour any more is noted, and the person's page says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from adapters import gates, google
from adapters.boxes.models import Outgoing
from adapters.door import Rejected
from adapters.grounds import Ground
from adapters.inbox import repairs
from adapters.outbox import GroundRef, TryLater, handles
from adapters.queries import shut
from audit.actors import Actor
from consents.stopping import look_again
from privacy.ids import new_id
from privacy.refusals import Refusal, Refused
from subprocessors.calendars import actions, queries
from subprocessors.calendars.models import BusyTime, CalendarLink

SPARE: Final = timedelta(minutes=1)
"""How long an access token has to be valid still, to be used."""
CHANGES_IN_A_ROW: Final = 3
LOOKING: Final = (actions.SYNC, actions.WATCH)
_NOT_GRANTED = Refusal("not_granted", _("Google didn't grant the access."))
_GONE = Refusal("link_gone", _("Google doesn't honour this link any more."))


@dataclass(frozen=True, slots=True)
class Access:
    """A link that can be used now."""

    link: CalendarLink
    token: str
    ground: Ground
    now: datetime


@handles(actions.CONNECT)
def make_link(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Exchange the code, and keep what Google grants."""
    said = row.content
    try:
        tokens = google.exchange(said["code"], said["verifier"], said["back"], ground=ground, now=now)
    except google.LinkGone:
        raise Refused(_NOT_GRANTED) from None
    assert row.subject_id  # noqa: S101 - a consent's ground names its person
    actions.keep(row.subject_id, tokens, now=now)


@handles(actions.WATCH)
def prepare(row: Outgoing, ground: Ground, now: datetime) -> None:
    """A calendar of our own, if there is none yet, and a fresh channel in place of the old one. Without a channel we look hourly."""
    with _access(row, ground, now) as to:
        if to is None:
            return
        if not to.link.calendar_id:
            to.link.calendar_id = google.make_calendar(to.token, ground=ground, now=now)
            _keep(to.link, "calendar_id")
            actions.bring_all(to.link.account_id, now=now)
        old = (to.link.channel_id, to.link.resource_id)
        _open_channel(to)
        if old[0]:
            google.unwatch(old[0], old[1], to.token, ground=ground, now=now)


@handles(actions.BUSY)
def bring(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Bring one busy time of the calendar to what the row says now; without a row, or given free, it is deleted there."""
    busy_id = UUID(row.content["busy"])
    with _access(row, ground, now) as to:
        if to is None:
            return
        if not to.link.calendar_id:
            raise TryLater("no_calendar")
        for _again in range(CHANGES_IN_A_ROW):
            wanted = _wanted(busy_id, to.link)
            _write(busy_id, wanted, to)
            if wanted == _wanted(busy_id, to.link):  # else it was changed while we wrote, perhaps by a faster worker
                BusyTime.objects.filter(pk=busy_id, gone_at__isnull=False).delete()
                return
        raise TryLater("changing")


@handles(actions.SYNC)
def look(row: Outgoing, ground: Ground, now: datetime) -> None:
    """See what was changed by hand in our calendar, and have it brought back; all of it when Google forgot where we were."""
    with _access(row, ground, now) as to:
        if to is None or not to.link.calendar_id:
            return
        since = to.link.sync_token
        try:
            seen = google.changes(to.link.calendar_id, since, to.token, ground=ground, now=now)
        except google.FullSyncNeeded:
            since, seen = "", google.changes(to.link.calendar_id, "", to.token, ground=ground, now=now)
        _compare(to.link, seen, whole=not since, now=now)


@handles(actions.REVOKE)
def revoke(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Have Google destroy its side; ours is gone already."""
    google.revoke(row.content["token"], ground=ground, now=now)
    if row.subject_id:
        look_again(row.subject_id, actions.PLACE, now=now)


@repairs(google.KEY, GroundRef.necessary("end_of_use"))
def every_hour(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Cut what has no consent (a restored backup, a suspended account), look at the rest, renew the channels that end.

    Nothing is added while Google is closed, nor where the same waits already: an hour more makes no second row.
    """
    cut_without_consent(now)
    if gates.by_register(google.KEY, now) or google.KEY in shut(now):
        return
    waits = set(Outgoing.objects.filter(kind__in=LOOKING, state="waiting").values_list("kind", "subject_id"))
    for link in CalendarLink.objects.filter(lost_at=None).order_by("pk"):
        if (actions.SYNC, link.account_id) not in waits:
            actions.look(link, dedupe=f"{link.pk}:{now:%Y-%m-%dT%H}", now=now)
        if (actions.WATCH, link.account_id) not in waits:
            actions.renew(link, now=now)


def cut_without_consent(now: datetime) -> int:
    """Cut every link whose person doesn't agree. Returns how many."""
    gone = list(queries.without_consent(now))
    return sum(actions.cut(account_id=link.account_id, by=Actor.system("calendars"), now=now) for link in gone)


@contextmanager
def _access(row: Outgoing, ground: Ground, now: datetime) -> Iterator[Access | None]:
    """The link of a row's person with a fresh access token; None once it is cut."""
    link = queries.link_of(row.subject_id)
    if link is None:
        yield None
        return
    try:
        if link.access_until <= now + SPARE:
            _refresh(link, ground, now)
        yield Access(link, link.access_token, ground, now)
    except google.LinkGone:
        CalendarLink.objects.filter(pk=link.pk).update(lost_at=now)
        raise Refused(_GONE) from None
    except google.Stale:
        CalendarLink.objects.filter(pk=link.pk).update(access_until=now)
        raise TryLater("access_refused") from None
    except Rejected as refused:
        if refused.status != 404:
            raise
        _forget_calendar(link, now)
        raise TryLater("no_calendar") from None


def _refresh(link: CalendarLink, ground: Ground, now: datetime) -> None:
    fresh = google.refresh(link.refresh_token, ground=ground, now=now)
    link.access_token, link.access_until = fresh.access, fresh.until
    link.refresh_token = fresh.refresh or link.refresh_token
    _keep(link, "access_token", "access_until", "refresh_token")


def _keep(link: CalendarLink, *names: str) -> None:
    """Write these columns, unless the link was cut meanwhile: a row that is gone doesn't come back."""
    CalendarLink.objects.filter(pk=link.pk).update(**{name: getattr(link, name) for name in names})


@transaction.atomic
def _forget_calendar(link: CalendarLink, now: datetime) -> None:
    """The practitioner deleted our calendar at Google: another is made, once, and everything is brought there."""
    held = CalendarLink.objects.select_for_update().filter(pk=link.pk).first()
    if held and held.calendar_id == link.calendar_id:
        held.calendar_id, held.sync_token, held.channel_id, held.channel_until = "", "", None, None
        _keep(held, "calendar_id", "sync_token", "channel_id", "channel_until")
        actions.prepare(held.account_id, now=now)


def _open_channel(to: Access) -> None:
    """The channel's word is kept before Google knows it: its first notice may come before the answer."""
    link = to.link
    link.channel_id, link.channel_token, link.channel_until = new_id(), token_urlsafe(32), to.now
    link.resource_id = ""
    _keep(link, "channel_id", "channel_token", "channel_until", "resource_id")
    address = f"{settings.SITE_URL.rstrip('/')}{reverse('adapters:hook', args=[google.KEY])}"
    try:
        made = google.watch(
            link.calendar_id, link.channel_id, link.channel_token, address, to.token, ground=to.ground, now=to.now
        )
    except Rejected as refused:
        if refused.status not in (400, 403):
            raise
        return
    link.resource_id, link.channel_until = made.resource_id, made.until
    _keep(link, "resource_id", "channel_until")


def _wanted(busy_id: UUID, link: CalendarLink) -> google.BusyTime | None:
    row = BusyTime.objects.filter(pk=busy_id, account_id=link.account_id, gone_at=None).first()
    return google.BusyTime(row.pk, row.starts_at, row.ends_at) if row else None


def _write(busy_id: UUID, wanted: google.BusyTime | None, to: Access) -> None:
    if wanted is None:
        google.free(to.link.calendar_id, busy_id, to.token, ground=to.ground, now=to.now)
    else:
        google.put_busy(to.link.calendar_id, wanted, to.token, ground=to.ground, now=to.now)


@transaction.atomic
def _compare(link: CalendarLink, seen: google.Changes, *, whole: bool, now: datetime) -> None:
    """Have each difference brought there; in the whole list also what is missing."""
    wanted = {
        row.pk: google.BusyTime(row.pk, row.starts_at, row.ends_at)
        for row in BusyTime.objects.filter(account_id=link.account_id, gone_at=None)
    }
    looked_at = seen.found.keys() | (wanted.keys() if whole else set())
    for busy_id in sorted(looked_at):
        if seen.found.get(busy_id) != wanted.get(busy_id):
            actions.bring(link.account_id, busy_id, now=now)
    link.sync_token, link.synced_at = seen.token, now
    _keep(link, "sync_token", "synced_at")
