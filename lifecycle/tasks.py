"""The bell for the sweeps; what there is to do stands in the tables. Safe to run twice."""

from celery import shared_task
from django.utils import timezone

from audit.actors import Actor
from lifecycle import notifying


@shared_task(name="lifecycle.send_notices")
def send_notices() -> dict[str, int]:
    """Send the messages about phases that are due (hourly); returns how many of each kind."""
    outcomes = notifying.sweep(by=Actor.system("send_notices"), now=timezone.now(), dry_run=False)
    return {rule: outcome.done for rule, outcome in outcomes.items()}
