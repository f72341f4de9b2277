"""What the worker does for the patient files (Celery looks here)."""

from celery import shared_task
from django.utils import timezone

from records.actions import remove_orphans
from records.importing.runs import forget_unconfirmed, remove_strays
from records.importing.tasks import process_import, resume_imports
from records.statistics.tasks import publish_statistics

__all__ = ["process_import", "publish_statistics", "resume_imports", "sweep_documents"]


@shared_task(name="records.sweep_documents")
def sweep_documents() -> int:
    """Delete stored documents and uploads whose transaction failed, and imports that nobody confirmed (hourly). How many."""
    now = timezone.now()
    return forget_unconfirmed(now=now) + remove_orphans(now=now) + remove_strays(now=now)
