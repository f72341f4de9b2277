"""Exports in the worker: an id comes in, and a second call changes nothing."""

from typing import Final
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from gdpr_requests.export import building, queries

LONGEST: Final = 6 * 3600
"""Seconds a build may take: a large practice with many documents needs more than other tasks."""


@shared_task(name="gdpr_requests.build_export", time_limit=LONGEST)
def build_export(export_id: str) -> None:
    """Build one export, unless it is being built."""
    building.build(UUID(export_id), now=timezone.now())


@shared_task(name="gdpr_requests.resume_exports")
def resume_exports() -> int:
    """Begin again what a lost worker or a failing storage left; returns how many are under way."""
    waiting = queries.under_way()
    for export_id in waiting:
        build_export.delay(str(export_id))
    return len(waiting)
