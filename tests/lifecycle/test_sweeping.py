"""What runs is written down, one at a time; destroying more than was foreseen asks first (the circuit breaker)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from audit.actors import Actor
from audit.models import EventEntry
from lifecycle import expected, runs, sweeping, watch
from lifecycle.models import Forecasted, RunState, SweepRun
from lifecycle.sweeping import AlreadyAtWork, Outcome, due_now, run_all, sweep_with
from privacy.ids import new_id
from privacy.refusals import Refused

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
BY = Actor.system("test")
OPS = Actor.operations("test")
KIND = "test.Row"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LOCKS = """
select count(*) from pg_locks where locktype = 'advisory' and objid = %s
   and database = (select oid from pg_database where datname = current_database())
"""


class Work:
    """A destroying rule over a heap of rows."""

    def __init__(self, rule: str = "PC-99", due: int = 0) -> None:
        self.rule, self.due, self.destroyed, self.runs = rule, due, 0, [""]

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Destroy the heap, or count it."""
        due = self.due
        if not dry_run:
            self.destroyed, self.due = self.destroyed + due, 0
            self.runs.append(by.request_id)
        return {self.rule: Outcome(due=due, done=0 if dry_run else due)}


@pytest.fixture(autouse=True)
def only() -> Iterator[None]:
    """No sweep but the test's own."""
    before = dict(sweeping.sweeps)
    sweeping.sweeps.clear()
    yield
    sweeping.sweeps.clear()
    sweeping.sweeps.update(before)


@pytest.fixture
def work() -> Work:
    one = Work()
    sweep_with(one, destroys={"PC-99": KIND})
    return one


def sweep(now: datetime) -> dict[str, dict[str, int]]:
    return run_all(by=BY, now=now, dry_run=False)


def foreseen(now: datetime, count: int) -> None:
    """Yesterday said that ``count`` rows leave until today."""
    yesterday = (now - DAY).date()
    Forecasted.objects.update_or_create(
        taken_on=yesterday,
        defaults={"counts": {KIND: {now.date().isoformat(): count, (now + DAY).date().isoformat(): count * 9}}},
    )


def words() -> list[tuple[str, str, int, int, int | None]]:
    return [(row.rule, row.state, row.due, row.done, row.expected) for row in SweepRun.objects.order_by("id")]


def test_run_is_written_down_with_its_counts(work: Work, now: datetime) -> None:
    work.due = 40
    assert sweep(now) == {"PC-99": {"due": 40, "done": 40, "held": 0, "failed": 0}}
    row = SweepRun.objects.get()
    assert words() == [("PC-99", "done", 40, 40, None)]
    assert (row.started_at, work.runs[-1]) == (now, str(row.run))
    assert now <= row.finished_at < now + timedelta(minutes=1)


def test_dry_run_writes_nothing_and_does_nothing(work: Work, now: datetime) -> None:
    work.due = 4000
    found = run_all(by=BY, now=now, dry_run=True)
    assert (found["PC-99"]["due"], work.destroyed, words(), Forecasted.objects.count()) == (4000, 0, [], 0)


@pytest.mark.parametrize(("said", "due", "destroyed"), [(10, 120, 120), (10, 121, 0), (None, 100, 100), (None, 101, 0)])
def test_more_than_twice_the_forecast_and_a_hundred_stops(
    work: Work, now: datetime, said: int | None, due: int, destroyed: int
) -> None:
    if said is not None:
        foreseen(now, said)
    work.due = due
    sweep(now)
    state = "done" if destroyed else "stopped"
    assert (work.destroyed, words()) == (destroyed, [("PC-99", state, due, destroyed, said)])


def test_stopped_rule_waits_under_one_id_until_it_is_approved(work: Work, now: datetime) -> None:
    foreseen(now, 10)
    work.due = 5000
    sweep(now)
    (stopped,) = runs.waiting()
    work.due = 5001
    sweep(now + HOUR)
    assert [(row.pk, row.due) for row in runs.waiting()] == [(stopped.pk, 5001)]
    runs.approve(run_id=stopped.pk, by=OPS, now=now + HOUR)
    sweep(now + 2 * HOUR)
    assert work.destroyed == 5001
    assert [state for _, state, *_ in words()] == ["approved", "done"]
    verbs = EventEntry.objects.filter(object_id=str(stopped.pk)).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["lifecycle.sweep_stopped", "lifecycle.sweep_approved"]


