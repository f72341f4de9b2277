"""Starts the work of an import: a little of it at once, more of it in the worker."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from care.models import Practice
from care.tenancy import ALL, scope
from consents.queries import core_open
from privacy.purposes import Purpose
from records.models import ImportRun
from vault import access
from vault.handles import Handle

from . import runs
from .importer import Importer

AT_ONCE_BYTES: Final = 2_000_000
"""Files of up to this size together are taken while the person waits (bytes)."""


def begin(
    practice: Practice, files: Sequence["UploadedFile[Any]"], *, twins: bool, by: Actor, now: datetime
) -> ImportRun:
    """Seal the uploaded files and try them: the run is a dry one until it is confirmed."""
    names = [file.name or "" for file in files]
    run, handle = runs.open_run(
        practice=practice, names=names, steps=runs.number_of_steps(names), dry_run=True, twins=twins, by=by, now=now
    )
    runs.keep_uploads(run, handle, [cast(BinaryIO, file.file) for file in files])
    go_on(run, by=by, now=now)
    return run


def go_on(run: ImportRun, *, by: Actor, now: datetime) -> None:
    """Do a small run now; hand a large one to the worker once this transaction is committed (ids only)."""
    from .tasks import process_import

    size = sum(default_storage.size(name) for name in run.storage_names)
    if size <= AT_ONCE_BYTES:
        work(run.pk, by=by, now=now)
    else:
        transaction.on_commit(lambda: process_import.delay(str(run.pk)))


def work(run_id: UUID, *, by: Actor | None, now: datetime) -> None:
    """Do what is left of a run; safe to call twice, and by two workers at once.

    Without `by` the work goes on in the name of whoever began it. It stops without a word when the person's core
    functions were closed meanwhile (their consent is asked again here, not only when they clicked).
    """
    with transaction.atomic(), scope(ALL):
        run = ImportRun.objects.select_related("practice", "started_by").filter(pk=run_id).first()
    if run is None or run.state in (runs.State.DONE, runs.State.FAILED):
        return
    user: User = run.started_by
    actor = by or Actor(account_id=user.pk, role="practitioner", practice_id=run.practice_id, channel="task")
    if core_open(user.pk, now=now):
        return
    importer = Importer(user, run.practice, actor, now, dry_run=run.dry_run, twins=bool(run.figures.get("twins")))
    handle = _open(run, actor, now)
    runs.process(importer, run, handle, runs.stored_uploads(run, handle))


def _open(run: ImportRun, by: Actor, now: datetime) -> Handle:
    with transaction.atomic(), scope([run.practice_id]):
        return access.open(
            run.pk, by=by, purpose=Purpose.CARE, part="import", practice_id=run.practice_id, now=now, action="import"
        )
