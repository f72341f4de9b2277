"""Which files are restricted, and since when. Call inside a tenancy scope: outside one there are none to see."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from accounts.models import User
from care.models import Membership, Role
from care.queries import patients_of
from records.models import PatientFile, RestrictedOpening, Restriction
from vault import rings

IS_RESTRICTED = Exists(Restriction.objects.filter(file_id=OuterRef("pk"), lifted_at=None))
"""Of a row of patient files: whether any restriction on it isn't lifted."""


def live() -> QuerySet[Restriction]:
    """The restrictions that restrict, the oldest first."""
    return Restriction.objects.filter(lifted_at=None).order_by("since_at", "pk")


def restricted(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the files that are only stored."""
    return set(live().filter(file_id__in=list(file_ids)).values_list("file_id", flat=True))


def is_restricted(file_id: UUID) -> bool:
    """Whether the file is only stored."""
    return live().filter(file_id=file_id).exists()


def is_kept_shut(file_id: UUID) -> bool:
    """The same, or its key alone says so: lifted a moment ago, or its record lost in a restore."""
    return is_restricted(file_id) or bool(rings.restricted([file_id]))


def shut_since(file_ids: Iterable[UUID]) -> dict[UUID, datetime | None]:
    """Those of the files that are only stored, and since when; None where the key alone says so."""
    wanted = list(file_ids)
    if not wanted:
        return {}
    rows = Restriction.objects.filter(file_id__in=wanted, lifted_at=None).values("file_id")
    since: dict[UUID, datetime | None] = dict.fromkeys(rings.restricted(wanted))
    return since | dict(rows.annotate(since=Min("since_at")).values_list("file_id", "since"))


def live_restriction(file_id: UUID) -> Restriction | None:
    """The oldest restriction that restricts the file; None for a file that is free."""
    return live().filter(file_id=file_id).first()


def history_of(file: PatientFile) -> QuerySet[Restriction]:
    """Every restriction there ever was on the file, the latest first."""
    return Restriction.objects.filter(file=file).order_by("-since_at", "pk")


def restricted_for(user: User) -> QuerySet[PatientFile]:
    """The restricted files of patients ``user`` treats, and of the practices they own; the archived ones too."""
    treated = patients_of(user).filter(patient_id=OuterRef("pk"), practice_id=OuterRef("practice_id"))
    works = Membership.objects.live().filter(user=user)
    owned = works.filter(role=Role.OWNER).values("practice_id")
    mine = PatientFile.objects.filter(practice_id__in=works.values("practice_id"), leaving_at=None)
    return mine.filter(Q(Exists(treated)) | Q(practice_id__in=owned)).filter(IS_RESTRICTED).select_related("practice")


def opening_of(user: User, file: PatientFile, opening_id: UUID, now: datetime) -> QuerySet[RestrictedOpening]:
    """The reading ``user`` asked for, while it runs."""
    return RestrictedOpening.objects.filter(pk=opening_id, file=file, opened_by=user, opened_at__lte=now, until__gt=now)


def openings_of(file: PatientFile) -> QuerySet[RestrictedOpening]:
    """The readings of the file while it was restricted, the latest first."""
    return RestrictedOpening.objects.filter(file=file).select_related("opened_by").order_by("-opened_at", "pk")
