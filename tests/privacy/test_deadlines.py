"""Answer deadlines by right, class of data and receipt (MD-34), and the cooling-off (PC-34)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy import deadlines
from privacy.clocks import is_working_day
from privacy.deadlines import EXECUTION, DataClass, Right, cooling_off_ends, deadline

PARIS = ZoneInfo("Europe/Paris")


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=PARIS)


ANSWERS = (
    (date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 1)),
    (date(2028, 1, 31), date(2028, 2, 29), date(2028, 2, 29)),
    (date(2027, 1, 29), date(2027, 2, 28), date(2027, 3, 1)),
    (date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 4)),
    (date(2027, 4, 15), date(2027, 5, 15), date(2027, 5, 18)),
    (date(2026, 6, 14), date(2026, 7, 14), date(2026, 7, 15)),
    (date(2027, 10, 31), date(2027, 11, 30), date(2027, 11, 30)),
)
"""Receipt, target and last day of the answer: the vectors of appendix B of our notes on the law, one month each."""
EXTENDED = ((date(2027, 10, 31), date(2028, 1, 31)), (date(2027, 11, 30), date(2028, 2, 29)))
"""Receipt and last day with two more months; 29 February 2028 is a Tuesday."""
OF_THE_GDPR = [
    (right, data) for right in Right for data in DataClass if right is not Right.ACCESS or data is DataClass.ORDINARY
]
"""Whatever isn't the reading of a medical record has the month of Art. 12(3)."""


@pytest.mark.parametrize(("right", "data"), OF_THE_GDPR)
def test_answer_is_due_one_month_after_receipt_on_a_working_day(right: Right, data: DataClass) -> None:
    found = [deadline(right, data, noon(received)) for received, _target, _due in ANSWERS]
    assert [(one.received_on, one.target_on, one.due_on) for one in found] == list(ANSWERS)
    assert {one.article for one in found} == {"GDPR Art. 12(3)"}


@pytest.mark.parametrize(("right", "data"), OF_THE_GDPR)
def test_extension_reaches_three_months_from_receipt_and_not_from_the_first_end(right: Right, data: DataClass) -> None:
    ends = [(received, deadline(right, data, noon(received)).extended_until) for received, _end in EXTENDED]
    assert ends == list(EXTENDED)


def test_receipt_late_in_the_utc_evening_counts_as_the_next_paris_day() -> None:
    received = datetime(2026, 7, 31, 22, 30, tzinfo=UTC)
    found = deadline(Right.ACCESS, DataClass.ORDINARY, received)
    assert (found.received_on, found.due_on) == (date(2026, 8, 1), date(2026, 9, 1))
    assert found.due_at == datetime(2026, 9, 1, 22, tzinfo=UTC)


def test_medical_record_is_shown_within_eight_days_and_after_48_hours() -> None:
    received = datetime(2026, 11, 22, 9, tzinfo=UTC)
    found = deadline(Right.ACCESS, DataClass.MEDICAL, received)
    assert found.due_on == date(2026, 11, 30)
    assert found.not_before == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert found.extended_until is None


def test_medical_deadline_is_not_rolled_over_a_weekend() -> None:
    found = deadline(Right.ACCESS, DataClass.MEDICAL, noon(date(2026, 11, 20)))
    assert found.due_on == date(2026, 11, 28)


def test_old_medical_record_is_shown_within_two_months() -> None:
    found = deadline(Right.ACCESS, DataClass.OLD_MEDICAL, noon(date(2026, 12, 31)))
    assert found.due_on == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("newest", "expected"),
    [
        (date(2021, 11, 22), DataClass.MEDICAL),
        (date(2021, 11, 21), DataClass.OLD_MEDICAL),
    ],
)
def test_record_is_old_when_its_newest_information_is_past_five_years(newest: date, expected: DataClass) -> None:
    assert deadlines.class_of_record(newest, date(2026, 11, 22)) is expected


@pytest.mark.parametrize(
    ("requested", "executed"),
    [
        (date(2027, 1, 31), date(2027, 3, 1)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 11, 22), date(2026, 12, 22)),
        (date(2026, 12, 5), date(2027, 1, 4)),
    ],
)
def test_cooling_off_ends_after_30_days_or_on_the_day_of_the_answer(requested: date, executed: date) -> None:
    assert cooling_off_ends(noon(requested)) == noon(executed)


def test_cooling_off_never_makes_an_answer_late_in_ten_years() -> None:
    """Executed by the sweep that comes after the instant, not at the instant: that too must lie within the last day."""
    day, late = date(2026, 1, 1), []
    while day <= date(2036, 12, 31):
        requested = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=PARIS)
        due = deadline(Right.ERASURE, DataClass.ORDINARY, requested)
        if cooling_off_ends(requested) + EXECUTION > due.due_at:
            late.append(day)
        day += timedelta(days=1)
    assert late == []


def test_thirty_days_alone_would_be_late_for_24_receipts_of_2026() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    late = [
        day for day in days if day + timedelta(days=30) > deadline(Right.ERASURE, DataClass.ORDINARY, noon(day)).due_on
    ]
    assert len(late) == 24


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(Right), st.sampled_from(DataClass))
def test_deadline_is_never_before_its_target_and_gdpr_ends_on_working_days(
    received: datetime, right: Right, data: DataClass
) -> None:
    found = deadline(right, data, received)
    assert found.received_on < found.target_on <= found.due_on
    assert found.not_before < found.due_at
    if found.extended_until:
        assert is_working_day(found.due_on)
        assert is_working_day(found.extended_until)
        assert found.due_on < found.extended_until


@given(MOMENTS)
def test_cooling_off_lies_between_four_weeks_and_thirty_days(requested: datetime) -> None:
    length = cooling_off_ends(requested) - requested
    assert timedelta(days=27, hours=23) - EXECUTION <= length <= timedelta(days=30, hours=1)


@pytest.mark.parametrize(
    ("requested", "ends"),
    [
        (datetime(2027, 3, 1, 10, tzinfo=PARIS), datetime(2027, 3, 31, 10, tzinfo=PARIS)),
        (datetime(2026, 10, 10, 10, tzinfo=PARIS), datetime(2026, 11, 9, 10, tzinfo=PARIS)),
    ],
)
def test_cooling_off_ends_at_the_same_local_hour_across_clock_changes(requested: datetime, ends: datetime) -> None:
    assert cooling_off_ends(requested) == ends
