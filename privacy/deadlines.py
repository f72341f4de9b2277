"""Until when a request must be answered: right x class of data x receipt (MD-34). Pure: no Django.

Two clocks exist. GDPR Art. 12(3): one calendar month from receipt, rolled off weekends and
French holidays (Regulation 1182/71), two more months if told within the first. Code de la santé
publique L1111-7: a medical record is shown within eight days, never before 48 hours of
reflection, within two months when its information is older than five years; that national clock
isn't rolled, which is the reading that favours the person.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from privacy.clocks import (
    ZONES,
    Jurisdiction,
    Period,
    add_years,
    aware,
    end_of_term,
    legal_day,
    roll_to_working_day,
)


class Right(StrEnum):
    """What a person can ask for, with its article."""

    ACCESS = "15"
    RECTIFICATION = "16"
    ERASURE = "17"
    RESTRICTION = "18"
    PORTABILITY = "20"
    OBJECTION = "21"
    HUMAN_DECISION = "22"
    WITHDRAWAL = "7.3"
    HOSTING_OBJECTION = "L1111-8"
    DIRECTIVES = "LIL 85"
    QUESTIONED_ACCESS = "15, 32"
    """"I don't recognise this access": who opened my data, and why?"""
    SUBPROCESSORS = "28.2"
    """A practitioner objects to a change of those who process data for us."""
    QUESTION = "38.4"
    """Whatever else a person asks the data protection officer."""


class DataClass(StrEnum):
    """The classes of data that have an answer clock of their own."""

    ORDINARY = "ordinary"
    MEDICAL = "medical"
    OLD_MEDICAL = "old_medical"


@dataclass(frozen=True, slots=True)
class Clock:
    """How long an answer may take, and under which text."""

    answer: Period
    rolls: bool
    article: str
    reflection: timedelta = timedelta(0)
    extension: Period | None = None


GDPR = Clock(Period(months=1), rolls=True, article="GDPR Art. 12(3)", extension=Period(months=2))
RECORD = Clock(Period(days=8), rolls=False, article="CSP L1111-7", reflection=timedelta(hours=48))
OLD_RECORD = Clock(Period(months=2), rolls=False, article="CSP L1111-7", reflection=timedelta(hours=48))
MEDICAL_ACCESS = {DataClass.MEDICAL: RECORD, DataClass.OLD_MEDICAL: OLD_RECORD}

OLD_AFTER = Period(years=5)
COOLING_OFF = Period(days=30)
EXECUTION = timedelta(hours=3)
"""From its instant on, an execution waits for a sweep (hourly) and takes its time; all of it lies within the last day."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The dates one request must keep; days are Paris days, instants are UTC."""

    received_on: date
    not_before: datetime
    target_on: date
    due_on: date
    extended_until: date | None
    article: str

    @property
    def due_at(self) -> datetime:
        """The instant after which the answer is late."""
        return end_of_term(self.due_on)


def class_of_record(newest_information_on: date, received_on: date) -> DataClass:
    """Whether a medical record counts as older than five years on the day of receipt."""
    old = add_years(newest_information_on, OLD_AFTER.years) < received_on
    return DataClass.OLD_MEDICAL if old else DataClass.MEDICAL


def clock_for(right: Right, data: DataClass) -> Clock:
    """The clock of an answer: L1111-7 for seeing a medical record, the GDPR's for all else."""
    return MEDICAL_ACCESS.get(data, GDPR) if right is Right.ACCESS else GDPR


def deadline(right: Right, data: DataClass, received_at: datetime) -> Deadline:
    """Until when a request received at ``received_at`` (aware) must be answered (MD-34).

    ``target_on`` is the unrolled date we aim at, ``due_on`` the legal limit. An extension, where
    the law has one, must be told on ``due_on`` at the latest.
    """
    clock = clock_for(right, data)
    received_on = legal_day(received_at)
    target = clock.answer.after(received_on)
    return Deadline(
        received_on=received_on,
        not_before=aware(received_at).astimezone(UTC) + clock.reflection,
        target_on=target,
        due_on=roll_to_working_day(target) if clock.rolls else target,
        extended_until=_extended(clock, received_on),
        article=clock.article,
    )


def cooling_off_ends(requested_at: datetime) -> datetime:
    """When a deletion asked for at ``requested_at`` is executed, in UTC (PC-34).

    Thirty days later at the same local hour, or on the statutory date of the answer when that
    comes first, early enough to be over before the day is: a wait never makes the answer late.
    """
    local = aware(requested_at).astimezone(ZONES[Jurisdiction.FR])
    limit = deadline(Right.ERASURE, DataClass.ORDINARY, requested_at)
    day = min(COOLING_OFF.after(local.date()), limit.due_on)
    return min(datetime.combine(day, local.timetz()).astimezone(UTC), limit.due_at - EXECUTION)


def _extended(clock: Clock, received_on: date) -> date | None:
    if clock.extension is None:
        return None
    return roll_to_working_day((clock.answer + clock.extension).after(received_on))
