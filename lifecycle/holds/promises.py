"""What holds and stored ends promise, measured on the live database."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from audit.models import EventEntry
from care.tenancy import ALL, scope
from lifecycle.holds import queries
from lifecycle.models import Hold
from privacy.clocks import legal_day
from privacy.promises import Measure, promise
from privacy.retention import Hold as ClockHold
from records.clock_promises import ends_by_rule
from records.models import PatientFile
from vault.queries import with_key

TESTS: Final = "tests/lifecycle/test_holds.py"
PIECE: Final = 1000
GUARDS: Final = (("records_patientfile", "keep_held"), ("lifecycle_hold", "hold_guard"))
STANDING: Final = "select count(*) from pg_trigger where tgrelid = %s::regclass and tgname = %s and tgenabled = 'A'"


@promise("LAW-03", checked_by=TESTS)
def held_files_stay(now: datetime) -> Measure:
    """Every held file still has its key, the database's guards stand, and each hold says who, why and when."""
    with scope(ALL):
        live = queries.live()
        held_ids = list(live.values_list("file_id", flat=True).distinct().order_by("file_id"))
        broken = {
            "held_files_without_a_key": len(held_ids) - len(with_key(held_ids)),
            "guards_missing": len(GUARDS) - sum(_stands(table, name) for table, name in GUARDS),
            "acts_without_a_journal_line": _silent("placed", Hold.objects.all()) + _silent("lifted", _lifted()),
        }
        figures = {
            "holds_on": live.count(),
            "files_held": len(held_ids),
            "holds_overdue_for_review": queries.overdue(live, legal_day(now)).count(),
        }
    return Measure(kept=not any(broken.values()), figures=figures | broken)


@promise("NEW-03", checked_by=TESTS)
def stored_ends_are_the_latest(now: datetime) -> Measure:
    """Each file's stored end and rules are those of its latest clock, computed again from its facts.

    Birth and death are sealed: where one of them decides, the end must be a month's last day, within
    what the file's clear facts allow.
    """
    files = wrong = 0
    with scope(ALL):
        for file, holds in _files_with_holds():
            files += 1
            wrong += not ends_by_rule(file, holds)
    return Measure(kept=wrong == 0, figures={"files": files, "files_ending_otherwise": wrong})


def _files_with_holds() -> Iterator[tuple[PatientFile, tuple[ClockHold, ...]]]:
    """Every file with all its holds, in pieces of constant size."""
    piece: list[PatientFile] = []
    for file in PatientFile.objects.select_related("practice").iterator(chunk_size=PIECE):
        piece.append(file)
        if len(piece) == PIECE:
            yield from _with_holds(piece)
            piece = []
    yield from _with_holds(piece)


def _with_holds(files: list[PatientFile]) -> Iterator[tuple[PatientFile, tuple[ClockHold, ...]]]:
    holds: dict[UUID, tuple[ClockHold, ...]] = queries.on_clocks(file.pk for file in files)
    return ((file, holds.get(file.pk, ())) for file in files)


def _silent(word: str, holds: QuerySet[Hold]) -> int:
    """How many of ``holds`` have no line in the event journal that says they were ``word``, and by whom."""
    said = EventEntry.objects.filter(
        verb=f"lifecycle.hold.{word}",
        object_id=Cast(OuterRef("pk"), CharField()),
        actor_role=OuterRef(f"{word}_role"),
    )
    return holds.exclude(Exists(said)).count()


def _lifted() -> QuerySet[Hold]:
    return Hold.objects.exclude(lifted_at=None)


def _stands(table: str, trigger: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [table, trigger])
        return bool(cursor.fetchone()[0])
