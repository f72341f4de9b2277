"""Until when a patient's file is kept, and why: the rules of ``privacy.retention`` on this file.

20 years after the last consultation, 5 of them in the open base (PC-41, PC-49), never before the
28th birthday (LAW-01). While there is no consultation the day the file was made counts.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext

from privacy.clocks import Jurisdiction, legal_day
from privacy.days import written
from privacy.retention import DEATH, MINOR, FileFacts, Hold, Term, end_of
from privacy.schedule import Schedule, in_force
from records.holds import holds_of
from records.models import PatientFile

AFTER_DEATH: Final = timedelta(days=31)
"""A death's papers (its certificate, a letter) may be written as consultations until so long after it."""
_BIRTH: Final = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_FULL: Final = len("2026-11-22")


def parse_birth_date(text: str | None) -> date | None:
    """The day in ``YYYY-MM-DD``; the last possible day of ``YYYY-MM`` or ``YYYY``.

    None when nothing is known. Raises ValueError for a day that no calendar has.
    """
    if not text:
        return None
    found = _BIRTH.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no date: write it as YYYY-MM-DD, YYYY-MM or YYYY")
    year, month = int(found[1]), int(found[2] or 12)
    if not 1 <= month <= 12:
        raise ValueError(f"month {month} doesn't exist")
    return date(year, month, int(found[3] or monthrange(year, month)[1]))


def birth_words(birth_date: str) -> str:
    """A full birth date in words; a year or a month as it is known."""
    born = parse_birth_date(birth_date) if len(birth_date) == _FULL else None
    return written(born) if born else birth_date


def first_day(text: str | None) -> date | None:
    """The first possible day of ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``; None when nothing is known."""
    last = parse_birth_date(text)
    if last is None or text is None:
        return None
    return {4: last.replace(month=1, day=1), 7: last.replace(day=1)}.get(len(text), last)


def counted_death(file: PatientFile, died_on: str | None) -> date | None:
    """The day of death from which a term counts: the last possible one, where it can be right at all (LAW-02).

    A consultation long after it says that the patient lives; then it shortens nothing.
    """
    died, seen = parse_birth_date(died_on), file.last_consultation_on
    return None if died and seen and seen > died + AFTER_DEATH else died


def jurisdiction_of(file: PatientFile) -> Jurisdiction:
    """Under whose calendar and rules the file stands: its practice's."""
    return Jurisdiction(file.practice.jurisdiction)


def day_of(file: PatientFile, moment: datetime) -> date:
    """The legal day of ``moment`` where the practice is."""
    return legal_day(moment, jurisdiction_of(file))


def term_of(
    file: PatientFile,
    birth_date: str | None,
    holds: Iterable[Hold] | None = None,
    *,
    died_on: str | None = None,
    schedule: Schedule | None = None,
) -> Term:
    """Every clock on the file, the latest of which decides (NEW-03); open while a hold is on (LAW-03).

    ``holds`` are all holds there ever were on the file, ``schedule`` the one in force; None reads them.
    """
    return end_of(
        FileFacts(
            opened_on=day_of(file, file.created_at),
            jurisdiction=jurisdiction_of(file),
            last_consultation_on=file.last_consultation_on,
            birth_date=parse_birth_date(birth_date),
            died_on=counted_death(file, died_on),
            holds=holds_of([file.pk])[file.pk] if holds is None else tuple(holds),
        ),
        (schedule or in_force()).rules,
    )


def ruled_term(
    file: PatientFile,
    birth_date: str | None,
    holds: Iterable[Hold] | None = None,
    *,
    died_on: str | None = None,
    schedule: Schedule | None = None,
) -> Term:
    """The end the rules give the file, with the days that lifted holds gave back; live holds left out.

    That end is what is stored: a live hold is a fact of its own, asked again before anything goes.
    """
    known = holds_of([file.pk])[file.pk] if holds is None else holds
    lifted = [hold for hold in known if hold.lifted_on]
    return term_of(file, birth_date, lifted, died_on=died_on, schedule=schedule)


def set_clock(
    file: PatientFile,
    birth_date: str | None,
    holds: Iterable[Hold] | None = None,
    *,
    died_on: str | None,
    schedule: Schedule | None = None,
) -> Term:
    """Write both ends the rules give, of daily use and of the file, and their rules on ``file`` (without saving).

    The version of the schedule they were computed under is written with them (NEW-05).

    Where the 28th birthday or the death decides, the end of its month is stored: the column is in
    clear, and must tell neither day. It is never earlier than the law's day. A reopening keeps the
    file in daily use until its own end.
    """
    schedule = schedule or in_force()
    term = ruled_term(file, birth_date, holds, died_on=died_on, schedule=schedule)
    if term.until is None or term.active_until is None:
        raise ValueError("the rules of a file always end it; only a hold, left out here, is open")
    file.retain_until = end_of_month(term.until) if TELLING & set(term.rules) else term.until
    file.active_until = max(active_end(term), file.reopened_until or term.active_until)
    file.retention_rule = ",".join(term.rules)
    file.schedule_version = schedule.number
    return term


def active_end(term: Term) -> date:
    """The last day in daily use as it is stored: a month's end where it would tell a birthday or a death."""
    if term.active_until is None:
        raise ValueError("a file always has a time of daily use: the rule of its last consultation gives it")
    deciding = {b.rule for b in term.bases if b.active_until == term.active_until == b.until}
    return end_of_month(term.active_until) if deciding & TELLING else term.active_until


CLOCK_FIELDS: Final = ("retain_until", "active_until", "retention_rule", "schedule_version")
"""What :func:`set_clock` writes, for ``save(update_fields=…)``."""
TELLING: Final = frozenset({MINOR.id, DEATH.id})
"""Rules whose exact end would tell a sealed day."""


def end_of_month(day: date) -> date:
    """The last day of the month that holds ``day``."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def reasons_of(term: Term) -> list[str]:
    """Why the file is kept until then, in the reader's language."""
    return [sentence.say(gettext, written) for sentence in term.explanation]


@dataclass(frozen=True, slots=True)
class Bar:
    """One hold as the drawing of a clock shows it; ``until`` is None until it is lifted."""

    label: str
    since: date
    until: date | None


def bars_of(holds: Iterable[Hold]) -> list[Bar]:
    """The holds of a file for its clock's drawing."""
    return [Bar(hold.case, hold.placed_on, hold.lifted_on) for hold in holds]
