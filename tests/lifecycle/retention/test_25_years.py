"""25 years, day by day: nothing leaves early, nothing stays late, and two sweeps a day do what one does (issue 3, Done-when 2).

What is expected is counted here by itself, from each life's facts alone. In the suite the days around every end and
each 60th day are lived through; with PRATICONNECT_EVERY_DAY=1 every single one is (9,132 days; 140 s of
this process's own time, and the databases').
"""

import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from accounts.models import User
from care.tenancy import ALL, scope
from lifecycle.models import Disposal, Hold
from lifecycle.retention import sweep
from privacy.purposes import Purpose
from records.clock import set_clock
from records.models import PatientFile
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO
from tests.lifecycle.clock_model import month_end, years_after
from tests.lifecycle.retention.helpers import BY, ring_of, rows_of
from tests.lifecycle.test_holds import lift, place
from tests.records.factories import make_consultation, make_file
from vault import access, rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
FIRST, LAST = date(2026, 11, 18), date(2051, 11, 18)
ZONES = {"FR": ZoneInfo("Europe/Paris"), "IL": ZoneInfo("Asia/Jerusalem")}
LIVES = 24


@dataclass
class Life:
    """The facts of one patient's file, and what the law makes of them."""

    where: str
    opened: date
    visits: list[date]
    born: date | None
    died: date | None
    held: tuple[date, date] | None
    file: PatientFile | None = None
    hold: Hold | None = None

    def seen(self, today: date) -> date:
        return max([self.opened, *(day for day in self.visits if day <= today)])

    def given_back(self, since: date, until: date, today: date) -> date:
        if not self.held or self.held[1] > today:
            return until
        start = max(self.held[0], since)
        return until + max(self.held[1] - start, timedelta()) if start <= until else until

    def end(self, today: date) -> date:
        """The last day the file is kept, as the facts are ``today``, holds that are on left out."""
        since, end, telling = self.seen(today), years_after(self.seen(today), 20), False
        if self.died and self.shortened(today):
            since, end, telling = self.died, years_after(self.died, 10), True
        end = self.given_back(since, end, today)
        if self.born:
            grown = self.given_back(self.born, years_after(self.born, 28), today)
            telling = grown >= end or telling
            end = max(grown, end)
        return month_end(end) if telling else end

    def in_use_until(self, today: date) -> date:
        day = years_after(self.seen(today), 5)
        return month_end(day) if self.shortened(today) else day

    def shortened(self, today: date) -> bool:
        """Whether ten years from the death take the place of the twenty (LAW-02): no day of it may then show."""
        if self.died is None or self.died > today or self.where != "FR":
            return False
        return years_after(self.died, 10) < years_after(self.seen(today), 20)

    def is_held(self, today: date) -> bool:
        return self.held is not None and self.held[0] <= today < self.held[1]


def a_life(chance: random.Random) -> Life:
    opened = date(2007, 1, 1) + timedelta(days=chance.randrange(9_000))
    visits = sorted(opened + timedelta(days=chance.randrange(1, 4_000)) for _ in range(chance.randrange(4)))
    last = max([opened, *visits])
    born = opened - timedelta(days=chance.randrange(1, 9_000)) if chance.random() < 0.6 else None
    died = last + timedelta(days=chance.randrange(1, 6_000)) if chance.random() < 0.3 else None
    placed = max(last, died or last) + timedelta(days=chance.randrange(1, 3_000))
    held = (placed, placed + timedelta(days=chance.randrange(1, 1_500))) if chance.random() < 0.4 else None
    return Life(chance.choice(["FR", "FR", "IL"]), opened, visits, born, died, held)


def at(day: date, hour: int = 12) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def gone(life: Life) -> bool:
    assert life.file is not None
    with scope(ALL):
        return not PatientFile.objects.filter(pk=life.file.pk).exists()


def open_file(life: Life, doctor: User) -> None:
    life.file = make_file(doctor, now=at(life.opened), birth_date=life.born.isoformat() if life.born else None)


def visit(life: Life, doctor: User, day: date) -> None:
    assert life.file is not None
    rings.activate([life.file.pk], at(day))  # whoever comes back after five years is taken out of the archive first
    make_consultation(life.file, doctor, at=at(day))


def die(life: Life, day: date) -> None:
    assert life.file is not None
    with transaction.atomic(), scope(ALL):
        row = PatientFile.objects.select_related("practice").select_for_update(of=("self",)).get(pk=life.file.pk)
        handle = access.open(
            row.pk, by=BY, purpose=Purpose.CARE, part="file", practice_id=None, now=at(day), from_archive=True
        )
        handle.write(row, died_on=day.isoformat())
        set_clock(row, handle.read(row, "birth_date"), died_on=day.isoformat())
        row.save()


