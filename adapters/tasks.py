"""The workers of outbox and inbox. The rows say what there is to do; the clock is read anew for each, since calls take time."""

from celery import Task, shared_task
from django.utils import timezone

from adapters import inbox, outbox
from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.queue import mend_clocks

AT_ONCE = 200
"""Rows of one round. Then the bell is rung again, so that a worker is never kept for long."""


@shared_task(name="adapters.send")
def send() -> int:
    """Send what is due; returns how many rows were taken. Any number of workers may do it at once."""
    mend_clocks(Outgoing, timezone.now())
    return _send(send, codes_only=False)


@shared_task(name="adapters.send_codes")
def send_codes() -> int:
    """Send the codes that are due and nothing else, by workers of their own: no call of a minute is before them."""
    return _send(send_codes, codes_only=True)


def _send(task: Task, *, codes_only: bool) -> int:
    for done in range(AT_ONCE):
        row = Outgoing.claim(timezone.now(), urgent_only=codes_only)
        if row is None:
            return done
        outcome = outbox.attempt(row, now=timezone.now())
        outbox.finish(row, outcome, now=timezone.now())
    task.delay()
    return AT_ONCE


@shared_task(name="adapters.apply")
def apply() -> int:
    """Apply what came in; returns how many events were taken."""
    mend_clocks(Incoming, timezone.now())
    for done in range(AT_ONCE):
        row = Incoming.claim(timezone.now())
        if row is None:
            return done
        outcome = inbox.attempt(row, now=timezone.now())
        inbox.finish(row, outcome, now=timezone.now())
    apply.delay()
    return AT_ONCE


@shared_task(name="adapters.repair")
def repair() -> int:
    """Ask each subprocessor for what may have been lost (hourly); returns how many are asked."""
    return len(inbox.enqueue_repairs(now=timezone.now()))
