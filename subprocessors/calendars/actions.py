"""Every write about a link to Google Calendar: made with the person's yes, cut for good without it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from adapters import gates, google
from adapters.boxes.models import Outgoing
from adapters.outbox import GroundRef, enqueue
from adapters.states import State
from audit.actions import record_event
from audit.actors import Actor
from consents.grants import grant_for
from privacy.refusals import Refusal, Refused
from subprocessors.calendars.models import BusyTime, CalendarLink

KEY: Final = ("third_party_integrations", "google")
CONNECT: Final = "google.connect"
WATCH: Final = "google.watch"
BUSY: Final = "google.busy"
SYNC: Final = "google.sync"
REVOKE: Final = "google.revoke"
PLACE: Final = "google_calendar"
"""What a withdrawal stops here, by its name in :mod:`consents.stopping`."""
LINKED: Final = Refusal(
    "linked_already",
    _("Your calendar is connected already, or being connected. To connect another, disconnect it first."),
)
BEFORE_ITS_END: Final = timedelta(days=1)
"""How long before its end a channel is renewed."""


def ground_of(account_id: UUID) -> GroundRef:
    """On which everything towards the calendar rests, but its end."""
    return GroundRef.consent(account_id, *KEY)


def must_be_open(account_id: UUID, *, now: datetime) -> None:
    """Raises ``Refused`` unless the person's switch is on and no link stands or is being made; ``Closed`` while nothing may go
    to Google at all.

    A second access would take the first one's place here, while Google kept both.
    """
    grant_for(account_id, *KEY, now=now)
    living = CalendarLink.objects.filter(account_id=account_id, lost_at=None).exists()
    if living or Outgoing.objects.filter(kind=CONNECT, subject_id=account_id, state=State.WAITING).exists():
        raise Refused(LINKED)
    if closed := gates.why_shut(google.KEY, now):
        raise closed


@transaction.atomic
def connect(*, account_id: UUID, code: str, verifier: str, back: str, by: Actor, now: datetime) -> None:
    """Take what Google's page gave the browser to a worker, which makes the link of it. Raises as :func:`must_be_open`."""
    User.objects.select_for_update().get(pk=account_id)
    must_be_open(account_id, now=now)
    payload = {"code": code, "verifier": verifier, "back": back}
    enqueue(kind=CONNECT, payload=payload, ground=ground_of(account_id), now=now)
    record_event(
        by=by, verb="subprocessors.calendar_link_asked", object_type=CalendarLink._meta.label, object_id=account_id,
        subject_id=account_id, now=now,
    )  # fmt: skip


@transaction.atomic
def keep(account_id: UUID, tokens: google.Tokens, *, now: datetime) -> CalendarLink:
    """The link that Google granted, in place of one it honours no more; its calendar is made next.

    Of that one only the calendar stays: its channel and its place of looking went with the access. Should a living one stand
    there, Google destroys it: no access of ours is forgotten while it is good.
    """
    old = CalendarLink.objects.select_for_update().filter(account_id=account_id, lost_at=None).first()
    if old is not None and old.refresh_token != tokens.refresh:
        end = GroundRef.necessary("end_of_use", subject_id=account_id)
        enqueue(kind=REVOKE, payload={"token": old.refresh_token}, ground=end, now=now)
    granted = {
        "linked_at": now, "refresh_token": tokens.refresh, "access_token": tokens.access, "access_until": tokens.until,
        "lost_at": None, "sync_token": "", "channel_id": None, "channel_token": "", "resource_id": "", "channel_until": None,
    }  # fmt: skip
    link, _new = CalendarLink.objects.update_or_create(account_id=account_id, defaults=granted)
    record_event(
        by=Actor.system("calendars"), verb="subprocessors.calendar_linked", object_type=link._meta.label, object_id=link.pk,
        subject_id=account_id, now=now,
    )  # fmt: skip
    prepare(account_id, now=now)
    return link


@transaction.atomic
def cut(*, account_id: UUID, by: Actor, now: datetime) -> bool:
    """Destroy a link here and now, whether or not Google can be reached, and have Google destroy its side. False: there was none."""
    link = CalendarLink.objects.select_for_update().filter(account_id=account_id).first()
    BusyTime.objects.filter(account_id=account_id).delete()
    if link is None:
        return False
    end = GroundRef.necessary("end_of_use", subject_id=account_id)
    enqueue(kind=REVOKE, payload={"token": link.refresh_token}, ground=end, now=now, dedupe=str(link.pk))
    record_event(
        by=by, verb="subprocessors.calendar_link_cut", object_type=link._meta.label, object_id=link.pk,
        subject_id=account_id, now=now,
    )  # fmt: skip
    link.delete()
    return True


@transaction.atomic
def show_busy(*, account_id: UUID, busy_id: UUID, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Have somebody's calendar show them busy, under an id of the caller's; again with other hours moves it. Nothing without a link."""
    if CalendarLink.objects.filter(account_id=account_id).exists():
        hours = {"starts_at": starts_at, "ends_at": ends_at, "gone_at": None}
        BusyTime.objects.update_or_create(pk=busy_id, account_id=account_id, defaults=hours)
        bring(account_id, busy_id, now=now)


@transaction.atomic
def show_free(*, account_id: UUID, busy_id: UUID, now: datetime) -> None:
    """Have a busy time deleted from somebody's calendar."""
    if BusyTime.objects.filter(pk=busy_id, account_id=account_id, gone_at=None).update(gone_at=now):
        bring(account_id, busy_id, now=now)


def bring(account_id: UUID, busy_id: UUID, *, now: datetime) -> None:
    """Have a worker bring one busy time of the calendar to what the row says."""
    enqueue(kind=BUSY, payload={"busy": str(busy_id)}, ground=ground_of(account_id), now=now)


@transaction.atomic
def bring_all(account_id: UUID, *, now: datetime) -> None:
    """Have all busy times of somebody brought to a calendar that is new."""
    for busy_id in BusyTime.objects.filter(account_id=account_id).values_list("pk", flat=True):
        bring(account_id, busy_id, now=now)


def prepare(account_id: UUID, *, now: datetime) -> None:
    """Have a worker make the calendar and its channel."""
    enqueue(kind=WATCH, payload={}, ground=ground_of(account_id), now=now)


@transaction.atomic
def look(link: CalendarLink, *, dedupe: str, now: datetime) -> None:
    """Have a worker look at what changed in the calendar, once for each ``dedupe``."""
    enqueue(kind=SYNC, payload={}, ground=ground_of(link.account_id), now=now, dedupe=dedupe)


@transaction.atomic
def renew(link: CalendarLink, *, now: datetime) -> None:
    """Have a worker renew a channel that ends soon, and one that was never made; once a day."""
    if link.channel_until is None or link.channel_until <= now + BEFORE_ITS_END:
        dedupe = f"{link.pk}:{now:%Y-%m-%d}"
        enqueue(kind=WATCH, payload={}, ground=ground_of(link.account_id), now=now, dedupe=dedupe)
