"""Directives end with their account; what is left of ended ones leaves three years later (PC-52)."""

from datetime import datetime
from typing import Final

from django.db import transaction

from audit.actors import Actor
from gdpr_requests.directives.actions import end
from gdpr_requests.models import Directive
from gdpr_requests.models.directives import Ended
from lifecycle.expiring.terms import ONE_DAY, ended_by
from lifecycle.models import Erasure
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day, start_of
from privacy.retention import Anchor
from vault import rings

TERM: Final = "PC-52"
RULE: Final = "PC-52.directives"


@transaction.atomic
def end_of_erased(now: datetime) -> None:
    """End the directives of accounts that were erased; the key dies first, so that a crash leaves nothing that opens."""
    gone = Erasure.objects.filter(kind="account", state=Erasure.State.DECIDED, subject_id__isnull=False)
    rows = list(Directive.objects.select_for_update().filter(account_id__in=gone.values("subject_id"), ended_at=None))
    rings.destroy([row.pk for row in rows], now)
    for row in rows:
        end(row, Ended.ERASED, Actor.system("erasure"), now)


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Destroy keys that outlived a crash, and let go the rows whose last day is past."""
    ended = Directive.objects.exclude(ended_at=None)
    past = ended_by(TERM, Anchor.REQUEST_CLOSED, legal_day(now))
    due = ended.filter(ended_at__lt=start_of(past + ONE_DAY))
    outcome = Outcome(due=due.count())
    if not dry_run:
        rings.destroy(list(ended.values_list("pk", flat=True)), now)
        outcome.done = due.delete()[0]
    return {RULE: outcome}
