"""What a withdrawal stops, and how long it took: one row per place, written in the withdrawal's own transaction (PC-17).

Messages that wait on the consent are dropped in that transaction. Where a service has to be told (an audience, a calendar, a
recording), the adapter registers a stopper with :func:`stops`; a worker runs each, tries again, and notes when it was done.
From the click to the last of them is what the person reads.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from adapters.boxes.models import Outgoing
from adapters.boxes.queue import DONE, Outcome, free, settle
from adapters.outbox import LOST, NO_HANDLER, TryLater, drop, outcome_of, ring
from adapters.states import Event, State
from consents import queries
from consents.models import ConsentEvent, Stop
from consents.states import Action, children_of
from privacy.consent_keys import Kind
from privacy.patient_keys import EVERY_KEY, PATIENT_KEYS

QUEUE: Final = "queue"
"""The house's own place: messages that waited or were under way."""
GIVEN_AGAIN: Final = "given_again"
SOON: Final = timedelta(seconds=1)
"""By then the message whose end a stop waits for has its end written, too."""
STOPPABLE: Final = frozenset({Kind.CONSENT, Kind.AUTHORISATION})
"""A contract's end and an acknowledgement stop nothing elsewhere: they have pages of their own."""

Stopper = Callable[[Stop, datetime], None]
"""Stops one thing in one place. May be called twice; ``stop.pk`` is the idempotency key. Raises as handlers of the outbox do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stops: its name in the rows, what people call it, and whether there is anything to stop for somebody."""

    name: str
    words: str | Promise
    run: Stopper
    where: Callable[[UUID], bool] = lambda subject_id: True


_places: dict[str, list[Place]] = defaultdict(list)


def stops(
    slot: str, *, name: str, words: str | Promise, where: Callable[[UUID], bool] = lambda subject_id: True
) -> Callable[[Stopper], Stopper]:
    """Have the decorated function called after each withdrawal of ``slot`` (the key, ``key.child``, or a patient's key).

    ``where`` says, in the withdrawal's transaction, whether there is anything to stop for this person.

    Raises LookupError for a slot that doesn't exist, ValueError for a name that is taken.
    """
    key, _dot, child = slot.partition(".")
    if key not in EVERY_KEY or (child and slot not in children_of(key)):
        raise LookupError(f"there is no switch {slot!r}")
    if name == QUEUE or any(place.name == name for places in _places.values() for place in places):
        raise ValueError(f"the place {name!r} is taken")

    def register(stopper: Stopper) -> Stopper:
        _places[slot].append(Place(name, words, stopper, where))
        return stopper

    return register


def begin(event: ConsentEvent, also: Collection[str], now: datetime) -> list[Stop]:
    """Drop what waits, and have the rest stopped; in the transaction of the withdrawal ``event``.

    ``also``: the switches that went off with it.
    """
    if EVERY_KEY[event.key].kind not in STOPPABLE:
        return []
    waited = _resting_on(event.subject_id, _with_children(event.slot))
    dropped = drop(waited, now=now)
    at_work = waited.filter(state=State.WAITING).exists()
    where = [(slot, place) for slot in (event.slot, *also) for place in _places[slot] if place.where(event.subject_id)]
    named = [(event.slot, QUEUE), *((slot, place.name) for slot, place in where)]
    rows = [
        Stop(event_id=event.pk, subject_id=event.subject_id, slot=slot, name=name, asked_at=now, due_at=now)
        for slot, name in named
    ]
    rows[0].dropped = dropped
    if not at_work:
        rows[0].state, rows[0].ended_at = State.DONE, now
    Stop.objects.bulk_create(rows)
    if at_work or rows[1:]:
        ring("consents.stop")
    return rows


def begin_again(event_id: UUID) -> None:
    """The stop of a withdrawal that a restore took away, as of its own moment; services that were told are told again (NEW-08).

    Nothing for an entry that is no withdrawal. Which children went off with a parent isn't known any more: all are asked.
    """
    event = ConsentEvent.objects.get(pk=event_id)
    if event.action == Action.WITHDRAWN:
        begin(event, () if event.child else [slot for slot in children_of(event.key) if slot != event.slot], event.at)


def attempt(stop: Stop, *, now: datetime) -> Outcome:
    """Run a claimed row's stopper; what came of it, for :func:`finish`. What was allowed again meanwhile isn't stopped.

    Asked of the place's own switch: who allows the key above again hasn't allowed what went off with it.
    """
    if stop.worn_out:
        return Outcome(Event.GIVE_OUT, LOST)
    place = _place(stop.name)
    if place is None:
        return Outcome(Event.RETRY, NO_HANDLER)
    if place.name != QUEUE and _is_on(stop, stop.slot, now):
        return Outcome(Event.REFUSE, GIVEN_AGAIN)
    try:
        place.run(stop, now)
    except Exception as error:  # noqa: BLE001 - whatever a stopper raises, the row says so and the others go on
        came = outcome_of(error)
        return Outcome(Event.RETRY, came.problem) if came.event is Event.REFUSE else came
    return DONE


