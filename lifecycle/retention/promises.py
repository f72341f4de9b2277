"""What the retention engine promises, measured on the live databases."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.models import Departed, Disposal
from lifecycle.retention.children import FILE_TABLE, children
from lifecycle.retention.deciding import is_past
from privacy.promises import Measure, promise
from privacy.purposes import Purpose
from privacy.retention import MINOR
from records.clock import parse_birth_date
from records.models import PatientFile
from vault import access, rings
from vault.errors import KeyRefused
from vault.models import FileKey

TESTS: Final = "tests/lifecycle/retention/test_promises.py"
PATIENCE: Final = timedelta(days=2)
"""How long a sweep may be late before the promise counts as broken; the rights are exact without any sweep."""
PIECE: Final = 5_000
SAMPLE: Final = 50
GUARDED: Final = "select tgrelid::regclass::text from pg_trigger where tgname = 'deletion_door' and tgenabled = 'A'"
OVERDUE: Final = """
select file.id from records_patientfile file join care_practice practice on practice.id = file.practice_id
 where file.leaving_at is null and {past}
   and not exists (select from lifecycle_hold hold where hold.file_id = file.id and hold.lifted_at is null)
   and not exists (select from records_restriction r where r.file_id = file.id and r.lifted_at is null)
"""
IN_USE: Final = """
select count(*) from records_patientfile file join care_practice practice on practice.id = file.practice_id
 where file.leaving_at is null and file.archived_at is null and {past}
   and not exists (select from records_restriction r where r.file_id = file.id and r.lifted_at is null)
"""
EARLY: Final = """
select count(*) from lifecycle_disposal disposal join care_practice practice on practice.id = disposal.practice_id
 where disposal.reason = 'term' and disposal.until >= (disposal.decided_at at time zone
       case practice.jurisdiction when 'IL' then 'Asia/Jerusalem' else 'Europe/Paris' end)::date
"""
COLUMNS: Final = frozenset({"id", "month", "kind", "rule", "jurisdiction", "count"})


@promise("PC-41", checked_by=TESTS)
def files_leave_when_their_term_ends(now: datetime) -> Measure:
    """Nothing past its end is left, nothing decided is half done, and all tables of a file are behind the door."""
    with scope(ALL):
        overdue = set(_ids(OVERDUE, "retain_until", now)) - rings.all_restricted()
        half_done = PatientFile.objects.filter(leaving_at__lt=now - PATIENCE).count()
        in_use = _number(IN_USE, "active_until", now)
        broken = {
            "files_past_their_end": len(overdue),
            "destructions_half_done": half_done,
            "files_to_archive": in_use,
            "archived_files_with_a_key_in_use": _archived_in_use(),
            "destroyed_files_with_a_key": _alive_after_disposal(),
            "tables_beside_the_door": len(_unguarded()),
        }
        figures = {"files": PatientFile.objects.count(), "files_destroyed": Disposal.objects.count()}
    return Measure(kept=not any(broken.values()), figures=figures | broken)


@promise("PC-49", checked_by=TESTS)
def nothing_left_before_its_end(now: datetime) -> Measure:
    """Each file that left because its term ended left after the last day of it, where its practice is."""
    with scope(ALL):
        early = _number(EARLY)
        ended = Disposal.objects.filter(reason=Disposal.Reason.TERM).count()
    return Measure(kept=early == 0, figures={"files_that_left_at_their_end": ended, "files_that_left_early": early})


@promise("LAW-01", checked_by=TESTS)
def minors_are_kept_until_28(now: datetime) -> Measure:
    """The files of the youngest patients, opened now: none may leave before the 28th birthday.

    The openings stand in the access journal like any other.
    """
    with scope(ALL):
        files = PatientFile.objects.filter(leaving_at=None).select_related("practice")
        minors = files.filter(retention_rule__contains=MINOR.id)
        sample = [*minors.order_by("-created_at")[:SAMPLE], *files.order_by("retain_until", "pk")[:SAMPLE]]
        opened, early = _opened_and_early(sample, now)
        figures = {"minors": minors.count(), "files_opened": opened, "files_ending_before_28": early}
    return Measure(kept=early == 0, figures=figures)


@promise("MD-21", checked_by=TESTS)
def what_left_is_counted_about_nobody(now: datetime) -> Measure:
    """Every destroyed file and row is in the counts that stay, and these have no column for a person or a practice."""
    counted = dict(Departed.objects.values_list("kind").annotate(Sum("count")))
    with scope(ALL):
        missing = {kind: max(0, number - counted.get(kind, 0)) for kind, number in _disposed().items()}
    strange = {field.name for field in Departed._meta.get_fields()} ^ COLUMNS
    figures = {"rows_counted": sum(counted.values()), "rows_not_counted": sum(missing.values())}
    return Measure(kept=not any(missing.values()) and not strange, figures=figures)


def _opened_and_early(sample: list[PatientFile], now: datetime) -> tuple[int, int]:
    handles = access.open_many(
        [file.pk for file in sample], by=Actor.system("promises"), purpose=Purpose.LEGAL, part="clock", practice_id=None,
        now=now, action="verify", from_archive=True,
    )  # fmt: skip
    opened = early = 0
    for file in {file.pk: file for file in sample}.values():
        if isinstance(handles.refused.get(file.pk), KeyRefused):
            continue
        born = parse_birth_date(handles[file.pk].read(file, "birth_date"))
        opened += 1
        early += born is not None and MINOR.length is not None and file.retain_until < MINOR.length.after(born)
    return opened, early


def _disposed() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), coalesce(sum((counts ->> 'consultations')::bigint), 0),"
            " coalesce(sum((counts ->> 'measures')::bigint), 0), coalesce(sum((counts ->> 'documents')::bigint), 0)"
            " from lifecycle_disposal"
        )
        files, consultations, measures, documents = (int(number) for number in cursor.fetchone())
    return {
        "records.PatientFile": files,
        "records.Consultation": consultations,
        "records.Measure": measures,
        "records.Document": documents,
    }


def _archived_in_use() -> int:
    """Files in the archive whose key still opens in daily work."""
    files = PatientFile.objects.exclude(archived_at=None)
    keys = FileKey.objects.filter(ring=FileKey.Ring.ACTIVE, destroyed_at=None)
    return sum(keys.filter(file_id__in=piece).count() for piece in _pieces(files.values_list("pk", flat=True)))


def _alive_after_disposal() -> int:
    """Files whose destruction was carried out and whose key isn't dead."""
    done = Disposal.objects.exclude(file_id__in=PatientFile.objects.values("pk")).values_list("file_id", flat=True)
    keys = FileKey.objects.filter(destroyed_at=None)
    return sum(keys.filter(file_id__in=piece).count() for piece in _pieces(done))


def _pieces(ids: Any) -> Any:
    piece: list[UUID] = []
    for one in ids.iterator(chunk_size=PIECE):
        piece.append(one)
        if len(piece) == PIECE:
            yield piece
            piece = []
    yield piece


def _unguarded() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(GUARDED)
        guarded = {name for (name,) in cursor.fetchall()}
    return {FILE_TABLE, *(child.table for child in children())} - guarded


def _ids(sql: str, column: str, now: datetime) -> list[UUID]:
    past, values = is_past(column, now - PATIENCE)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(past=past), values)
        return [file_id for (file_id,) in cursor.fetchall()]


def _number(sql: str, column: str = "", now: datetime | None = None) -> int:
    past, values = is_past(column, now - PATIENCE) if now else ("", {})
    with connection.cursor() as cursor:
        cursor.execute(sql.format(past=past), values)
        return int(cursor.fetchone()[0])
