"""The operations page turns red by itself: stop the sweeps, poison a figure, break the evidence (PC-41, NEW-02, NEW-07)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.sealing import seal_all
from lifecycle import runs, sweeping, watch
from lifecycle.models import ResidueScan, RunState, SweepRun
from lifecycle.sweeping import Outcome, run_all, sweep_with
from lifecycle.watch import Trouble
from praticonnect import health
from privacy.clocks import legal_day
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.audit.forge import accesses, force

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.database]
BY = Actor.system("test")
RED = "badge--danger"


@pytest.fixture
def office() -> Client:
    """Somebody of the office who proved a second factor just now."""
    staff = make_staff()
    client = verified_client(staff)
    prove(client, staff)
    return client


class Heap:
    """Rows to destroy, and whatever else the test wants to go wrong."""

    def __init__(self) -> None:
        self.found = Outcome()
        self.broken = False

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Count, or say it is done."""
        if self.broken:
            raise RuntimeError("poisoned")
        return {"PC-99": Outcome(self.found.due, 0 if dry_run else self.found.due, 0, 0, self.found.since)}


@pytest.fixture(autouse=True)
def heap() -> Iterator[Heap]:
    """The only sweep there is."""
    before = dict(sweeping.sweeps)
    sweeping.sweeps.clear()
    one = Heap()
    sweep_with(one, destroys={"PC-99": "test.Row"})
    yield one
    sweeping.sweeps.clear()
    sweeping.sweeps.update(before)


def sweep(now: datetime | None = None) -> None:
    run_all(by=BY, now=now or timezone.now(), dry_run=False)


def page(office: Client) -> str:
    answer = office.get(reverse("admin:operations"))
    assert answer.status_code == 200
    return str(answer.content.decode())


def troubles(now: datetime | None = None) -> list[Trouble]:
    return [one for line in watch.lines(by=BY, now=now or timezone.now()) for one in line.troubles]


def test_page_is_calm_while_everything_runs(office: Client) -> None:
    sweep()
    seal_all(timezone.now())
    shown = page(office)
    assert (RED in shown, "notice--danger" in shown, "Everything runs, and nothing is overdue." in shown) == (
        False, False, True,
    )  # fmt: skip


def test_page_is_red_before_the_first_sweep(office: Client) -> None:
    shown = page(office)
    assert ("The sweeps are late." in shown, "None has run yet" in shown, "never ran" in shown) == (True, True, True)


def test_stopped_beat_turns_the_page_red(office: Client) -> None:
    """Nobody has to notice: an hour's sweep that doesn't come for three is late on the page itself."""
    sweep(timezone.now() - timedelta(hours=2))
    assert "The sweeps are late." not in page(office)
    SweepRun.objects.update(finished_at=timezone.now() - timedelta(hours=4))
    shown = page(office)
    assert ("The sweeps are late." in shown, "notice--danger" in shown, "4 hours ago" in shown) == (True, True, True)
    assert troubles() == [Trouble.LATE]


def test_failed_run_is_red(office: Client, heap: Heap) -> None:
    sweep()
    heap.broken = True
    sweep()
    heap.broken = False
    SweepRun.objects.filter(state=RunState.FAILED).update(rule="PC-99")
    assert (troubles(), RED in page(office)) == ([Trouble.FAILED], True)


def test_rule_that_cannot_be_counted_is_red_and_hides_no_other(office: Client, heap: Heap) -> None:
    sweep()
    other = Heap()
    sweep_with(other)
    heap.broken = True
    shown = page(office)
    assert ("can&#x27;t be counted" in shown or "can't be counted" in shown, "PC-99" in shown) == (True, True)


@pytest.mark.parametrize(("days", "red"), [(0, False), (1, True), (30, True)])
def test_row_that_was_due_yesterday_and_is_still_there_is_red(office: Client, heap: Heap, days: int, red: bool) -> None:
    sweep()
    heap.found = Outcome(due=1, since=legal_day(timezone.now()) - timedelta(days=days))
    assert (troubles(), RED in page(office)) == ([Trouble.OVERDUE] if red else [], red)


def test_poisoned_count_stops_and_is_red_until_somebody_approves(office: Client, heap: Heap) -> None:
    heap.found = Outcome(due=5000)
    sweep()
    (run,) = runs.waiting()
    shown = page(office)
    assert troubles() == [Trouble.STOPPED]
    assert ("5,000 are due" in shown, "Approve: destroy the 5,000" in shown, RED in shown) == (True, True, True)
    answer = office.post(reverse("admin:operations_approve", args=[run.pk]), follow=True)
    assert "Approved. The next sweep" in answer.content.decode()
    row = SweepRun.objects.get(pk=run.pk)
    assert (row.state, row.approved_role, row.approved_by is not None) == (RunState.APPROVED, "dpo", True)
    assert troubles() == []


def test_approving_twice_or_nothing_changes_nothing(office: Client) -> None:
    answer = office.post(reverse("admin:operations_approve", args=[new_id()]), follow=True)
    assert "There is no such run" in answer.content.decode()
    assert office.get(reverse("admin:operations_approve", args=[new_id()])).status_code == 405


def test_approval_needs_a_fresh_factor(heap: Heap) -> None:
    heap.found = Outcome(due=5000)
    sweep()
    (run,) = runs.waiting()
    office = verified_client(make_staff())
    answer = office.post(reverse("admin:operations_approve", args=[run.pk]))
    assert (answer.status_code, reverse("admin:operations") in answer["Location"]) == (302, False)
    assert SweepRun.objects.get(pk=run.pk).state == RunState.STOPPED


@pytest.mark.parametrize("who", ["nobody", "practitioner"])
@pytest.mark.parametrize("name", ["operations", "operations_approve"])
def test_only_the_office_comes_in(who: str, name: str, heap: Heap) -> None:
    heap.found = Outcome(due=5000)
    sweep()
    (run,) = runs.waiting()
    client = Client() if who == "nobody" else verified_client(make_practitioner())
    address = reverse(f"admin:{name}", args=[run.pk] if name == "operations_approve" else [])
    assert client.post(address).status_code in (302, 403, 404)
    assert SweepRun.objects.get(pk=run.pk).state == RunState.STOPPED


def test_broken_evidence_is_red(office: Client, now: datetime) -> None:
    sweep()
    (number,) = accesses(1, now)
    seal_all(now)
    force("audit_accessentry", f"delete from audit_accessentry where seq = {number}")
    shown = page(office)
    assert ("figure--danger" in shown, "Everything runs" in shown) == (True, False)


def test_residue_that_was_found_is_red(office: Client) -> None:
    sweep()
    ResidueScan.objects.create(
        subject_id=new_id(), at=timezone.now(), tokens=3, counts={"cache": 2, "tables": 0}, is_clean=False
    )
    shown = page(office)
    assert ("something found" in shown, "figure--danger" in shown, "Everything runs" in shown) == (True, True, False)


def test_readyz_says_how_late_the_sweeps_are_and_stays_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_broker", lambda: None)
    before: Any = client.get("/readyz")
    assert (before.json()["sweep_lag_seconds"], before.json()["sweeps_late"]) == (None, True)
    sweep(timezone.now() - timedelta(hours=5))
    late: Any = client.get("/readyz")
    assert (late.status_code, late.json()["sweeps_late"]) == (before.status_code, True)
    assert 17_990 <= late.json()["sweep_lag_seconds"] <= 18_060
    sweep()
    assert client.get("/readyz").json()["sweeps_late"] is False
