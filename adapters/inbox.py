"""What comes in: events of subprocessors, verified, stored raw before anything is done, applied once by a worker.

They may come twice, late or in any order: the id is unique, what an applier writes commits together with the note that it was
applied, and states only go forwards (:mod:`adapters.boxes.monotone`). What got lost is fetched: a repair asks the subprocessor
through the outbox and hands what it finds to :func:`take`, by the same way.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from adapters.boxes.models import Incoming
from adapters.boxes.queue import Outcome, settle
from adapters.boxes.refs import GroundRef
from adapters.boxes.signatures import Arrival, Unverified, Verifier
from adapters.outbox import LOST, Handler, Outgoing, enqueue, handles, outcome_of, ring
from adapters.states import Event, State

__all__ = [
    "Arrival",
    "Hook",
    "Incoming",
    "NoHook",
    "Unreadable",
    "Unverified",
    "applies",
    "receive",
    "register",
    "take",
]

RAW: Final = timedelta(days=30)
"""How long a body is kept that nobody could apply."""
RAW_APPLIED: Final = timedelta(days=7)
"""How long one is kept that was applied: to explain it, should it have been wrong."""
LARGEST: Final = 256 * 1024
COLUMNS: Final = Incoming._meta.concrete_fields
JSON: Final = frozenset({"application/json"})
_log = logging.getLogger(__name__)


class NoHook(LookupError):
    """Nobody listens at this address."""


class Unreadable(Exception):
    """Proven to come from the sender, and not what was agreed: the answer says so, nothing is stored."""


class _Overtaken(Exception):
    """Another worker applied it meanwhile: what this one wrote is undone."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says of itself: an id that is never used twice, and what happened."""

    event_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Hook:
    """How events of a subprocessor are verified and named. ``read`` may raise ValueError, LookupError or TypeError.

    ``check``: what a sender wants to hear from GET, at the same address, before it sends anything.
    """

    subprocessor: str
    verify: Verifier
    read: Callable[[Arrival], Said]
    content_types: frozenset[str] = JSON
    check: Callable[[datetime], Mapping[str, str]] | None = None


Applier = Callable[[Incoming, datetime], UUID | None]
"""Writes what an event means, inside a transaction, without calling out (that is for the outbox). Returns the account it is about."""

_hooks: dict[str, Hook] = {}
_appliers: dict[tuple[str, str], Applier] = {}
_repairs: dict[str, GroundRef] = {}


def register(hook: Hook) -> Hook:
    """Listen for a subprocessor. Raises ValueError when somebody does already."""
    if _hooks.setdefault(hook.subprocessor, hook) is not hook:
        raise ValueError(f"two hooks listen for {hook.subprocessor!r}")
    return hook


def applies(subprocessor: str, *kinds: str) -> Callable[[Applier], Applier]:
    """Have the decorated function apply events of these kinds. Raises ValueError when two do."""

    def note(applier: Applier) -> Applier:
        for kind in kinds:
            if _appliers.setdefault((subprocessor, kind), applier) is not applier:
                raise ValueError(f"two appliers for {kind!r} of {subprocessor}")
        return applier

    return note


def repairs(subprocessor: str, ground: GroundRef) -> Callable[[Handler], Handler]:
    """Have the decorated handler ask the subprocessor, every hour, for what may have been lost, and :func:`take` it.

    It is a message like any other: sent on ``ground``, tried again, shown in the office when it fails.
    """

    def note(handler: Handler) -> Handler:
        _repairs[subprocessor] = ground
        return handles(f"repair.{subprocessor}")(handler)

    return note


def confirm(arrival: Arrival) -> Mapping[str, str]:
    """What the address says to a sender that asks whether it is ours.

    Raises :class:`NoHook` where nobody asks, :class:`Unverified` at another address, and the door's faults.
    """
    hook = hook_of(arrival.subprocessor)
    if hook.check is None:
        raise NoHook(arrival.subprocessor)
    hook.verify(arrival)
    return hook.check(arrival.now)


