"""The bell for the ledger's work; what there is to do stands in the tables. All safe to run twice."""

from celery import shared_task
from django.utils import timezone

from audit import calendar, checkpoints, sealing


@shared_task
def seal() -> int:
    """Seal what came since the last seal (every 5 seconds)."""
    return sealing.seal_all(timezone.now())


@shared_task
def make_months() -> list[str]:
    """Make the journals' partitions ahead of time (daily)."""
    return calendar.make_months(timezone.now())


@shared_task
def export_checkpoint() -> str:
    """Write a signed checkpoint outside the database (every 10 minutes)."""
    return str(checkpoints.export(checkpoints.folder(), timezone.now()) or "")
