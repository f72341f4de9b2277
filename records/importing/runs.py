"""The life of one import: its files wait sealed, it goes on step by step, and what came of it stays as a report.

Each step (a bundle, or the CSV files together) is one transaction that also moves the run's position. So a worker
that is killed half-way goes on where it was, and two workers can't do a step twice (PC-123).
"""

import secrets
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO, Final, cast
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from audit.actions import record_event
from audit.actors import Actor
from care.models import Practice
from care.tenancy import ALL, scope
from privacy.ids import new_id
from privacy.purposes import Purpose
from records.actions.documents import stored_before
from records.models import ImportLine, ImportRun
from records.objects import remove_objects
from vault import access, rings
from vault.handles import Handle

from .actions import Upload, import_file, import_sheets
from .importer import Importer
from .report import Report

FOLDER: Final = "imports"
UNCONFIRMED: Final = timedelta(days=7)
"""How long a dry run waits for its confirmation: its sealed files would lie there without an end."""
State = ImportRun.State
_SPOOL: Final = 1 << 20
_LINES_AT_ONCE: Final = 500


def open_run(
    *,
    practice: Practice,
    names: Sequence[str],
    steps: int,
    dry_run: bool,
    twins: bool = False,
    by: Actor,
    now: datetime,
) -> tuple[ImportRun, Handle]:
    """A run that waits, with a key of its own for the names of its files. `steps` is how many it will take."""
    run = ImportRun(
        id=new_id(), practice=practice, started_at=now, started_by_id=_person(by), format=_format(names), dry_run=dry_run,
        total=steps, figures={"twins": int(twins)},
    )  # fmt: skip
    with transaction.atomic(), scope([practice.pk]), transaction.atomic(using="keys"):
        handle = access.new_file(file_id=run.id, by=by, practice_id=practice.pk, purpose=Purpose.CARE, now=now)
        handle.write(run, file_names=list(names))
        run.save(force_insert=True)
        _journal(run, "started", by, now)
    return run, handle


def keep_uploads(run: ImportRun, handle: Handle, sources: Sequence[BinaryIO]) -> None:
    """Seal the uploaded files into the storage until the run is over; `sources` are in the order of the run's names."""
    names = [f"{FOLDER}/{secrets.token_hex(20)}" for _source in sources]
    try:
        for name, source in zip(names, sources, strict=True):
            _seal(handle, source, name)
        with transaction.atomic(), scope([run.practice_id]):
            run.storage_names = names
            run.save(update_fields=["storage_names"])
    except BaseException:
        remove_objects(names)
        raise


def steps_of(uploads: Sequence[Upload]) -> list[Callable[[Importer], Report]]:
    """What the run does one after the other: each bundle by itself, then the CSV files together."""
    bundles = [upload for upload in uploads if not upload.is_csv]
    sheets = [upload for upload in uploads if upload.is_csv]
    steps: list[Callable[[Importer], Report]] = [lambda i, u=upload: import_file(i, u) for upload in bundles]  # type: ignore[misc]
    return [*steps, lambda i: import_sheets(i, sheets)] if sheets else steps


def number_of_steps(names: Sequence[str]) -> int:
    """How many steps files of these names take."""
    return len(steps_of([Upload(name, 0, BytesIO) for name in names]))


def process(importer: Importer, run: ImportRun, handle: Handle, uploads: Sequence[Upload]) -> Report:
    """Do the steps that are left, each in its own transaction; returns what they brought.

    When all are done the run is over, and the uploaded files leave the storage (they stay while it was a dry run).
    """
    report = Report()
    for number, step in enumerate(steps_of(uploads)):
        with transaction.atomic(), scope([importer.practice.pk]):
            row = ImportRun.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=run.pk).first()
            if row is None:
                return report  # another worker is at it and goes on: don't keep this one waiting
            if row.position != number or row.dry_run != importer.dry_run:
                continue  # done by an earlier try, or by another worker
            importer.run = row
            done = step(importer)
            _note(row, handle, done)
        report.add(done)
    _finish(importer, run)
    return report


def stored_uploads(run: ImportRun, handle: Handle) -> list[Upload]:
    """The run's files, opened from the storage when they are needed."""
    names: list[str] = handle.read(run, "file_names") or []
    return [Upload(name, *_sized(handle, stored)) for name, stored in zip(names, run.storage_names, strict=True)]


def confirm(*, run: ImportRun, by: Actor, now: datetime) -> bool:
    """After a dry run: the same files for real. False when it was confirmed or its days are over. The dry report goes."""
    with transaction.atomic(), scope([run.practice_id]):
        row = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if not row.dry_run or row.state != State.DONE or kept_until(row) <= now:
            return False
        row.lines.all().delete()
        row.dry_run, row.state, row.position, row.finished_at = False, State.WAITING, 0, None
        row.figures = {"twins": row.figures.get("twins", 0)}
        row.save()
        _journal(row, "confirmed", by, now)
    return True


def kept_until(run: ImportRun) -> datetime:
    """The moment from which a dry run can't be confirmed any more, and its files leave."""
    return run.started_at + UNCONFIRMED


def discard(*, run: ImportRun, by: Actor, now: datetime) -> None:
    """Forget a dry run: its files leave the storage, and nothing was imported."""
    _forget(run, "discarded", by=by, now=now)


