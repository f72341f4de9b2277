"""What the archive and the death of patients promise, measured on the live databases."""

from datetime import date, datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import CharField, Exists, F, OuterRef
from django.db.models.functions import Cast

from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.tenancy import ALL, scope
from privacy.clocks import Jurisdiction
from privacy.promises import Measure, promise
from privacy.purposes import Purpose
from privacy.retention import DEATH, MINOR, Hold, Term
from privacy.schedule import in_force
from records.actions.archive import REOPENED_FOR
from records.clock import AFTER_DEATH, TELLING, day_of, end_of_month, jurisdiction_of, ruled_term, set_clock
from records.models import ArchiveOpening, PatientFile
from records.reading import Part
from vault import access
from vault.errors import KeyRefused

SAMPLE: Final = 50
DAILY: Final = """
select count(*) from records_patientfile file join audit_accessentry entry on entry.subject_id = file.id
 where file.archived_at is not null and entry.at > file.archived_at and entry.purpose = 'care'
   and entry.action <> 'open_archive'
"""
STANDING: Final = "select count(*) from pg_trigger where tgrelid = 'records_archiveopening'::regclass and tgname = 'opening_stands' and tgenabled = 'A'"  # fmt: skip


@promise("PC-41", checked_by="tests/records/test_archive_promise.py")
def archive_opens_with_a_reason_only(now: datetime) -> Measure:
    """No daily page showed an archived file; each reading of the archive has its opening, each opening its journal line."""
    with scope(ALL):
        openings = ArchiveOpening.objects.all()
        said = EventEntry.objects.filter(
            verb="records.archive.opened",
            object_id=Cast(OuterRef("pk"), CharField()),
            actor_id=OuterRef("opened_by_id"),
        )
        written = openings.filter(
            file_id=OuterRef("subject_id"), opened_by_id=OuterRef("actor_id"), opened_at=OuterRef("at")
        )
        read = AccessEntry.objects.filter(part=Part.ARCHIVE.value, action=access.OPEN_ARCHIVE)
        gone = ~Exists(PatientFile.objects.filter(pk=OuterRef("subject_id")))
        broken = {
            "archived_files_seen_in_daily_work": _number(DAILY),
            "readings_of_the_archive_without_an_opening": read.exclude(gone).exclude(Exists(written)).count(),
            "openings_without_a_journal_line": openings.exclude(Exists(said)).count(),
            "openings_longer_than_thirty_days": sum(map(_too_long, openings.select_related("file__practice"))),
            "openings_that_could_be_rewritten": 1 - _number(STANDING),
        }
        figures = {
            "archived_files": PatientFile.objects.exclude(archived_at=None).count(),
            "openings_of_the_archive": openings.count(),
            "open_again": openings.filter(until=F("file__active_until"), file__archived_at=None).count(),
        }
    return Measure(kept=not any(broken.values()), figures=figures | broken)


@promise("LAW-02", checked_by="tests/records/test_archive_promise.py")
def files_of_the_dead_end_ten_years_later(now: datetime) -> Measure:
    """Files with a day of death, opened now: their stored end is the law's, and no clear column tells the day.

    The openings stand in the access journal like any other.
    """
    with scope(ALL):
        files = PatientFile.objects.filter(leaving_at=None).select_related("practice")
        dead = files.filter(died_on__isnull=False)
        opened, otherwise = _opened_and_otherwise([*dead.order_by("-changed_at", "pk")[:SAMPLE]], now)
        shortened = files.filter(retention_rule__contains=DEATH.id)
        told = [end for end in shortened.values_list("retain_until", flat=True) if end != end_of_month(end)]
        broken = {
            "files_ending_otherwise": otherwise,
            "ends_that_tell_the_day": len(told),
            "files_shortened_without_a_death": shortened.filter(died_on__isnull=True).count(),
            "files_shortened_under_another_law": shortened.exclude(
                practice__jurisdiction=Jurisdiction.FR.value
            ).count(),
        }
        figures = {"deaths_recorded": dead.count(), "files_shortened": shortened.count(), "files_opened": opened}
    return Measure(kept=not any(broken.values()), figures=figures | broken)


def ends_by_rule(file: PatientFile, holds: tuple[Hold, ...]) -> bool:
    """Whether the stored end and rules can be those of the file's facts, without opening what is sealed.

    Where a birthday or a death decides, the end is a month's last day within what the clear facts
    allow; else it is exact.
    """
    known, rules = ruled_term(file, None, holds), file.retention_rule.split(",")
    if known.until is None:
        return False
    if not TELLING & set(rules):
        return (file.retain_until, rules) == (known.until, list(known.rules))
    if DEATH.id in rules and (file.died_on is None or jurisdiction_of(file) is not Jurisdiction.FR):
        return False
    latest = _latest_minor(file, holds) if MINOR.id in rules else end_of_month(known.until)
    exact = file.retain_until == end_of_month(file.retain_until)
    return exact and _earliest(file, known) <= file.retain_until <= latest


def _earliest(file: PatientFile, known: Term) -> date:
    """The twenty years; with a death, ten from the first one that the last consultation allows."""
    length = in_force().rules[DEATH.id].length
    if file.died_on is None or length is None or known.until is None:
        return known.until or date.max
    if file.last_consultation_on is None:
        return date.min
    return min(known.until, length.after(file.last_consultation_on - AFTER_DEATH))


def _latest_minor(file: PatientFile, holds: tuple[Hold, ...]) -> date:
    """28 years from the end of the file's first year (a birth may be known by its year only), and all held days."""
    length = in_force().rules[MINOR.id].length
    assert length is not None  # noqa: S101 - the schedule's own row
    youngest = day_of(file, file.created_at).replace(month=12, day=31)
    given_back = sum(((hold.lifted_on - hold.placed_on) for hold in holds if hold.lifted_on), timedelta())
    return end_of_month(length.after(youngest) + given_back)


def _opened_and_otherwise(sample: list[PatientFile], now: datetime) -> tuple[int, int]:
    """How many could be opened, and how many of these end otherwise than their facts say."""
    handles = access.open_many(
        [file.pk for file in sample], by=Actor.system("promises"), purpose=Purpose.LEGAL, part=Part.CLOCK.value,
        practice_id=None, now=now, action="verify", from_archive=True,
    )  # fmt: skip
    opened = otherwise = 0
    for file in sample:
        if isinstance(handles.refused.get(file.pk), KeyRefused):
            continue
        handle, stored = handles[file.pk], (file.retain_until, file.retention_rule)
        set_clock(file, handle.read(file, "birth_date"), died_on=handle.read(file, "died_on"))
        opened += 1
        otherwise += stored != (file.retain_until, file.retention_rule)
    return opened, otherwise


def _too_long(opening: ArchiveOpening) -> bool:
    return opening.until > REOPENED_FOR.after(day_of(opening.file, opening.opened_at))


def _number(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])
