"""The worker that stops, after a withdrawal, what a service still does."""

from celery import shared_task
from django.utils import timezone

from adapters.boxes.queue import mend_clocks
from consents import stopping
from consents.models import Stop


@shared_task(name="consents.stop")
def stop() -> int:
    """Run what is due; returns how many places were taken on. Any number of workers may do it at once."""
    mend_clocks(Stop, timezone.now())
    taken = 0
    while row := Stop.claim(timezone.now()):
        outcome = stopping.attempt(row, now=timezone.now())
        stopping.finish(row, outcome, now=timezone.now())
        taken += 1
    return taken
