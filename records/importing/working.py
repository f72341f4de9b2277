"""The work of an import, wherever it is done: in the request, in the worker, again after a loss."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import Act
from accounts.closing import why_closed
from accounts.models import User
from audit.actors import Actor
from care.tenancy import ALL, scope
from privacy.purposes import Purpose
from records.models import ImportRun
from vault import access
from vault.handles import Handle

from . import runs
from .importer import Importer


def work(run_id: UUID, *, by: Actor | None, now: datetime) -> None:
    """Do what is left of a run; safe to call twice, and by two workers at once.

    Without `by` the work goes on in the name of whoever began it. It stops without a word when the person's core
    functions were closed meanwhile (their consent and their phase are asked again here, not only when they clicked).
    """
    with transaction.atomic(), scope(ALL):
        run = ImportRun.objects.select_related("practice", "started_by").filter(pk=run_id).first()
    if run is None or run.state in (runs.State.DONE, runs.State.FAILED):
        return
    user: User = run.started_by
    actor = by or Actor(account_id=user.pk, role="practitioner", practice_id=run.practice_id, channel="task")
    if why_closed(user.pk, Act.CARE, now=now):
        return
    importer = Importer(user, run.practice, actor, now, dry_run=run.dry_run, twins=bool(run.figures.get("twins")))
    handle = _open(run, actor, now)
    runs.process(importer, run, handle, runs.stored_uploads(run, handle))


def _open(run: ImportRun, by: Actor, now: datetime) -> Handle:
    with transaction.atomic(), scope([run.practice_id]):
        return access.open(
            run.pk, by=by, purpose=Purpose.CARE, part="import", practice_id=run.practice_id, now=now, action="import"
        )
