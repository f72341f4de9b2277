"""What leaves: rows written in the transaction of the act, sent after its commit by a worker that asks the ground again.

At least once: a worker may die between the call and the note that it was made, so each attempt carries the row's id as its
idempotency key and handlers hand it on. A row whose ground is gone is dropped, in the withdrawal's own transaction where it
waits (:func:`drop`), or by the worker that asks.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from celery import current_app
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from adapters.boxes.models import Outgoing
from adapters.boxes.queue import DONE, MOST_ATTEMPTS, Outcome, free, settle
from adapters.boxes.refs import GroundRef, minted
from adapters.faults import Busy, Closed, Fault
from adapters.grounds import Ground
from adapters.states import By, Event, State, move
from privacy.refusals import Refused
from vault.unsealed import holds_unsealed

__all__ = ["GroundRef", "Outgoing", "TryLater", "Undeliverable", "drop", "enqueue", "handles"]

LARGEST: Final = 64 * 1024
"""Bytes of a payload: it names things, it doesn't carry them."""
WITHDRAWN: Final = "withdrawn"
LOST: Final = "worker_lost"
NO_HANDLER: Final = "no_handler"
CLOSED_FOR: Final = timedelta(minutes=5)
"""How long a message waits for a way that nobody says when it opens."""
WORN_OUT: Final = Q(state=State.FAILED, attempts__gte=MOST_ATTEMPTS)
"""Rows that no attempt got out: nobody refused them for good."""
_log = logging.getLogger(__name__)

Handler = Callable[[Outgoing, Ground, datetime], None]
"""Does what a row asks for, on the ground it is given. What it writes must bear being done twice."""
_handlers: dict[str, Handler] = {}


class Undeliverable(Exception):
    """It will never work: tried no more, shown in the office. ``code`` says why, in a word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryLater(Exception):
    """Not now. ``wait``: how long the other side asked for, if it did."""

    def __init__(self, code: str, wait: timedelta | None = None) -> None:
        super().__init__(code)
        self.code, self.wait = code, wait


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Have the decorated function send the rows of ``kind``. Raises ValueError when two do."""

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"two handlers send {kind!r}")
        return handler

    return register


def enqueue(
    *,
    kind: str,
    payload: Mapping[str, Any],
    ground: GroundRef,
    now: datetime,
    due_at: datetime | None = None,
    dedupe: str = "",
    anew: bool = False,
) -> Outgoing:
    """Have something sent once the caller's transaction is committed, or at ``due_at``.

    The payload is JSON, ids rather than words. With ``dedupe`` there is one row of this kind and word, as long as rows are
    kept: a second call gives back the first's; with ``anew`` unless that one never left. Raises LookupError for a kind nobody
    handles, RuntimeError outside of a transaction (act and message stand or fall together), TypeError and ValueError for a payload
    that is no JSON, holds words of a patient's file, or is too large.
    """
    if kind not in _handlers:
        raise LookupError(f"nobody handles {kind!r}; there are: {', '.join(sorted(_handlers))}")
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue inside the transaction of the act that the message belongs to")
    row = Outgoing(
        kind=kind, payload=_as_text(payload), dedupe=dedupe, queued_at=now, due_at=due_at or now,
        ground=ground.kind, subject_id=ground.subject_id, slot=ground.slot, wish=ground.wish, file_id=ground.file_id,
        necessity=ground.necessity,
    )  # fmt: skip
    if dedupe and anew:
        _free_word(kind, dedupe)
    if dedupe:
        Outgoing.objects.bulk_create([row], ignore_conflicts=True)
        row = Outgoing.objects.get(kind=kind, dedupe=dedupe)
    else:
        row.save(force_insert=True)
    if row.due_at <= now:
        ring("adapters.send_codes" if row.is_urgent else "adapters.send")
    return row


