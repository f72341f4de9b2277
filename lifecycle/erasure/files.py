"""What becomes of each patient's file when a practitioner's account goes: nobody else's file is hit (PC-41, PC-50).

A file that another member of the practice treats stays with them, untouched. Of the others, those past their term are
destroyed, unless held or restricted; all that remains goes into the archive at once, until its own end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from care.models import CareRelationship, Membership
from lifecycle.erasure import rows
from lifecycle.erasure.answers import Outcome
from lifecycle.holds.queries import live
from privacy.clocks import Jurisdiction, legal_day
from records.models import PatientFile
from records.restriction.queries import IS_RESTRICTED, is_restricted

PIECE = 2000


class Fate(StrEnum):
    """What becomes of a file."""

    ERASED = "erased"
    ARCHIVED = "archived"
    HELD = "held"
    RESTRICTED = "restricted"
    """Past its term, and only stored until the restriction is lifted (PC-63)."""
    SHARED = "shared"
    IN_TERM = "in_term"


STAYS = (Fate.ARCHIVED, Fate.HELD, Fate.RESTRICTED)
"""What goes to the archive with an account: kept, each on its own ground."""

OUTCOMES = {
    Fate.ERASED: Outcome.ERASED,
    Fate.ARCHIVED: Outcome.ARCHIVED,
    Fate.HELD: Outcome.ARCHIVED,
    Fate.RESTRICTED: Outcome.ARCHIVED,
    Fate.SHARED: Outcome.KEPT,
    Fate.IN_TERM: Outcome.KEPT,
}


@dataclass(frozen=True, slots=True)
class FileFate:
    """One file by its random id, what becomes of it, and the last day its rule keeps it."""

    file_id: UUID
    fate: Fate
    until: date
    rule: str


def fates_for_account(user_id: UUID, now: datetime) -> list[FileFate]:
    """The fate of each file that the account treats, or that nobody else is left for; in the order of their ids."""
    days = _days(now)
    return [
        FileFate(
            file_id, _fate(until < days[country], held, shut, shared), until, "LAW-03" if held and not shared else rule
        )
        for file_id, country, until, rule, held, shut, shared in _candidates(user_id).iterator(chunk_size=PIECE)
    ]


def fate_of_file(file: PatientFile, now: datetime) -> FileFate:
    """The fate of one patient's file that is asked to be erased: held, restricted or within its term it stays."""
    held = live().filter(file_id=file.pk).exists()
    due = file.retain_until < _days(now)[file.practice.jurisdiction]
    fate = _fate(due, held, is_restricted(file.pk), shared=False)
    fate = Fate.IN_TERM if fate is Fate.ARCHIVED else fate
    return FileFate(file.pk, fate, file.retain_until, "LAW-03" if held else file.retention_rule)


def _fate(due: bool, held: bool, restricted: bool, shared: bool) -> Fate:
    if shared:
        return Fate.SHARED
    if held:
        return Fate.HELD
    if not due:
        return Fate.ARCHIVED
    return Fate.RESTRICTED if restricted else Fate.ERASED


def _days(now: datetime) -> dict[str, date]:
    return {one.value: legal_day(now, one) for one in Jurisdiction}


def _candidates(user_id: UUID) -> "QuerySet[PatientFile, tuple[UUID, str, date, str, bool, bool, bool]]":
    treated = CareRelationship.objects.active().filter(patient_id=OuterRef("pk"), practice=OuterRef("practice"))
    mine = Exists(treated.filter(practitioner_id=user_id))
    members = Membership.objects.live().filter(practice=OuterRef("practice"), user=OuterRef("practitioner"))
    shared = Exists(treated.exclude(practitioner_id=user_id).filter(Exists(members)))
    return (
        PatientFile.objects.filter(practice__in=rows.practices(user_id))
        .filter(mine | Q(practice__in=rows.closing_practices(user_id)))
        .annotate(shared=shared, held=Exists(live().filter(file_id=OuterRef("pk"))), restricted=IS_RESTRICTED)
        .order_by("pk")
        .values_list("pk", "practice__jurisdiction", "retain_until", "retention_rule", "held", "restricted", "shared")
    )


def by_fate(fates: Iterable[FileFate]) -> dict[Fate, list[FileFate]]:
    """The files of each fate there is, in a fixed order."""
    found: dict[Fate, list[FileFate]] = {fate: [] for fate in Fate}
    for one in fates:
        found[one.fate].append(one)
    return {fate: ones for fate, ones in found.items() if ones}


def pieces(ids: list[UUID]) -> Iterator[list[UUID]]:
    """``ids`` a bounded number at a time."""
    return (ids[at : at + PIECE] for at in range(0, len(ids), PIECE))