def forget_unconfirmed(*, now: datetime) -> int:
    """Forget the dry runs that nobody confirmed in seven days; one that is at work waits for the next sweep. How many."""
    with transaction.atomic(), scope(ALL):
        old = list(ImportRun.objects.filter(dry_run=True, started_at__lte=now - UNCONFIRMED))
    return sum(_forget(run, "expired", by=Actor.system("imports"), now=now, wait=False) for run in old)


def _forget(run: ImportRun, verb: str, *, by: Actor, now: datetime, wait: bool = True) -> bool:
    with transaction.atomic(), scope([run.practice_id]):
        rows = ImportRun.objects.select_for_update(of=("self",), skip_locked=not wait)
        row = rows.filter(pk=run.pk, dry_run=True).first()
        if row is None:
            return False
        row.lines.all().delete()
        _journal(row, verb, by, now)
        row.delete()
        transaction.on_commit(lambda: _gone(run.pk, row.storage_names, now))
    return True


def _gone(run_id: UUID, names: Sequence[str], now: datetime) -> None:
    """A run that is forgotten leaves no object, and a key that opens nothing any more."""
    remove_objects(names)
    rings.destroy([run_id], now)


def give_up(*, run_id: UUID, by: Actor, now: datetime) -> None:
    """Stop a run that can't go on: what it took stays, and its uploads leave the storage."""
    with transaction.atomic(), scope(ALL):
        run = ImportRun.objects.select_for_update(of=("self",)).get(pk=run_id)
        names, run.storage_names = run.storage_names, []
        run.state, run.finished_at = State.FAILED, now
        run.save(update_fields=["state", "finished_at", "storage_names"])
        transaction.on_commit(lambda: remove_objects(names))
        _journal(run, "stopped", by, now)


def unfinished(*, before: datetime) -> list[UUID]:
    """Runs that should have gone on: their worker was lost. Call it in the scope of all practices."""
    waiting = ImportRun.objects.filter(state__in=(State.WAITING, State.RUNNING), started_at__lt=before)
    return list(waiting.exclude(storage_names=[]).order_by("started_at").values_list("pk", flat=True))


def remove_strays(*, now: datetime) -> int:
    """Delete uploads that no run names: their request ended before it was committed. Returns how many."""
    old = stored_before(FOLDER, now=now)
    with scope(ALL):
        runs = ImportRun.objects.exclude(storage_names=[]).values_list("storage_names", flat=True)
        named = {name for names in runs for name in names}
    strays = [name for name in old if name not in named]
    remove_objects(strays)
    return len(strays)


def _note(run: ImportRun, handle: Handle, report: Report) -> None:
    """Add a step's lines and figures to the run, and move on."""
    first = (run.lines.aggregate(last=Max("number"))["last"] or 0) + 1
    lines = []
    for number, line in enumerate(report.lines, start=first):
        row = ImportLine(
            id=new_id(), practice_id=run.practice_id, run=run, number=number, outcome=line.outcome,
            object_type=line.object_type, object_id=line.object_id, file_id=None if run.dry_run else line.file_id,
            count=line.count,
        )  # fmt: skip
        handle.write(row, source=line.source, path=line.path, message=line.message)
        lines.append(row)
    ImportLine.objects.bulk_create(lines, batch_size=_LINES_AT_ONCE)
    run.figures = _added(run.figures, report)
    run.position += 1
    run.state = State.RUNNING
    run.save(update_fields=["figures", "position", "state"])


def _added(figures: dict[str, int], report: Report) -> dict[str, int]:
    kept = {f"kept.{kind}": count for kind, count in report.kept.items()}
    new = {**report.figures, **kept}
    return figures | {name: figures.get(name, 0) + count for name, count in new.items()}


def _finish(importer: Importer, run: ImportRun) -> None:
    with transaction.atomic(), scope([importer.practice.pk]):
        row = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if row.state == State.DONE or row.position < row.total:
            return
        row.state, row.finished_at = State.DONE, importer.now
        names = row.storage_names
        if not row.dry_run:
            row.storage_names = []
            transaction.on_commit(lambda: remove_objects(names))
        row.save(update_fields=["state", "finished_at", "storage_names"])
        _journal(row, "finished", importer.by, importer.now)


def _person(by: Actor) -> UUID:
    if by.account_id is None:
        raise ValueError("an import is begun by a person, not by a job")
    return by.account_id


def _seal(handle: Handle, source: BinaryIO, name: str) -> None:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as sealed:
        handle.seal_file(source, sealed, name=name)  # type: ignore[arg-type]
        sealed.seek(0)
        default_storage.save(name, File(sealed))


def _sized(handle: Handle, stored: str) -> tuple[int, Callable[[], BinaryIO]]:
    """The size in the storage (a little more than in clear) and the way to the clear bytes, in memory only."""

    def opened() -> BinaryIO:
        with default_storage.open(stored, "rb") as sealed:
            return BytesIO(b"".join(handle.open_file(cast(BinaryIO, sealed), name=stored)))

    return default_storage.size(stored), opened


def _format(names: Sequence[str]) -> str:
    kinds = {Upload(name, 0, BytesIO).is_csv for name in names}
    return "mixed" if len(kinds) > 1 else "csv" if True in kinds else "fhir"


def _journal(run: ImportRun, verb: str, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"records.import.{verb}", object_type=run._meta.label, object_id=run.pk, practice_id=run.practice_id,
        detail={"format": run.format, "steps": run.total, "dry_run": int(run.dry_run)}, now=now,
    )  # fmt: skip
