"""Which holds are on which files. Call inside a tenancy scope: outside one there are none to see."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from audit.actors import Actor
from lifecycle.models import Hold
from privacy.clocks import Jurisdiction, legal_day
from privacy.purposes import Purpose
from privacy.retention import Hold as ClockHold
from records.models import PatientFile
from vault import access


@dataclass(frozen=True, slots=True)
class OpenedHold:
    """A hold with its sealed texts."""

    row: Hold
    case: str
    why: str
    lifted_why: str

    @property
    def clock(self) -> ClockHold:
        """Its days on the practice's calendar."""
        return as_clock(self.row)


def live() -> QuerySet[Hold]:
    """The holds that are on, the one to be reviewed first leading."""
    return Hold.objects.filter(lifted_at=None).select_related("practice").order_by("review_on", "placed_at", "pk")


def files_held() -> QuerySet[Hold, UUID]:
    """Ids of the files under a live hold, for a ``WHERE … IN``."""
    return Hold.objects.filter(lifted_at=None).values_list("file_id", flat=True)


def to_review(today: date) -> int:
    """How many live holds are past the day on which they were to be reviewed."""
    return Hold.objects.filter(lifted_at=None, review_on__lt=today).count()


def every() -> QuerySet[Hold]:
    """All holds there ever were, live ones first."""
    return Hold.objects.select_related("practice").order_by("-lifted_at", "review_on", "pk")


def holds_on(file_ids: Iterable[UUID]) -> QuerySet[Hold]:
    """The live holds on any of the files. Whoever destroys a key or a file asks this first, under its lock."""
    return live().filter(file_id__in=list(file_ids))


def held(files: QuerySet[PatientFile]) -> QuerySet[PatientFile]:
    """Those of ``files`` that a live hold keeps."""
    return files.filter(Exists(Hold.objects.filter(file_id=OuterRef("pk"), lifted_at=None)))


def on_clocks(file_ids: Iterable[UUID]) -> dict[UUID, tuple[ClockHold, ...]]:
    """Every hold there ever was on the files, as their clocks count it: in days of the practice's calendar."""
    found: dict[UUID, list[ClockHold]] = defaultdict(list)
    for hold in Hold.objects.filter(file_id__in=list(file_ids)).select_related("practice").order_by("placed_at", "pk"):
        found[hold.file_id].append(as_clock(hold))
    return {file_id: tuple(holds) for file_id, holds in found.items()}


def as_clock(hold: Hold) -> ClockHold:
    """The hold in the words of ``privacy.retention``; its case is sealed, so its ground stands for it."""
    where = Jurisdiction(hold.practice.jurisdiction)
    lifted_on = legal_day(hold.lifted_at, where) if hold.lifted_at else None
    return ClockHold(str(hold.get_ground_display()), legal_day(hold.placed_at, where), hold.review_on, lifted_on)


def opened(holds: Iterable[Hold], *, by: Actor, now: datetime) -> list[OpenedHold]:
    """The holds with their texts; each opening has its line in the access journal."""
    rows = list(holds)
    keys = access.open_many(
        [row.pk for row in rows], by=by, purpose=Purpose.LEGAL, part="hold", practice_id=None, now=now
    )
    texts = [keys[row.pk].reveal(row) for row in rows]
    return [
        OpenedHold(row, said["case"] or "", said["why"] or "", said["lifted_why"] or "")
        for row, said in zip(rows, texts, strict=True)
    ]


def overdue(holds: QuerySet[Hold], today: date) -> QuerySet[Hold]:
    """Live holds whose day of review is past."""
    return holds.filter(lifted_at=None, review_on__lt=today)
