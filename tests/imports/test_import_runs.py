"""The life of an import: waits sealed, is tried, confirmed, goes on after a lost worker, and leaves a report (PC-123)."""

import os
from datetime import datetime, timedelta
from io import BytesIO
from threading import Event, Thread
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.utils import timezone
from time_machine import travel

from audit.models import EventEntry
from care.tenancy import ALL, scope
from records.importing import runs, starting, tasks, working
from records.importing.report import FIGURES
from records.models import Consultation, ImportLine, ImportRun, KeptResource, PatientFile, SourceRecord
from records.tasks import sweep_documents

from .bundles import as_text, bundle, encounter, entry, patient
from .factories import Practising, make_practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

OTHER_ID = "5d0f1c53-8b2e-4a5f-9f0e-6a1b2c3d4e5f"


def other_bundle() -> dict[str, Any]:
    """Of another patient."""
    name = [{"family": "Quéméneur", "given": ["Yann"]}]
    return bundle(entry("Patient", OTHER_ID, name=name, birthDate="1970-01-02", gender="male"))


def files(*values: dict[str, Any]) -> list[SimpleUploadedFile]:
    return [SimpleUploadedFile(f"{n}-Kermadec.json", as_text(v).encode()) for n, v in enumerate(values)]


def begin(practising: Practising, *values: dict[str, Any]) -> ImportRun:
    run = starting.begin(
        practising.practice, files(*values), twins=False, by=practising.importer().by, now=practising.now
    )
    return fresh(run)


def fresh(run: ImportRun) -> ImportRun:
    with scope(ALL):
        return ImportRun.objects.get(pk=run.pk)


def uploads() -> list[str]:
    return default_storage.listdir(runs.FOLDER)[1] if default_storage.exists(runs.FOLDER) else []


def patients() -> int:
    with scope(ALL):
        return PatientFile.objects.count()


def test_upload_is_tried_first_and_kept_only_sealed(practising: Practising) -> None:
    run = begin(practising, bundle(), other_bundle())
    assert (run.dry_run, run.state, run.position, run.total) == (True, "done", 2, 2)
    assert (run.figures["patients"], patients(), len(uploads())) == (2, 0, 2)
    for name in uploads():
        with default_storage.open(f"{runs.FOLDER}/{name}", "rb") as sealed:
            assert b"Morvan" not in sealed.read()


def test_confirmed_run_brings_the_patients_and_removes_the_uploads(
    practising: Practising, django_capture_on_commit_callbacks: Any
) -> None:
    run = begin(practising, bundle(), other_bundle())
    with django_capture_on_commit_callbacks(execute=True):
        assert runs.confirm(run=run, by=practising.importer().by, now=practising.now)
        starting.go_on(fresh(run), by=practising.importer().by, now=practising.now)
    run = fresh(run)
    assert (run.dry_run, run.state, run.storage_names, uploads(), patients()) == (False, "done", [], [], 2)
    assert run.figures["resources"] == sum(run.figures.get(name, 0) for name in FIGURES) == 3
    assert not runs.confirm(run=run, by=practising.importer().by, now=practising.now)


def test_discarded_run_leaves_nothing(practising: Practising, django_capture_on_commit_callbacks: Any) -> None:
    run = begin(practising, bundle())
    with django_capture_on_commit_callbacks(execute=True):
        runs.discard(run=run, by=practising.importer().by, now=practising.now)
    with scope(ALL):
        assert (ImportRun.objects.count(), ImportLine.objects.count(), uploads(), patients()) == (0, 0, [], 0)


