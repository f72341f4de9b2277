"""The worker's part: what the schedule asks each day, and does once a quarter."""

import logging

from celery import shared_task
from django.utils import timezone

from audit.actors import Actor
from privacy.clocks import legal_day
from privacy.refusals import Refused
from records.statistics.actions import publish
from records.statistics.periods import Quarter

_log = logging.getLogger(__name__)


@shared_task(name="records.publish_statistics")
def publish_statistics() -> int:
    """Publish the newest settled quarter if it isn't yet. How many tables it has now; 0 when it was refused."""
    now = timezone.now()
    try:
        return len(publish(quarter=Quarter.last_settled(legal_day(now)), by=Actor.system("statistics"), now=now))
    except Refused as refused:
        _log.warning("the statistics were not published: %s", refused.refusal.code)
        return 0
