"""Calendar arithmetic of the law: periods, legal days, ends of terms. Pure: no Django here.

A year is a calendar year and a month a calendar month, never 365 or 30 days; a legal day is the
day in the jurisdiction's own time zone; a term whose last day is D ends at the midnight that
follows D there (Regulation 1182/71, Art. 3). Only the breach clock counts absolute hours.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

BREACH_HOURS = 72
"""GDPR Art. 33(1). Kept as data: a proposal to make it 96 wasn't adopted by November 2026."""

SATURDAY = 5


class Jurisdiction(StrEnum):
    """Whose calendar and whose rules a record stands under: a property of the practice."""

    FR = "FR"
    IL = "IL"


ZONES = {
    Jurisdiction.FR: ZoneInfo("Europe/Paris"),
    Jurisdiction.IL: ZoneInfo("Asia/Jerusalem"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A length in calendar units. Units never mix into one another: a month is no 30 days."""

    years: int = 0
    months: int = 0
    days: int = 0

    def __add__(self, other: "Period") -> "Period":
        return Period(self.years + other.years, self.months + other.months, self.days + other.days)

    def after(self, day: date) -> date:
        """The last day of this period counted from ``day``, which isn't counted itself.

        A day that the target month doesn't have becomes that month's last: 29 Feb 2028 and five
        years is 28 Feb 2033 (Regulation 1182/71, Art. 3(2)(c)).
        """
        return add_months(day, 12 * self.years + self.months) + timedelta(days=self.days)


def add_months(day: date, months: int) -> date:
    """``day`` moved by calendar months, clamped to the last day of the month it lands in."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def add_years(day: date, years: int) -> date:
    """``day`` moved by calendar years; 29 February becomes the 28th in a common year."""
    return add_months(day, 12 * years)


def legal_day(moment: datetime, jurisdiction: Jurisdiction = Jurisdiction.FR) -> date:
    """The day of ``moment`` (aware) on the calendar of ``jurisdiction``."""
    return aware(moment).astimezone(ZONES[jurisdiction]).date()


def start_of(day: date, jurisdiction: Jurisdiction = Jurisdiction.FR) -> datetime:
    """The local midnight at which ``day`` begins, in UTC."""
    return datetime.combine(day, time.min, ZONES[jurisdiction]).astimezone(UTC)


def end_of_term(last_day: date, jurisdiction: Jurisdiction = Jurisdiction.FR) -> datetime:
    """The instant a term ends whose last day is ``last_day``: the next local midnight, in UTC."""
    return start_of(last_day + timedelta(days=1), jurisdiction)


def end_of_year(day: date, closing_month: int = 12) -> date:
    """The last day of the accounting year that holds ``day`` and closes with ``closing_month``."""
    year = day.year if day.month <= closing_month else day.year + 1
    return date(year, closing_month, monthrange(year, closing_month)[1])


@lru_cache(maxsize=256)
def public_holidays(year: int) -> frozenset[date]:
    """The public holidays of metropolitan France (Code du travail, L3133-1) in ``year``."""
    return frozenset(holidays.country_holidays("FR", years=year))


def is_working_day(day: date) -> bool:
    """Neither Saturday, Sunday nor a French public holiday (Regulation 1182/71, Art. 2(2))."""
    return day.weekday() < SATURDAY and day not in public_holidays(day.year)


def roll_to_working_day(day: date) -> date:
    """``day``, or the next working day when it is none (Regulation 1182/71, Art. 3(4))."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def breach_deadline(aware_at: datetime) -> datetime:
    """The instant, in UTC, by which the CNIL is told of a breach (GDPR Art. 33(1), MD-56).

    Absolute hours: a change to or from summer time moves the local hour, never the length. It
    isn't rolled over a weekend, though Regulation 1182/71 might allow it: we don't rely on that.
    """
    return aware(aware_at).astimezone(UTC) + timedelta(hours=BREACH_HOURS)


def aware(moment: datetime) -> datetime:
    """``moment`` itself. Raises ValueError when it has no time zone: no legal day can be told."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; add one, such as +01:00 or Z")
    return moment
