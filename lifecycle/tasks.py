"""The bell for the sweeps; what there is to do stands in the tables. Safe to run twice."""

import logging
from contextlib import suppress
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from audit.actors import Actor
from lifecycle import sweeping
from lifecycle.changes import telling
from lifecycle.deletion import executing
from lifecycle.rights import guard
from lifecycle.rights.journal import copy_new
from lifecycle.schedule.redating import redate_all
from privacy.refusals import Refused

_log = logging.getLogger(__name__)


@shared_task(name="lifecycle.execute_deletion")
def execute_deletion(account_id: str) -> None:
    """Execute one deletion whose wait was given up; what fails here is the sweep's to try again."""
    with suppress(Refused):
        executing.execute_due(account_id=UUID(account_id), by=Actor.system("execute_deletion"), now=timezone.now())


@shared_task(name="lifecycle.sweep")
def sweep() -> dict[str, int]:
    """Do all that is due (hourly); returns how many of each rule. Nothing while another sweep is at work."""
    try:
        found = sweeping.run_all(by=Actor.system("sweep"), now=timezone.now(), dry_run=False, wait=False)
    except sweeping.AlreadyAtWork:
        return {}
    return {rule: outcome["done"] for rule, outcome in found.items()}


@shared_task(name="lifecycle.tell_changes")
def tell_changes() -> int:
    """Tell everybody of a version that was just announced; returns how many. The hourly sweep goes on with it."""
    found = telling.sweep(by=Actor.system("tell_changes"), now=timezone.now(), dry_run=False)
    return sum(outcome.done for outcome in found.values())


@shared_task(name="lifecycle.redate")
def redate() -> int:
    """Give every file the end of the schedule in force (after an approval); returns how many. A sweep goes on with it."""
    return redate_all(by=Actor.system("redate"), now=timezone.now()).done


@shared_task(name="lifecycle.copy_rights")
def copy_rights() -> int:
    """Copy decisions about rights to the rights journal (every few seconds); nothing on a database that was restored."""
    if refusal := guard.why_not_start():
        _log.error("%s", refusal)
        return 0
    return copy_new()
