"""Begins an import: a little of it is done at once, more of it in the worker."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final, cast

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.actors import Actor
from care.models import Practice
from records.models import ImportRun

from . import runs
from .tasks import process_import
from .working import work

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
    size = sum(default_storage.size(name) for name in run.storage_names)
    if size <= AT_ONCE_BYTES:
        work(run.pk, by=by, now=now)
    else:
        transaction.on_commit(lambda: process_import.delay(str(run.pk)))
