"""Sealing with real connections: writers that roll back, two sealers at once, a crash in between."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from audit import ranges
from audit.actions import AccessRow, record_accesses
from audit.actors import Actor
from audit.models import AccessEntry, Seal, SealLeaves
from audit.sealing import seal_all
from audit.verification import verify
from privacy.ids import new_id

pytestmark = [pytest.mark.django_db(databases=["default", "keys"], transaction=True), pytest.mark.database]
WRITERS, TURNS = 8, 12


@pytest.fixture
def failures() -> Iterator[list[BaseException]]:
    caught: list[BaseException] = []
    yield caught
    assert caught == []


def run_together(work: list[Callable[[], None]], failures: list[BaseException]) -> None:
    def guarded(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as failure:  # noqa: BLE001 - the test's own thread shows it
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=[one]) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def write(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    for _ in range(TURNS):
        with transaction.atomic():
            rows = [AccessRow(new_id(), "name") for _ in range(chance.randint(1, 5))]
            record_accesses(by=Actor.system("writer"), rows=rows, purpose="care", now=datetime.now(UTC))
            time.sleep(chance.random() / 50)
            transaction.set_rollback(chance.random() < 0.3)


def covered(table: str = "audit_accessentry") -> list[int]:
    parts = [part for seal in Seal.objects.filter(table_name=table) for part in seal.covered]
    return sorted(number for low, high in parts for number in range(low, high))


def test_every_committed_entry_is_sealed_once_whatever_the_order(failures: list[BaseException]) -> None:
    stop = threading.Event()

    def sealer() -> None:
        while not stop.is_set():
            seal_all(datetime.now(UTC))

    def writers() -> None:
        """Write until at least three seals were made meanwhile, however slow the machine."""
        try:
            for round_ in range(30):
                run_together(
                    [lambda seed=seed: write(seed) for seed in range(round_ * 100, round_ * 100 + WRITERS)], failures
                )
                if Seal.objects.filter(table_name="audit_accessentry").count() > 2:
                    break
        finally:
            stop.set()

    run_together([writers, sealer, sealer], failures)
    seal_all(datetime.now(UTC))
    entries = sorted(AccessEntry.objects.values_list("pk", flat=True))
    assert covered() == entries
    assert len(entries) > WRITERS * TURNS / 2
    assert Seal.objects.filter(table_name="audit_accessentry").count() > 2
    report = verify()
    assert (report.findings, report.waiting) == ([], 0)


def test_two_sealers_at_once_seal_each_entry_once(failures: list[BaseException]) -> None:
    write(1)
    together = threading.Barrier(2, timeout=20)

    def sealer() -> None:
        together.wait()
        seal_all(datetime.now(UTC))

    run_together([sealer, sealer], failures)
    assert covered() == sorted(AccessEntry.objects.values_list("pk", flat=True))
    assert verify().findings == []


def test_sealing_again_seals_nothing() -> None:
    write(2)
    assert seal_all(datetime.now(UTC)) > 0
    assert seal_all(datetime.now(UTC)) == 0


def test_crash_before_the_commit_leaves_nothing_half_done() -> None:
    write(3)
    seal_all(datetime.now(UTC))
    write(4)
    before = Seal.objects.count()
    with pytest.raises(RuntimeError, match="killed"), transaction.atomic():  # noqa: PT012
        seal_all(datetime.now(UTC))
        raise RuntimeError("killed")
    assert (Seal.objects.count(), SealLeaves.objects.count()) == (before, before)
    seal_all(datetime.now(UTC))
    assert verify().findings == []


def test_late_entry_joins_the_next_seal(failures: list[BaseException]) -> None:
    inserted, sealed = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            write_one()
            inserted.set()
            sealed.wait(20)

    def early() -> None:
        inserted.wait(20)
        write_one()
        seal_all(datetime.now(UTC))
        sealed.set()

    run_together([late, early], failures)
    assert len(covered()) == 1
    assert seal_all(datetime.now(UTC)) == 1
    seals = Seal.objects.filter(table_name="audit_accessentry").order_by("number")
    (first,), (second,) = (seal.covered for seal in seals)
    assert second[0] < first[0]
    assert ranges.size((first, second)) == 2
    assert verify().findings == []


def write_one() -> None:
    rows = [AccessRow(new_id(), "name")]
    record_accesses(by=Actor.system("writer"), rows=rows, purpose="care", now=datetime.now(UTC))


def test_sealer_leaves_the_practices_scope_as_it_was() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select set_config('praticonnect.scope', 'x', true)")
        seal_all(datetime.now(UTC))
        cursor.execute("select current_setting('praticonnect.scope')")
        assert cursor.fetchone() == ("x",)