def finish(stop: Stop, outcome: Outcome, *, now: datetime) -> bool:
    """Write what came of it."""
    return settle(stop, outcome, now=now)


@dataclass(frozen=True, slots=True)
class Stopping:
    """How far one withdrawal has come. ``fresh``: nothing that waits has failed yet."""

    total: int
    done: int
    failed: int
    next_at: datetime | None
    took: timedelta
    fresh: bool = False

    @property
    def words(self) -> str:
        """For the person, in one sentence."""
        if self.done == self.total:
            return _in_words(self.took)
        said = gettext("%(done)d of %(total)d places stopped") % {"done": self.done, "total": self.total}
        if self.next_at is None:
            return gettext("%(said)s; our team sees to the rest") % {"said": said}
        if self.fresh:
            left = ngettext("the last one comes next", "the others come next", self.total - self.done)
            return f"{said}; {left}"
        at = time_format(timezone.localtime(self.next_at), "TIME_FORMAT")
        left = ngettext(
            "the last one is tried again at %(at)s", "the others are tried again at %(at)s", self.total - self.done
        )
        return f"{said}; {left % {'at': at}}"


def look_again(subject_id: UUID, name: str, *, now: datetime) -> None:
    """Have a place that waits for a message of ours asked again at once, now that the message has come through."""
    waits = Stop.objects.filter(subject_id=subject_id, name=name, due_at__gt=now + SOON)
    free(waits, now).update(due_at=now + SOON)


def of_events(event_ids: Iterable[UUID]) -> dict[UUID, Stopping]:
    """How far the withdrawals among these entries have come, in one query; entries that stopped nothing aren't in it."""
    found: dict[UUID, list[Stop]] = defaultdict(list)
    for stop in Stop.objects.filter(event_id__in=set(event_ids)):
        found[stop.event_id].append(stop)
    return {event_id: _summed(rows) for event_id, rows in found.items()}


def places() -> Mapping[str, str | Promise]:
    """What people call the places, by name."""
    return {QUEUE: _("Messages that were waiting")} | {
        place.name: place.words for some in _places.values() for place in some
    }


def _summed(rows: list[Stop]) -> Stopping:
    over = [row for row in rows if row.state in (State.DONE, State.DROPPED)]
    waits = [row for row in rows if row.state == State.WAITING]
    last = max((row.ended_at for row in over if row.ended_at), default=rows[0].asked_at)
    failed = sum(row.state == State.FAILED for row in rows)
    took = max(last - rows[0].asked_at, timedelta())
    next_at = min((row.due_at for row in waits), default=None)
    return Stopping(len(rows), len(over), failed, next_at, took, fresh=not any(row.problem for row in waits))


def _in_words(took: timedelta) -> str:
    if took < timedelta(seconds=1):
        return gettext("Stopped everywhere at once")
    if took < timedelta(minutes=2):
        return gettext("Stopped everywhere in %(n)d s") % {"n": ceil(took.total_seconds())}
    return gettext("Stopped everywhere in %(n)d min") % {"n": ceil(took.total_seconds() / 60)}


def _place(name: str) -> Place | None:
    if name == QUEUE:
        return Place(QUEUE, "", _queue_is_still)
    return next((place for some in _places.values() for place in some if place.name == name), None)


def _queue_is_still(stop: Stop, now: datetime) -> None:
    """What was under way at the click has come to its end; if it failed, its ground is asked again and it is dropped.

    Switch by switch: what is allowed again may go on.
    """
    off = [slot for slot in _with_children(stop.slot) if not _is_on(stop, slot, now)]
    rows = _resting_on(stop.subject_id, off).filter(state=State.WAITING, queued_at__lte=stop.asked_at)
    drop(rows, now=now)
    if rows.exists():
        raise TryLater("under_way")


def _is_on(stop: Stop, slot: str, now: datetime) -> bool:
    key, _dot, child = slot.partition(".")
    return queries.is_live(stop.subject_id, key, child or None, now=now)


def _with_children(slot: str) -> list[str]:
    """A switch with everything below it."""
    return [slot, *([] if "." in slot else children_of(slot))]


def _resting_on(subject_id: UUID, slots: Collection[str]) -> QuerySet[Outgoing]:
    """The messages that rest on these switches of one person, or a patient's own about the file."""
    wishes = [slot for slot in slots if slot in PATIENT_KEYS]
    if wishes:
        return Outgoing.objects.filter(file_id=subject_id, wish__in=wishes)
    return Outgoing.objects.filter(subject_id=subject_id, slot__in=slots)
