"""Cut off anywhere: the next run comes to the same end, and nothing is done twice (issue 3, Done-when 1)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections, transaction

from accounts.models import User
from audit.models import EventEntry
from care.tenancy import ALL, scope
from lifecycle.models import Departed, Disposal
from lifecycle.retention import archiving, door, sweep
from records.models import Document, PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.retention.helpers import ARCHIVED, BY, DUE, make_full_file, ring_of, rows_of, stored
from vault import rings

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


class Crash(BaseException):
    """The process is gone: nothing of ours catches it."""


OF_THE_SERVER = ("ROLLBACK TO", "RELEASE", "select pg_advisory_unlock")
"""What PostgreSQL does by itself for a connection that is gone; here it is left to do for us."""


class Fuse:
    """Lets so many statements through, then cuts off: nothing is asked of either database any more."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.blew = False

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(OF_THE_SERVER[0]) or (self.blew and sql.startswith(OF_THE_SERVER)):
            return execute(sql, params, many, context)
        if self.left == 0:
            self.blew = True
            raise Crash
        self.left -= 1
        return execute(sql, params, many, context)


@contextmanager
def cut_off(after: int) -> Iterator[Fuse]:
    """Crash before the statement number ``after``, on either database."""
    fuse = Fuse(after)
    with ExitStack() as stack:
        for alias in ("default", "keys"):
            stack.enter_context(connections[alias].execute_wrapper(fuse))
        yield fuse


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def files(practitioner: User) -> list[UUID]:
    return [make_full_file(practitioner).pk for _ in range(2)]


def end_state(files: list[UUID]) -> dict[str, Any]:
    with scope(ALL):
        lines = EventEntry.objects.filter(verb="lifecycle.file.destroyed").values_list("subject_id", flat=True)
        return {
            "rows": [rows_of(file_id) for file_id in files],
            "keys": [ring_of(file_id) for file_id in files],
            "lines": sorted(lines) == sorted(files),
            "disposals": sorted(Disposal.objects.values_list("file_id", flat=True)) == sorted(files),
            "departed": sorted(Departed.objects.values_list("kind", "count")),
            "objects": Document.objects.count(),
        }


DESTROYED = {
    "rows": [{}, {}],
    "keys": ["dead"] * 2,
    "lines": True,
    "disposals": True,
    "departed": sorted((f"records.{kind}", 2) for kind in ("Consultation", "Document", "Measure", "PatientFile")),
    "objects": 0,
}


def destroy() -> None:
    sweep.destroy(by=BY, now=DUE, dry_run=False)


def put_back(names: list[str]) -> None:
    """The stored objects, which no rollback brings back."""
    for name in names:
        default_storage.delete(name)
        default_storage.save(name, ContentFile(b"sealed"))


@contextmanager
def undone() -> Iterator[None]:
    """Leave both databases as they were. What begins a transaction in here can be rolled back by itself, as outside."""
    with ExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(transaction.Atomic, "__enter__", _begin)
        for alias in ("default", "keys"):
            # As the test's own transaction: the rights journal refuses to copy inside one that could still be undone.
            stack.enter_context(transaction.atomic(using=alias))
            connections[alias].atomic_blocks[-1]._from_testcase = True
        yield
        for alias in ("default", "keys"):
            transaction.set_rollback(True, using=alias)


BEGIN = transaction.Atomic.__enter__


def _begin(block: transaction.Atomic) -> None:
    """Begin an outermost block of the code under test with a savepoint, even if it asks for none (``save``, ``bulk_create``).

    Without one Django would only mark the test's transaction as broken, keep half of the block's work, and refuse all
    that follows; in production the block is a transaction of its own and is rolled back.
    """
    around = transaction.get_connection(block.using).atomic_blocks
    if around and around[-1]._from_testcase:
        block.savepoint = True
    BEGIN(block)


def test_destruction_cut_off_before_each_statement_is_finished_by_the_next_run(files: list[UUID]) -> None:
    """The main transaction of the cut-off step is undone; the keys that died in it stay dead, as on two databases."""
    with scope(ALL):
        names = list(Document.objects.values_list("storage_name", flat=True))
    for step in range(1_000):
        put_back(names)
        with undone():
            with cut_off(step) as fuse, suppress(Crash):
                destroy()
            alive = [file_id for file_id in files if ring_of(file_id) != "dead"]
            assert [rows_of(file_id)["PatientFile"] for file_id in alive] == [1] * len(alive)
            destroy()
            assert end_state(files) == DESTROYED
            assert [name for name in names if default_storage.exists(name)] == []
        if not fuse.blew:
            break
    assert 50 < step < 1_000


@pytest.mark.parametrize("at", ["keys", "objects", "rows"])
def test_crash_between_the_steps(files: list[UUID], at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is done and its main transaction lost: right after the keys, the objects, the rows."""
    place = {
        "keys": (rings, "destroy"),
        "objects": (door, "remove_objects"),
        "rows": (door, "_delete_rows"),
    }[at]
    whole = getattr(*place)

    def done_then_gone(*arguments: Any, **named: Any) -> None:
        whole(*arguments, **named)
        raise Crash

    assert sorted(door.decide(None, reason=door.Reason.TERM, by=BY, now=DUE)) == sorted(files)
    monkeypatch.setattr(*place, done_then_gone)
    with pytest.raises(Crash):
        door.finish_decided(by=BY, now=DUE)
    assert [rows_of(file_id)["PatientFile"] for file_id in files] == [1, 1]
    monkeypatch.setattr(*place, whole)
    assert door.finish_decided(by=BY, now=DUE) == 2
    assert end_state(files) == DESTROYED


def test_archiving_cut_off_before_each_statement_is_finished_by_the_next_run(files: list[UUID]) -> None:
    for step in range(1_000):
        with undone():
            with cut_off(step) as fuse, suppress(Crash):
                archiving.archive_due(by=BY, now=ARCHIVED)
            archiving.archive_due(by=BY, now=ARCHIVED)
            assert [ring_of(file_id) for file_id in files] == ["archive"] * 2
            assert [stored(file_id).archived_at for file_id in files] == [ARCHIVED] * 2
            assert EventEntry.objects.filter(verb="lifecycle.file.archived").count() == 2
        if not fuse.blew:
            break
    assert 8 < step < 1_000


def test_file_whose_object_can_t_be_deleted_keeps_no_other(files: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    with scope(ALL):
        stuck = Document.objects.get(file_id=files[1])
    remove = door.remove_objects

    def refuse(names: Any) -> int:
        wanted = list(names)
        if stuck.storage_name in wanted:
            raise OSError("the storage is away")
        return remove(wanted)

    monkeypatch.setattr(door, "remove_objects", refuse)
    outcome = sweep.destroy(by=BY, now=DUE, dry_run=False)[sweep.DESTROY]
    assert outcome.counts() == {"due": 2, "done": 1, "held": 0, "failed": 1}
    assert [sorted(rows_of(file_id)) == [] for file_id in files] == [True, False]
    monkeypatch.setattr(door, "remove_objects", remove)
    outcome = sweep.destroy(by=BY, now=DUE, dry_run=False)[sweep.DESTROY]
    assert outcome.counts() == {"due": 1, "done": 1, "held": 0, "failed": 0}
    assert end_state(files) == DESTROYED


def test_sweep_counts_and_changes_nothing_unless_told(files: list[UUID]) -> None:
    outcome = sweep.destroy(by=BY, now=DUE)[sweep.DESTROY]
    assert outcome.counts() == {"due": 2, "done": 0, "held": 0, "failed": 0}
    with scope(ALL):
        assert PatientFile.objects.count() == 2