def test_approval_is_spent_once(work: Work, now: datetime) -> None:
    work.due = 5000
    sweep(now)
    runs.approve(run_id=runs.waiting()[0].pk, by=OPS, now=now)
    sweep(now + HOUR)
    work.due = 5000
    sweep(now + 2 * HOUR)
    assert (work.destroyed, runs.waiting().count()) == (5000, 1)


def test_approval_covers_what_was_due_and_no_flood_after_it(work: Work, now: datetime) -> None:
    work.due = 5000
    sweep(now)
    runs.approve(run_id=runs.waiting()[0].pk, by=OPS, now=now)
    work.due = 5101
    sweep(now + HOUR)
    assert (work.destroyed, runs.waiting().count()) == (0, 1)
    runs.approve(run_id=runs.waiting()[0].pk, by=OPS, now=now)
    work.due = 5201
    sweep(now + HOUR)
    assert (work.destroyed, runs.waiting().count()) == (5201, 0)


def test_stop_outlasts_days_because_no_doubtful_forecast_is_stored(work: Work, now: datetime) -> None:
    work.due = 5000
    sweep(now)
    sweep(now + 3 * DAY)
    assert (work.destroyed, Forecasted.objects.count(), runs.waiting().count()) == (0, 0, 1)


def test_rule_whose_figures_are_right_again_goes_on_by_itself(work: Work, now: datetime) -> None:
    foreseen(now, 10)
    work.due = 5000
    sweep(now)
    work.due = 9
    sweep(now + HOUR)
    assert (work.destroyed, runs.waiting().count()) == (9, 0)


@pytest.mark.parametrize("state", ["gone", "done", "approved"])
def test_only_a_run_that_waits_can_be_approved(work: Work, now: datetime, state: str) -> None:
    work.due = 5000 if state == "approved" else 5
    sweep(now)
    run_id = new_id() if state == "gone" else SweepRun.objects.get().pk
    if state == "approved":
        runs.approve(run_id=run_id, by=OPS, now=now)
    with pytest.raises(Refused) as refused:
        runs.approve(run_id=run_id, by=OPS, now=now)
    assert refused.value.refusal.code == ("no_run" if state == "gone" else "not_stopped")


