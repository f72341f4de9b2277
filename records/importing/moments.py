"""Dates as FHIR and spreadsheets write them. A date may be only a year or a month: it is kept as a span."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Europe/Paris")
"""Days of the law are counted here, as everywhere in the house (design 2)."""

_PARTIAL = re.compile(r"^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?$")


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment to the end of a day."""

    start: datetime
    last_day: date

    @property
    def start_day(self) -> date:
        return self.start.astimezone(LEGAL_ZONE).date()


def span_of(written: str) -> Span | None:
    """A FHIR date, dateTime or instant; None when it isn't one. A year spans to its 31 December."""
    match = _PARTIAL.match(written)
    try:
        return _of_days(*match.groups()) if match else _of_moment(written)
    except (ValueError, OverflowError):
        return None


def _of_days(year: str, month: str | None, day: str | None) -> Span:
    first = date(int(year), int(month or 1), int(day or 1))
    last_month = int(month or 12)
    last = date(first.year, last_month, int(day or calendar.monthrange(first.year, last_month)[1]))
    return Span(datetime.combine(first, time(), LEGAL_ZONE), last)


def _of_moment(written: str) -> Span | None:
    if "T" not in written:
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LEGAL_ZONE)
    return Span(moment, moment.astimezone(LEGAL_ZONE).date())
