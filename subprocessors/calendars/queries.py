"""Reads of the links to calendars."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from adapters.boxes.models import Outgoing
from adapters.states import State
from consents.grants import NoGrant, grant_for
from subprocessors.calendars.actions import CONNECT, KEY, REVOKE
from subprocessors.calendars.models import BusyTime, CalendarLink


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's link as their page shows it. ``refused``: Google, or the person there, said no to the last try."""

    link: CalendarLink | None
    busy: int
    connecting: bool
    refused: bool
    revoking: bool


def standing_of(account_id: UUID) -> Standing:
    """How one account's link stands."""
    link = CalendarLink.objects.filter(account_id=account_id).first()
    tries = Outgoing.objects.filter(kind=CONNECT, subject_id=account_id).order_by("-queued_at", "-pk")
    last = tries.values_list("state", flat=True).first()
    return Standing(
        link,
        BusyTime.objects.filter(account_id=account_id, gone_at=None).count(),
        connecting=last == State.WAITING,
        refused=link is None and last in (State.DROPPED, State.FAILED),
        revoking=revoking(account_id),
    )


def revoking(account_id: UUID, since: datetime | None = None) -> bool:
    """Whether Google still has to destroy its side of a link that was cut (at ``since`` or later)."""
    rows = Outgoing.objects.filter(kind=REVOKE, subject_id=account_id, state__in=(State.WAITING, State.FAILED))
    return rows.filter(Q(queued_at__gte=since) if since else Q()).exists()


def connecting(account_id: UUID) -> bool:
    """Whether a worker may be making a link at this moment."""
    return Outgoing.objects.filter(kind=CONNECT, subject_id=account_id, state=State.WAITING).exists()


def link_of(account_id: UUID | None) -> CalendarLink | None:
    """The link of one account that Google still honours."""
    return CalendarLink.objects.filter(account_id=account_id, lost_at=None).first()


def without_consent(now: datetime) -> Iterator[CalendarLink]:
    """Links whose person doesn't agree (any more), or asked for the end of their account."""
    for link in CalendarLink.objects.only("account_id").order_by("pk").iterator():
        try:
            grant_for(link.account_id, *KEY, now=now)
        except NoGrant:
            yield link
