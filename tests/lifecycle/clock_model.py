"""What the law makes of a practice's facts, counted by itself in the simplest way: the yardstick of test_clocks_machine."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.access import Act
from lifecycle.states import Name

PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
ALWAYS = {Act.PUBLIC, Act.ACCOUNT, Act.PRIVACY, Act.PORTAL, Act.SUBSCRIPTION}
OPEN = {
    Name.TRIAL: {*ALWAYS, Act.CARE},
    Name.GRACE: {*ALWAYS, Act.CARE},
    Name.SUBSCRIBED: {*ALWAYS, Act.CARE},
    Name.FREE_LISTING: ALWAYS,
    Name.DELETION_PENDING: ALWAYS,
    Name.CLOSED: {Act.PUBLIC},
}

HALF = "sweep cut off between a decision and its end"
HAPPENS = {
    "file destroyed at its end",
    "file out of daily use",
    "file kept past its end by a hold",
    "file destroyed after its holds were lifted",
    "consent withdrawn",
    "proof of a consent gone after its time",
    "subscription ended",
    "deletion asked for",
    "deletion asked for twice refused",
    "deletion withdrawn",
    "deletion waived",
    "deletion stopped by a change of factor",
    "deletion executed",
    "request gone after its time",
    "sweep cut off",
    HALF,
}
"""What a run must have met, or it proved too little."""


def day_of(moment: datetime) -> date:
    return moment.astimezone(PARIS).date()


def midnight_after(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), PARIS).astimezone(UTC)


def years_after(day: date, years: int) -> date:
    year = day.year + years
    return day.replace(year=year, day=min(day.day, monthrange(year, day.month)[1]))


def answer_day(asked: date) -> date:
    """The last day of a cooling-off asked for on this day: thirty days on, or sooner if the month for the answer ends sooner.

    That happens at the end of January alone, and no holiday of France is near the end of February.
    """
    month = date(asked.year + asked.month // 12, asked.month % 12 + 1, 1)
    answer = month.replace(day=min(asked.day, month_end(month).day))
    while answer.weekday() > 4:
        answer += DAY
    return min(asked + 30 * DAY, answer)


def month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


@dataclass
class Kept:
    """One patient's file: its facts, and whether it is gone."""

    file_id: UUID
    opened: date
    born: date | None
    visits: list[date] = field(default_factory=list)
    live: dict[UUID, date] = field(default_factory=dict)
    lifted: list[tuple[date, date]] = field(default_factory=list)
    gone: bool = False

    @property
    def holds(self) -> int:
        return len(self.live) + len(self.lifted)

    @property
    def seen(self) -> date:
        return max(self.visits) if self.visits else self.opened

    def in_use(self, now: datetime) -> bool:
        """Whether it is in daily use: five years from the last visit, whatever any sweep did."""
        return day_of(now) <= years_after(self.seen, 5)

    def end(self) -> date:
        """The last day the law wants it kept, holds that are on left out."""
        ends = [self._counted(self.seen, years_after(self.seen, 20))]
        if self.born:
            ends.append(self._counted(self.born, years_after(self.born, 28)))
        return max(ends)

    def latest(self) -> date:
        """The last day it may be there: a birthday is hidden in its month."""
        return month_end(self.end()) if self.born else self.end()

    def _counted(self, since: date, until: date) -> date:
        """Day by day: each day of a lifted hold that the clock stood still moves its end by one."""
        held = {placed + n * DAY for placed, lifted in self.lifted for n in range((lifted - placed).days)}
        for day in sorted(held):
            if since <= day <= until:
                until += DAY
        return until

    def may_be_gone(self, now: datetime) -> bool:
        return not self.live and self.end() < day_of(now)

    def must_be_gone(self, now: datetime) -> bool:
        return not self.live and self.latest() < day_of(now)


@dataclass
class Account:
    """The contract and the request for deletion: moments, and nothing else."""

    signed_up: datetime
    subscribed: bool = False
    ended: datetime | None = None
    asked: datetime | None = None
    instant: datetime | None = None
    changed: datetime | None = None
    gone: bool = False

    def contract(self, now: datetime) -> Name:
        if self.subscribed:
            return Name.SUBSCRIBED
        trial_ends = midnight_after(day_of(self.signed_up) + 30 * DAY)
        if self.ended is None and now < trial_ends:
            return Name.TRIAL
        begins = self.ended or trial_ends
        grace_ends = midnight_after(day_of(begins - INSTANT) + 7 * DAY)
        return Name.GRACE if now < grace_ends else Name.FREE_LISTING

    def phase(self, now: datetime) -> Name:
        if self.gone or (self.instant and self.instant <= now):
            return Name.CLOSED
        return Name.DELETION_PENDING if self.instant else self.contract(now)

    def waits(self, now: datetime) -> bool:
        return self.instant is not None and now < self.instant and not self.gone

    def shielded(self, now: datetime) -> bool:
        return self.changed is not None and now - self.changed < 7 * DAY

    def no_request(self) -> None:
        self.asked = self.instant = None
