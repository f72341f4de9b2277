"""What the worker does for the patient files (Celery looks here)."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from care.tenancy import ALL, scope
from records.actions import remove_orphans
from records.assist.actions import lapse
from records.coverage.actions import close_lost
from records.importing.runs import forget_unconfirmed, remove_strays
from records.importing.tasks import process_import, resume_imports
from records.models import CoverageCheck
from records.statistics.tasks import publish_statistics

__all__ = ["process_import", "publish_statistics", "resume_imports", "sweep_documents"]


@shared_task(name="records.sweep_documents")
def sweep_documents() -> int:
    """Delete stored documents and uploads whose transaction failed, and imports that nobody confirmed (hourly). How many.

    Questions to a payer that nobody answered any more are closed too, and what was asked of a machine and never came goes with its sound.
    """
    now = timezone.now()
    with transaction.atomic(), scope(ALL):
        closed = close_lost(CoverageCheck.objects.all(), now=now)
    closed += lapse(now=now)
    return closed + forget_unconfirmed(now=now) + remove_orphans(now=now) + remove_strays(now=now)