def test_unconfirmed_run_is_forgotten_after_seven_days_and_not_before(
    practising: Practising, django_capture_on_commit_callbacks: Any
) -> None:
    """Its sealed uploads would lie there without an end. Who confirmed in time keeps what came."""
    confirmed, run = begin(practising, bundle()), begin(practising, other_bundle())
    runs.confirm(run=confirmed, by=practising.importer().by, now=practising.now)
    ends = runs.kept_until(run)
    assert (ends, len(uploads())) == (run.started_at + timedelta(days=7), 2)
    found = []
    for moment in (ends - timedelta(seconds=1), ends, ends):
        with django_capture_on_commit_callbacks(execute=True):
            forgotten = runs.forget_unconfirmed(now=moment)
        with scope(ALL):
            found.append((forgotten, set(ImportRun.objects.values_list("pk", flat=True)), len(uploads())))
    assert found == [(0, {confirmed.pk, run.pk}, 2), (1, {confirmed.pk}, 1), (0, {confirmed.pk}, 1)]
    assert EventEntry.objects.filter(verb="records.import.expired").values_list("object_id", "actor_role").get() == (
        str(run.pk), "system",
    )  # fmt: skip


def test_expired_run_is_not_confirmed_even_before_the_sweep(practising: Practising) -> None:
    run = begin(practising, bundle())
    assert runs.confirm(run=run, by=practising.importer().by, now=runs.kept_until(run)) is False
    assert (fresh(run).dry_run, patients()) == (True, 0)


def test_hourly_sweep_forgets_unconfirmed_runs(practising: Practising, django_capture_on_commit_callbacks: Any) -> None:
    run = begin(practising, bundle())
    for moment, left in ((runs.kept_until(run) - timedelta(minutes=1), True), (runs.kept_until(run), False)):
        with travel(moment, tick=False), django_capture_on_commit_callbacks(execute=True):
            assert (sweep_documents() > 0) is not left
        with scope(ALL):
            assert (ImportRun.objects.count(), len(uploads())) == (left, left)


