"""What the house promises about imports, measured on the live database (PC-123)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef

from audit.actors import Actor
from care.tenancy import ALL, scope
from privacy.promises import Measure, promise
from privacy.purposes import Purpose
from records.fhir_export import originals
from records.models import ImportRun, KeptResource, SourceRecord
from records.restriction.queries import live
from vault import access, rings

from .report import is_complete
from .sources import Known

TESTS: Final = "tests/imports/test_import_promises.py"
_SAMPLE: Final = 200
"""Records of the sampled file that are opened and compared."""


@promise("PC-123", checked_by=TESTS)
def every_record_read_is_accounted_for(now: datetime) -> Measure:
    """What a finished import read is what it took, kept, knew, left out or refused; nothing is missing."""
    with scope(ALL):
        runs = list(ImportRun.objects.filter(state=ImportRun.State.DONE).values_list("figures", flat=True))
    incomplete = sum(not is_complete(figures) for figures in runs)
    read = sum(figures.get("resources", 0) for figures in runs)
    figures = {"imports_done": len(runs), "records_read": read, "imports_not_adding_up": incomplete}
    return Measure(kept=incomplete == 0, figures=figures)


@promise("PC-123", checked_by=TESTS)
def every_imported_record_has_its_original(now: datetime) -> Measure:
    """Each record that an import brought still has its original characters, sealed."""
    with scope(ALL):
        held = KeptResource.objects.filter(pk=OuterRef("object_id"), raw__isnull=False)
        records = SourceRecord.objects.all()
        lost = records.filter(raw__isnull=True).exclude(Exists(held)).count()
        return Measure(kept=lost == 0, figures={"imported_records": records.count(), "records_without_original": lost})


@promise("PC-123", checked_by=TESTS)
def an_imported_file_exports_again_unchanged(now: datetime) -> Measure:
    """The records of the file imported last leave in the characters they came in: their keyed hashes are compared.

    One that is restricted isn't opened for that; the one before it is. The opening stands in the access journal like any other.
    """
    with scope(ALL):
        shut = rings.all_restricted() | set(live().values_list("file_id", flat=True))
        records = SourceRecord.objects.filter(file__leaving_at=None).exclude(file_id__in=shut)
        newest = records.order_by("-first_seen_at", "-pk").first()
        if newest is None:
            return Measure(kept=True, figures={"records_compared": 0, "records_that_differ": 0})
        compared, differing = _compared(newest, now)
    return Measure(kept=differing == 0, figures={"records_compared": compared, "records_that_differ": differing})


def _compared(newest: SourceRecord, now: datetime) -> tuple[int, int]:
    handle = access.open(
        newest.file_id, by=Actor.system("promises"), purpose=Purpose.LEGAL, part="kept", practice_id=newest.practice_id,
        now=now, action="verify", from_archive=True,
    )  # fmt: skip
    rows = list(
        SourceRecord.objects.filter(file_id=newest.file_id).order_by("-first_seen_at", "position", "pk")[:_SAMPLE]
    )
    known = {source: Known(newest.practice_id, source) for source in {row.source for row in rows}}
    return len(rows), _differing(zip(rows, originals(rows, handle), strict=True), known)


def _differing(pairs: Iterable[tuple[SourceRecord, str]], known: dict[str, Known]) -> int:
    return sum(known[row.source].source_of("", raw).content != bytes(row.content_hash or b"") for row, raw in pairs)
