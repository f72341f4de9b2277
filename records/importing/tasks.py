"""Imports in the worker: an id comes in, and a second call changes nothing."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from celery import shared_task
from django.db import OperationalError, transaction
from django.utils import timezone

from audit.actors import Actor
from care.tenancy import ALL, scope

from . import runs, working

LOST_AFTER: Final = timedelta(minutes=2)
"""A run that isn't over after this long is started again: its worker may be gone."""


@shared_task(name="records.process_import")
def process_import(run_id: str) -> None:
    """Do what is left of one import. A database that can't be reached is waited for; any other fault ends the import."""
    now = timezone.now()
    try:
        working.work(UUID(run_id), by=None, now=now)
    except OperationalError:
        raise
    except Exception:
        runs.give_up(run_id=UUID(run_id), by=Actor.system("imports"), now=now)
        raise


@shared_task(name="records.resume_imports")
def resume_imports() -> int:
    """Start again what a lost worker left; returns how many."""
    with transaction.atomic(), scope(ALL):
        lost = runs.unfinished(before=timezone.now() - LOST_AFTER)
    for run_id in lost:
        process_import.delay(str(run_id))
    return len(lost)