def hold(life: Life, day: date) -> None:
    assert life.file is not None
    life.hold = place(life.file, now=at(day), review_on=day + timedelta(days=90))


def release(life: Life, day: date) -> None:
    assert life.hold is not None
    lift(life.hold, now=at(day))


def events(lives: list[Life], doctors: dict[str, User]) -> dict[date, list[Callable[[], None]]]:
    """What happens on which day; facts after the file is gone don't happen."""
    found: dict[date, list[tuple[Life, Callable[[], None]]]] = defaultdict(list)
    for life in lives:
        doctor = doctors[life.where]
        found[life.opened].append((life, partial(open_file, life, doctor)))
        for day in life.visits:
            found[day].append((life, partial(visit, life, doctor, day)))
        if life.died:
            found[life.died].append((life, partial(die, life, life.died)))
        if life.held:
            found[life.held[0]].append((life, partial(hold, life, life.held[0])))
            found[life.held[1]].append((life, partial(release, life, life.held[1])))
    return {day: [partial(_unless_gone, life, act) for life, act in acts] for day, acts in sorted(found.items())}


def _unless_gone(life: Life, act: Callable[[], None]) -> None:
    if life.file is None or not gone(life):
        act()


def is_over(life: Life, today: date) -> bool:
    """Whether the file must be gone once ``today`` has begun: facts of today come later in the day."""
    yesterday = today - timedelta(days=1)
    return life.end(yesterday) < today and not life.is_held(yesterday)


def days_to_live(happening: dict[date, list[Callable[[], None]]], lives: list[Life]) -> Iterator[date]:
    every = os.environ.get("PRATICONNECT_EVERY_DAY") == "1"
    close = {
        day + timedelta(days=n)
        for life in lives
        for at_day in (*happening, LAST)
        for day in (life.end(at_day), life.in_use_until(at_day))
        for n in (0, 1, 2)
    }
    day = FIRST
    while day <= LAST:
        if every or day in close or day in happening or (day - FIRST).days % 60 == 0:
            yield day
        day += timedelta(days=1)


def live(lives: list[Life], now: datetime) -> None:
    sweep.archive(by=BY, now=now, dry_run=False)
    sweep.destroy(by=BY, now=now, dry_run=False)


def standing(lives: list[Life]) -> tuple[set[int], set[int]]:
    """Which files are there, and which of these are in the archive."""
    with scope(ALL):
        there = set(PatientFile.objects.values_list("pk", flat=True))
    archived = there & set(FileKey.objects.filter(ring="archive", destroyed_at=None).values_list("file_id", flat=True))
    known = {life.file.pk: number for number, life in enumerate(lives) if life.file}
    return {known[pk] for pk in there}, {known[pk] for pk in archived}


def expected(lives: list[Life], left: set[int], today: date) -> tuple[set[int], set[int]]:
    yesterday = today - timedelta(days=1)
    there = {n for n, life in enumerate(lives) if life.file and n not in left}
    return there, {n for n in there if lives[n].in_use_until(yesterday) < today}


@pytest.mark.parametrize("seed", [2])
def test_25_years_destroy_nothing_early_and_leave_nothing_late(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    lives = [a_life(chance) for _ in range(LIVES)]
    doctors = {where: make_practitioner(now=LONG_AGO, jurisdiction=where) for where in ZONES}
    happening = events(lives, doctors)
    for day in [day for day in happening if day < FIRST]:
        for act in happening[day]:
            act()
    left: set[int] = {n for n, life in enumerate(lives) if life.file and is_over(life, FIRST)}
    for day in days_to_live(happening, lives):
        left |= {n for n, life in enumerate(lives) if life.file and n not in left and is_over(life, day)}
        live(lives, at(day, 0))  # past midnight in Paris and in Jerusalem
        assert (day, standing(lives)) == (day, expected(lives, left, day))
        live(lives, at(day, 18))
        assert (day, standing(lives)) == (day, expected(lives, left, day))
        for act in happening.get(day, []):
            act()
    assert len(left) > LIVES // 4
    with scope(ALL):
        assert {lives[n].file.pk for n in left if lives[n].file} == set(
            Disposal.objects.values_list("file_id", flat=True)
        )
    for n in left:
        file = lives[n].file
        assert file is not None
        assert (rows_of(file.pk), ring_of(file.pk)) == ({}, "dead")
