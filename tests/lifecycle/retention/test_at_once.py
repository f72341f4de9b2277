"""Two sweeps at once, and holds placed while one runs, on connections of their own (LAW-03, PC-41)."""

import threading
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from audit.models import EventEntry
from care.tenancy import ALL, scope
from lifecycle.models import Departed, Disposal, Hold
from lifecycle.retention import deciding, door, sweep
from lifecycle.sweeping import run_all
from privacy.refusals import Refused
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.retention.helpers import BY, DUE, make_full_file, ring_of, rows_of
from tests.lifecycle.test_holds import place
from tests.lifecycle.test_holds_machine import together
from tests.records.factories import make_file

pytestmark = [pytest.mark.django_db(databases=["default", "keys"], transaction=True), pytest.mark.database]


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def files(practitioner: User) -> list[UUID]:
    return [make_full_file(practitioner).pk, *(make_file(practitioner).pk for _ in range(9))]


def lines() -> list[UUID]:
    found = EventEntry.objects.filter(verb="lifecycle.file.destroyed").values_list("subject_id", flat=True)
    return sorted(file_id for file_id in found if file_id)


def destroy() -> dict[str, int]:
    return sweep.destroy(by=BY, now=DUE, dry_run=False, batch=3)[sweep.DESTROY].counts()


def test_sweeps_at_once_have_one_effect(files: list[UUID]) -> None:
    found = together(destroy, destroy, destroy)
    assert [one for one in found if isinstance(one, Exception)] == []
    assert sum(one["done"] for one in found if isinstance(one, dict)) == 10
    assert lines() == sorted(files)
    assert [rows_of(file_id) for file_id in files] == [{}] * 10
    assert {ring_of(file_id) for file_id in files} == {"dead"}
    with scope(ALL):
        assert Disposal.objects.count() == 10
    assert Departed.objects.get(kind="records.PatientFile").count == 10


def test_whole_sweeps_at_once_have_one_effect(files: list[UUID]) -> None:
    found = together(*[lambda: run_all(by=BY, now=DUE, dry_run=False)] * 2)
    done = [one[sweep.DESTROY] for one in found if isinstance(one, dict)]
    assert sorted(one["done"] for one in done) == [0, 10]
    assert lines() == sorted(files)


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """A decision that has locked its files waits before it reads their holds."""
    locked, go_on = threading.Event(), threading.Event()
    read = deciding._without_kept

    def waiting(*arguments: Any) -> list[UUID]:
        locked.set()
        go_on.wait(20)
        return read(*arguments)

    monkeypatch.setattr(deciding, "_without_kept", waiting)
    return locked, go_on


def test_hold_that_comes_while_its_file_is_being_decided_is_refused(
    files: list[UUID], paused: tuple[threading.Event, threading.Event]
) -> None:
    locked, go_on = paused
    with scope(ALL):
        file = PatientFile.objects.get(pk=files[0])

    def hold() -> Hold:
        locked.wait(20)
        threading.Timer(0.5, go_on.set).start()
        return place(file)

    decided, held = together(lambda: door.decide([file.pk], reason="term", by=BY, now=DUE), hold)
    assert decided == [file.pk]
    assert isinstance(held, Refused)
    assert "decided already" in str(held)


def test_hold_committed_before_the_lock_is_read_again_under_it(
    files: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was due when the sweep looked for files; the hold came before it had them locked."""
    with scope(ALL):
        file = PatientFile.objects.get(pk=files[0])
    lock = deciding._lock

    def hold_first(wanted: Any, passed_over: Any, *rest: Any) -> list[UUID]:
        if not passed_over:
            monkeypatch.setattr(deciding, "NOT_HELD", "true")  # as in a snapshot from before the hold
        return lock(wanted, passed_over, *rest)

    assert isinstance(together(lambda: place(file))[0], Hold)
    monkeypatch.setattr(deciding, "_lock", hold_first)
    decided = door.decide(None, reason="term", by=BY, now=DUE)
    assert sorted(decided) == sorted(set(files) - {file.pk})


def test_holds_placed_during_sweeps_are_either_kept_or_refused(files: list[UUID]) -> None:
    """Whoever comes first: a file that was held is whole; one whose hold was refused is gone."""
    with scope(ALL):
        rows = list(PatientFile.objects.in_bulk(files).values())
    placing = [lambda row=row: place(row) for row in rows[::2]]
    found = together(destroy, *placing, destroy)
    held = {hold.file_id for hold in found if isinstance(hold, Hold)}
    refused = [one for one in found if isinstance(one, Exception)]
    assert all(isinstance(one, Refused | PatientFile.DoesNotExist) for one in refused)
    assert len(held) + len(refused) == 5
    destroy()
    with scope(ALL):
        assert set(PatientFile.objects.values_list("pk", flat=True)) == held
    assert {ring_of(file_id) for file_id in held} <= {"active"}
    assert lines() == sorted(set(files) - held)


def test_a_consultation_and_a_decision_at_once_leave_one_answer(files: list[UUID], practitioner: User) -> None:
    """A row added meanwhile goes with its file, or the file isn't due any more."""
    from tests.records.factories import make_consultation

    with scope(ALL):
        file = PatientFile.objects.select_related("practice").get(pk=files[0])
    found = together(destroy, lambda: make_consultation(file, practitioner, at=DUE))
    destroy()
    with scope(ALL):
        there = PatientFile.objects.filter(pk=file.pk).exists()
    assert there is not isinstance(found[1], Exception)
    assert (ring_of(file.pk) == "dead", rows_of(file.pk) == {}) == (not there, not there)