def test_worker_that_dies_half_way_goes_on_without_doubles(
    practising: Practising, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(practising, bundle(), other_bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    real = runs._note
    calls: list[int] = []

    def dies(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*args)

    monkeypatch.setattr(runs, "_note", dies)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        working.work(run.pk, by=None, now=practising.now)
    monkeypatch.setattr(runs, "_note", real)
    working.work(run.pk, by=None, now=practising.now)
    working.work(run.pk, by=None, now=practising.now)
    run = fresh(run)
    assert (run.state, run.position, run.figures["patients"], patients()) == ("done", 2, 2, 2)
    with scope(ALL):
        assert SourceRecord.objects.count() == 3


def test_step_that_another_worker_did_is_left_alone(practising: Practising) -> None:
    run = begin(practising, bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    importer = practising.importer()
    with transaction.atomic(), practising.scope():
        handle = working._open(fresh(run), importer.by, practising.now)
        waiting = runs.stored_uploads(fresh(run), handle)
        assert runs.process(importer, fresh(run), handle, waiting).figures["patients"] == 1
        assert runs.process(importer, fresh(run), handle, []).figures["patients"] == 0
    assert patients() == 1


def test_task_takes_an_id_and_only_that(practising: Practising) -> None:
    run = begin(practising, bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    tasks.process_import(str(run.pk))
    tasks.process_import(str(run.pk))
    tasks.process_import("00000000-0000-7000-8000-000000000000")
    assert patients() == 1


def test_fault_ends_the_run_and_keeps_what_came(
    practising: Practising, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    run = begin(practising, bundle(), other_bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    real = runs._note

    def breaks(row: ImportRun, *args: Any) -> None:
        if row.position == 1:
            raise RuntimeError("a fault of ours")
        real(row, *args)

    monkeypatch.setattr(runs, "_note", breaks)
    with pytest.raises(RuntimeError, match="a fault of ours"), django_capture_on_commit_callbacks(execute=True):
        tasks.process_import(str(run.pk))
    monkeypatch.undo()
    tasks.process_import(str(run.pk))
    assert (fresh(run).state, patients(), uploads()) == ("failed", 1, [])
    with scope(ALL):
        assert runs.unfinished(before=practising.now + tasks.LOST_AFTER) == []


def test_lost_run_is_found_again(practising: Practising) -> None:
    run = begin(practising, bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    with scope(ALL):
        assert runs.unfinished(before=practising.now) == []
        assert runs.unfinished(before=practising.now + tasks.LOST_AFTER) == [run.pk]


def test_closed_core_stops_the_worker(practising: Practising, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(practising, bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    monkeypatch.setattr(working, "why_closed", lambda _account, _act, now: "closed")
    working.work(run.pk, by=None, now=practising.now)
    assert (patients(), fresh(run).position) == (0, 0)


def test_large_upload_goes_to_the_worker_after_the_commit(
    practising: Practising, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(starting, "AT_ONCE_BYTES", 10)
    monkeypatch.setattr(starting.process_import, "delay", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        run = begin(practising, bundle())
        assert sent == []
    assert (sent, run.state) == ([str(run.pk)], "waiting")


def test_lines_and_names_of_files_are_sealed(practising: Practising) -> None:
    run = begin(practising, bundle(patient(), encounter(), entry("Nothing", "1")))
    with transaction.atomic(), scope(ALL):
        [line] = ImportLine.objects.filter(run=run)
        handle = working._open(run, practising.importer().by, practising.now)
        assert (handle.read(line, "source"), handle.read(line, "path")) == (
            "0-Kermadec.json",
            "entry[2].resource.resourceType",
        )
        assert handle.read(run, "file_names") == ["0-Kermadec.json"]
        assert b"Kermadec" not in bytes(line.source) + bytes(run.file_names)


def test_upload_that_cannot_be_stored_leaves_nothing(practising: Practising, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, os.strerror(28))

    run, handle = None, None
    with transaction.atomic(), practising.scope():
        run, handle = runs.open_run(
            practice=practising.practice,
            names=["a.json", "b.json"],
            steps=2,
            dry_run=True,
            by=practising.importer().by,
            now=practising.now,
        )
        with pytest.raises(OSError, match="No space"):
            runs.keep_uploads(run, handle, [BytesIO(b"{}"), Full()])
    assert uploads() == []


def test_practices_do_not_see_each_others_runs(practising: Practising) -> None:
    begin(practising, bundle())
    other = make_practising(practising.now)
    with other.scope():
        assert ImportRun.objects.count() == 0


def test_report_of_a_real_run_names_the_files_it_made(practising: Practising) -> None:
    run = begin(practising, bundle())
    runs.confirm(run=run, by=practising.importer().by, now=practising.now)
    working.work(run.pk, by=practising.importer().by, now=practising.now)
    with scope(ALL):
        [line] = ImportLine.objects.filter(run=run)
        assert (line.outcome, line.count, line.file_id) == ("created", 2, PatientFile.objects.get().pk)
        assert Consultation.objects.count() == 1
        assert KeptResource.objects.count() == 0


def test_upload_of_a_request_that_was_rolled_back_is_swept(practising: Practising) -> None:
    kept = begin(practising, bundle())
    with transaction.atomic():
        begin(practising, other_bundle())
        transaction.set_rollback(True)
    assert len(uploads()) == 2
    moment = timezone.now()
    assert runs.remove_strays(now=moment) == 0
    assert runs.remove_strays(now=moment + timedelta(hours=2)) == 1
    assert [f"{runs.FOLDER}/{name}" for name in uploads()] == kept.storage_names


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_second_worker_does_not_wait_for_the_first(now: datetime) -> None:
    """A long import is started again each minute: workers that wait would leave none for the rest of the house."""
    practising = make_practising(now)
    run = begin(practising, bundle())
    runs.confirm(run=run, by=practising.importer().by, now=now)
    came_back = Event()

    def second() -> None:
        try:
            working.work(run.pk, by=practising.importer().by, now=now)
            came_back.set()
        finally:
            connections.close_all()

    with transaction.atomic(), practising.scope():
        ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        worker = Thread(target=second)
        worker.start()
        worker.join(timeout=10)
        assert came_back.is_set()
    worker.join(timeout=10)
    assert (fresh(run).position, patients()) == (0, 0)
    working.work(run.pk, by=practising.importer().by, now=now)
    assert (fresh(run).state, patients()) == ("done", 1)