def attempt(row: Outgoing, *, now: datetime) -> Outcome:
    """Send a claimed row, its ground asked anew; what came of it, for :func:`finish`."""
    if row.worn_out:
        return Outcome(Event.GIVE_OUT, LOST)
    handler = _handlers.get(row.kind)
    if handler is None:
        return Outcome(Event.RETRY, NO_HANDLER)
    try:
        with minted(row.ground_ref, now) as ground:
            handler(row, ground, now)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises, the row says so and the others go on
        outcome = outcome_of(error)
        _log.warning("%s of kind %s: %s (%s)", row.pk, row.kind, outcome.event.value, outcome.problem)
        return outcome
    return DONE


def finish(row: Outgoing, outcome: Outcome, *, now: datetime) -> bool:
    """Write what came of an attempt; the payload goes with the row's end."""
    return settle(row, outcome, now=now, payload=None)


def drop(rows: QuerySet[Outgoing], *, now: datetime, why: str = WITHDRAWN) -> int:
    """Drop those of ``rows`` that wait, in one statement of the caller's transaction. Returns how many.

    One that a worker holds at this moment is left to it: if its call fails it asks the ground again, and drops it then.
    """
    to = move(Outgoing.moves, State.WAITING, Event.REFUSE, By.WITHDRAWAL)
    return free(rows, now).update(state=to, ended_at=now, problem=why, payload=None)


def _free_word(kind: str, dedupe: str) -> None:
    """Take the word from a message that never left: dropped, or worn out. One that was refused for good keeps it."""
    to = move(Outgoing.moves, State.FAILED, Event.ASK_ANEW, By.ASKER)
    never_left = Outgoing.objects.filter(WORN_OUT | Q(state=State.DROPPED), kind=kind, dedupe=dedupe)
    never_left.update(dedupe="", state=to, payload=None)


def ring(task: str) -> None:
    """Wake a worker when the transaction is committed; once, however many rows are written."""
    bell = _Bell(task)
    if not any(entry[1] == bell for entry in connection.run_on_commit[-1:]):
        transaction.on_commit(bell)


@dataclass(frozen=True, slots=True)
class _Bell:
    """Rings for one task. Without a broker nothing is lost: the next round finds the rows, so the act still succeeds."""

    task: str

    def __call__(self) -> None:
        try:
            _send(self.task)
        except Exception as error:  # noqa: BLE001 - the row is committed; whatever the broker has isn't the caller's matter
            _log.warning("no bell for %s: %s", self.task, type(error).__name__)


def _send(task: str) -> None:
    current_app.send_task(task)


def outcome_of(error: Exception) -> Outcome:
    """What a failed attempt leads to: dropped without a ground, failed when the other side refuses for good, else tried again."""
    if isinstance(error, Refused):
        return Outcome(Event.REFUSE, error.refusal.code)
    if isinstance(error, Undeliverable):
        return Outcome(Event.GIVE_OUT, error.code[:60])
    if isinstance(error, TryLater):
        return Outcome(Event.RETRY, error.code[:60], error.wait)
    if isinstance(error, Fault):
        return _of_fault(error)
    return Outcome(Event.RETRY, type(error).__name__[:60])


def _of_fault(fault: Fault) -> Outcome:
    """A way that is closed uses up no attempt: nothing was tried, and the row waits for it to open."""
    if not fault.again:
        return Outcome(Event.GIVE_OUT, fault.outcome)
    if isinstance(fault, Closed):
        return Outcome(Event.RETRY, fault.outcome, None if fault.until else CLOSED_FOR, counts=False, until=fault.until)
    return Outcome(Event.RETRY, fault.outcome, fault.retry_after if isinstance(fault, Busy) else None)


def _as_text(payload: Mapping[str, Any]) -> str:
    if holds_unsealed(payload):  # as JSON they would lose their mark
        raise TypeError("a payload holds no words of a patient's file: enqueue ids, and read the rest when it is sent")
    text = json.dumps(dict(payload), ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LARGEST:
        raise ValueError(f"a payload has {LARGEST} bytes at most: enqueue ids, and read the rest when it is sent")
    return text
