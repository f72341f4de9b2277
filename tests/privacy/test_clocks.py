"""The date vectors of the law: months, years, legal days, rollovers, the breach clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import clocks
from privacy.clocks import Jurisdiction, Period

PARIS = ZoneInfo("Europe/Paris")
DAYS = st.dates(date(2000, 1, 1), date(2080, 12, 31))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 10, 31), 1, date(2027, 11, 30)),
        (date(2027, 10, 31), 3, date(2028, 1, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_are_calendar_months_clamped_to_the_last_day(day: date, months: int, expected: date) -> None:
    assert clocks.add_months(day, months) == expected


def test_five_years_from_a_leap_day_end_on_28_february() -> None:
    assert Period(years=5).after(date(2028, 2, 29)) == date(2033, 2, 28)


def test_twenty_years_are_calendar_years_and_not_7300_days() -> None:
    assert Period(years=20).after(date(2026, 3, 1)) == date(2046, 3, 1)
    assert Period(days=20 * 365).after(date(2026, 3, 1)) == date(2046, 2, 24)


def test_period_clamps_once_when_years_and_months_meet() -> None:
    assert Period(years=1, months=1).after(date(2028, 1, 31)) == date(2029, 2, 28)


def test_legal_day_is_the_day_in_paris_and_not_in_utc() -> None:
    assert clocks.legal_day(datetime(2026, 7, 31, 22, 30, tzinfo=UTC)) == date(2026, 8, 1)


def test_legal_day_in_jerusalem_comes_before_that_of_paris() -> None:
    evening = datetime(2026, 7, 31, 21, 30, tzinfo=UTC)
    assert clocks.legal_day(evening, Jurisdiction.IL) == date(2026, 8, 1)
    assert clocks.legal_day(evening, Jurisdiction.FR) == date(2026, 7, 31)


def test_legal_day_of_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2026-07-31T22:30:00 has no time zone; add one"):
        clocks.legal_day(datetime(2026, 7, 31, 22, 30))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "jurisdiction", "expected"),
    [
        (date(2046, 3, 1), Jurisdiction.FR, datetime(2046, 3, 1, 23, tzinfo=UTC)),
        (date(2026, 7, 31), Jurisdiction.FR, datetime(2026, 7, 31, 22, tzinfo=UTC)),
        (date(2026, 7, 31), Jurisdiction.IL, datetime(2026, 7, 31, 21, tzinfo=UTC)),
        (date(2026, 12, 31), Jurisdiction.IL, datetime(2026, 12, 31, 22, tzinfo=UTC)),
    ],
)
def test_term_ends_at_the_local_midnight_after_its_last_day(
    day: date, jurisdiction: Jurisdiction, expected: datetime
) -> None:
    assert clocks.end_of_term(day, jurisdiction) == expected


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 28), 23), (date(2026, 10, 25), 25)])
def test_day_of_a_clock_change_is_as_long_as_it_is(day: date, hours: int) -> None:
    length = clocks.end_of_term(day) - clocks.start_of(day)
    assert length.total_seconds() == hours * 3600


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2027, 2, 28), date(2027, 3, 1)),
        (date(2027, 1, 1), date(2027, 1, 4)),
        (date(2027, 5, 15), date(2027, 5, 18)),
        (date(2026, 7, 14), date(2026, 7, 15)),
        (date(2026, 7, 15), date(2026, 7, 15)),
    ],
)
def test_term_rolls_off_weekends_and_french_holidays(day: date, expected: date) -> None:
    assert clocks.roll_to_working_day(day) == expected


def test_french_holidays_of_2027_are_the_eleven_of_the_labour_code() -> None:
    assert sorted(clocks.public_holidays(2027)) == [
        date(2027, 1, 1),
        date(2027, 3, 29),
        date(2027, 5, 1),
        date(2027, 5, 6),
        date(2027, 5, 8),
        date(2027, 5, 17),
        date(2027, 7, 14),
        date(2027, 8, 15),
        date(2027, 11, 1),
        date(2027, 11, 11),
        date(2027, 12, 25),
    ]


@pytest.mark.parametrize(
    ("aware_at", "expected"),
    [
        (datetime(2027, 3, 27, 10, tzinfo=PARIS), datetime(2027, 3, 30, 11, tzinfo=PARIS)),
        (datetime(2026, 10, 24, 10, tzinfo=PARIS), datetime(2026, 10, 27, 9, tzinfo=PARIS)),
    ],
)
def test_breach_clock_counts_72_absolute_hours_across_clock_changes(aware_at: datetime, expected: datetime) -> None:
    assert clocks.breach_deadline(aware_at) == expected


@pytest.mark.parametrize(
    ("day", "closing", "expected"),
    [
        (date(2026, 5, 3), 12, date(2026, 12, 31)),
        (date(2026, 5, 3), 6, date(2026, 6, 30)),
        (date(2026, 6, 30), 6, date(2026, 6, 30)),
        (date(2026, 7, 1), 6, date(2027, 6, 30)),
        (date(2027, 3, 1), 2, date(2028, 2, 29)),
    ],
)
def test_accounting_year_ends_with_its_closing_month(day: date, closing: int, expected: date) -> None:
    assert clocks.end_of_year(day, closing) == expected


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_more_months_never_end_sooner(day: date, some: int, more: int) -> None:
    assert clocks.add_months(day, some) <= clocks.add_months(day, some + more)


@given(DAYS)
def test_rolled_day_is_a_working_day_within_a_week(day: date) -> None:
    rolled = clocks.roll_to_working_day(day)
    assert clocks.is_working_day(rolled)
    assert 0 <= (rolled - day).days <= 6