def test_failing_sweep_keeps_no_other_from_its_work(work: Work, now: datetime) -> None:
    def broken(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        if dry_run:
            return {"PC-98": Outcome(due=3)}
        raise RuntimeError("the disk is full")

    sweeping.sweeps.clear()
    sweep_with(broken, destroys={"PC-98": KIND})
    sweep_with(work)
    work.due = 5
    assert sweep(now)["PC-98"] == {"due": 3, "done": 0, "held": 0, "failed": 3}
    assert words() == [("PC-98", "failed", 3, 0, None), ("PC-99", "done", 5, 5, None)]


def test_failure_before_the_work_said_its_rules_is_seen(now: datetime) -> None:
    def broken(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        raise RuntimeError("no")

    sweep_with(broken)
    assert sweep(now) == {__name__: {"due": 0, "done": 0, "held": 0, "failed": 1}}
    assert due_now(by=BY, now=now) == {__name__: None}


def test_approval_survives_a_failed_try(work: Work, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    work.due = 5000
    sweep(now)
    runs.approve(run_id=runs.waiting()[0].pk, by=OPS, now=now)
    SweepRun.objects.create(
        run=new_id(), rule="PC-99", started_at=now, finished_at=now, due=5000, done=0, held=0, failed=5000,
        state=RunState.FAILED,
    )  # fmt: skip
    sweep(now + HOUR)
    assert work.destroyed == 5000


def test_forecast_is_stored_once_a_day_and_read_from_an_earlier_one(now: datetime) -> None:
    assert (expected.take_snapshot(now), expected.take_snapshot(now + HOUR)) == (True, False)
    assert expected.expected(KIND, now) is None
    assert expected.expected(KIND, now + DAY) == 0
    Forecasted.objects.update(counts={KIND: {"2026-11-19": 3, "2026-11-30": 70}})
    said = [expected.expected(KIND, now + timedelta(days=days)) for days in (1, 2, 12, 40)]
    assert said == [3, 70, 70, 70]


def test_old_forecasts_and_runs_are_forgotten_but_not_one_that_waits(work: Work, now: datetime) -> None:
    sweep_with(other := Work("PC-97"))
    other.due = 1
    work.due = 5000
    sweep(now)
    expected.take_snapshot(now - timedelta(days=41))
    sweep(now + timedelta(days=367))
    assert {(row.rule, row.state, row.started_at) for row in SweepRun.objects.all()} == {
        ("PC-99", "stopped", now),
        ("PC-97", "done", now + timedelta(days=367)),
    }
    runs.approve(run_id=runs.waiting()[0].pk, by=OPS, now=now)
    sweep(now + timedelta(days=368))
    assert [row.taken_on for row in Forecasted.objects.all()] == [(now + timedelta(days=368)).date()]


def test_lag_is_since_the_last_sweep_ended(work: Work, now: datetime) -> None:
    assert (runs.lag(now), runs.is_late(now)) == (None, True)
    sweep(now)
    assert [runs.is_late(now + hours * HOUR) for hours in (2, 3, 4)] == [False, False, True]


def test_command_says_what_was_stopped_and_approves_it(work: Work, now: datetime, settings: Any) -> None:
    settings.TIME_TRAVEL = True
    work.due = 5000

    def command(*more: str) -> tuple[dict[str, Any], str]:
        out, err = StringIO(), StringIO()
        with pytest.raises(SystemExit) if not more else pytest.MonkeyPatch.context():
            call_command("sweep", "--json", "--now", now.isoformat(), *more, stdout=out, stderr=err)
        return json.loads(out.getvalue())["PC-99"], err.getvalue()

    told, line = command()
    (stopped,) = runs.waiting()
    assert told == {"due": 5000, "done": 0, "held": 0, "failed": 0}
    assert line.startswith("PC-99 was stopped: 5000 are due, the forecast had said 0.")
    assert str(stopped.pk) in line
    told, line = command("--approve", str(stopped.pk))
    assert (told["done"], line) == (5000, "")


@pytest.mark.parametrize(
    "words", [["--approve", "x"], ["--approve", str(new_id())], ["--approve", str(new_id()), "--dry-run"]]
)
def test_wrong_approval_is_one_line(words: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("sweep", *words)
    assert (refused.value.returncode, "\n" in str(refused.value)) == (2, False)


def test_forecast_that_fails_takes_nothing_of_the_sweep_back(
    work: Work, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_now: datetime) -> bool:
        raise RuntimeError("no")

    monkeypatch.setattr(expected, "take_snapshot", broken)
    work.due = 5
    assert sweep(now)["PC-99"]["done"] == 5
    assert words() == [("PC-99", "done", 5, 5, None), ("NEW-04", "failed", 1, 0, None)]
    troubled = [(line.rule, line.troubles) for line in watch.lines(by=OPS, now=now + HOUR) if line.troubles]
    assert troubled == [("NEW-04", (watch.Trouble.FAILED,))]


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_two_at_once_do_one(now: datetime) -> None:
    entered, go_on = Event(), Event()

    def slow(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        entered.set()
        assert go_on.wait(20)
        return {"PC-99": Outcome()}

    def first() -> None:
        run_all(by=BY, now=now, dry_run=False)
        connections.close_all()

    sweep_with(slow)
    thread = Thread(target=first)
    thread.start()
    assert entered.wait(20)
    with pytest.raises(AlreadyAtWork):
        run_all(by=BY, now=now, dry_run=False, wait=False)
    go_on.set()
    thread.join()
    assert run_all(by=BY, now=now, dry_run=False, wait=False)["PC-99"]["due"] == 0
    with connection.cursor() as cursor:
        cursor.execute(LOCKS, [sweeping.SWEEP_LOCK])
        assert cursor.fetchone()[0] == 0