def hook_of(subprocessor: str) -> Hook:
    """Who listens for a subprocessor. Raises :class:`NoHook`."""
    if subprocessor not in _hooks:
        raise NoHook(subprocessor)
    return _hooks[subprocessor]


def receive(arrival: Arrival) -> bool:
    """Store an event that proves its sender; False when it is here already.

    Raises :class:`NoHook`, :class:`Unverified` and :class:`Unreadable`; then nothing is stored.
    """
    hook = hook_of(arrival.subprocessor)
    hook.verify(arrival)
    try:
        said = hook.read(arrival)
        body = arrival.body.decode()
    except (ValueError, LookupError, TypeError, AttributeError) as wrong:
        raise Unreadable(type(wrong).__name__) from wrong
    return take(subprocessor=arrival.subprocessor, event_id=said.event_id, kind=said.kind, body=body, now=arrival.now)


def take(*, subprocessor: str, event_id: str, kind: str, body: str, now: datetime) -> bool:
    """Store one event, unless its id is known; False then. Raises :class:`Unreadable` for an id or kind that can't be one."""
    if not 0 < len(event_id) <= 160 or not 0 < len(kind) <= 80 or "\0" in body + event_id + kind:
        raise Unreadable("an event needs an id and a kind, in few words")
    row = Incoming(
        subprocessor=subprocessor,
        event_id=event_id,
        kind=kind,
        body=body,
        received_at=now,
        due_at=now,
        raw_until=now + RAW,
    )
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_store_sql(), values)
        stored: bool = cursor.rowcount == 1
    if stored:
        ring("adapters.apply")
    return stored


@cache
def _store_sql() -> str:
    """One statement, and no question after it: senders wait for the answer, and send again when it is late."""
    names = ", ".join(str(field.column) for field in COLUMNS)
    marks = ", ".join(["%s"] * len(COLUMNS))
    return f"insert into adapters_incoming ({names}) values ({marks}) on conflict do nothing"  # noqa: S608 - names of ours


def attempt(row: Incoming, *, now: datetime) -> Outcome | None:
    """Apply a claimed event, together with the note that it is; None once that is written. Else what to :func:`finish` with."""
    applier = _appliers.get((row.subprocessor, row.kind))
    if row.worn_out:
        return Outcome(Event.GIVE_OUT, LOST)
    if applier is None:
        return Outcome(Event.NOT_KNOW, "no_applier")
    try:
        _apply(row, applier, now)
    except _Overtaken:
        return None
    except Exception as error:  # noqa: BLE001 - whatever an applier raises, the row says so and the others go on
        _log.warning("event %s of %s failed and is tried again: %s", row.pk, row.subprocessor, type(error).__name__)
        return outcome_of(error)
    return None


def finish(row: Incoming, outcome: Outcome | None, *, now: datetime) -> bool:
    """Write why an event wasn't applied."""
    return outcome is None or settle(row, outcome, now=now)


def enqueue_repairs(*, now: datetime) -> list[Outgoing]:
    """One message per subprocessor that has a repair and this hour, unless an earlier one still waits."""
    hour = now.strftime("%Y-%m-%dT%H")
    kinds = {f"repair.{name}": ground for name, ground in _repairs.items()}
    with transaction.atomic():
        waits = set(Outgoing.objects.filter(kind__in=kinds, state=State.WAITING).values_list("kind", flat=True))
        return [
            enqueue(kind=kind, payload={}, ground=ground, now=now, dedupe=hour)
            for kind, ground in kinds.items()
            if kind not in waits
        ]


def headers_of(meta: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request, by name in lower case."""
    return {name.lower(): value for name, value in meta.items()}


@transaction.atomic
def _apply(row: Incoming, applier: Applier, now: datetime) -> None:
    about = applier(row, now)
    until = min(row.raw_until, now + RAW_APPLIED)
    if not row.end(Event.DO, now, subject_id=about, raw_until=until):
        raise _Overtaken
