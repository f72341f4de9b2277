"""What the privacy centre says: read live, always for one person and one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.models import AccessEntry
from care.models import Practice
from care.queries import practice_of
from consents.queries import history, states
from records.models import Consultation, Document, KeptResource, Measure, PatientFile
from records.queries import files_for

RECENT = timedelta(days=30)

HOLDINGS: tuple[tuple[Any, type[Model], str], ...] = (
    (_("Consultations"), Consultation, "started_at"),
    (_("Measures"), Measure, "taken_at"),
    (_("Documents"), Document, "added_at"),
    (_("Resources kept as they were imported"), KeptResource, "kept_at"),
)


@dataclass(frozen=True)
class Holding:
    """How many of a kind are held, and since when the oldest."""

    kind: Any
    number: int
    since: datetime | None


@dataclass(frozen=True)
class Openings:
    """Who saw it: openings of the last 30 days in the practice, and the newest one."""

    number: int
    files: int
    by_others: int
    last_at: datetime | None


@dataclass(frozen=True)
class Terms:
    """How long: the first and the last end of the clocks running on the practice's files."""

    files: int
    first_end: date | None
    last_end: date | None


@dataclass(frozen=True)
class Choices:
    """What was decided: switches on, of how many, and when one was last moved."""

    on: int
    of: int
    last_at: datetime | None


def holdings(user: User) -> list[Holding]:
    """What is held of the patients of ``user``, counted now."""
    files = files_for(user)
    first = files.aggregate(number=Count("pk"), since=Min("created_at"))
    found = [Holding(_("Patient files"), first["number"], first["since"])]
    for kind, model, moment in HOLDINGS:
        rows = model._default_manager.filter(file__in=files)
        found.append(Holding(kind, **rows.aggregate(number=Count("pk"), since=Min(moment))))
    return found


def seen_by(user: User) -> QuerySet[AccessEntry]:
    """Every opening that concerns ``user``: of their practice's files, and of their own data."""
    practice = practice_of(user)
    mine = Q(subject_id=user.pk)
    return AccessEntry.objects.filter(mine | Q(practice_id=practice.pk) if practice else mine)


def openings(user: User, now: datetime) -> Openings:
    """The openings of the last 30 days."""
    figures = (
        seen_by(user)
        .filter(at__gt=now - RECENT, at__lte=now)
        .aggregate(
            number=Count("pk"),
            files=Count("subject_id", distinct=True),
            by_others=Count("pk", filter=~Q(actor_id=user.pk)),
            last_at=Max("at"),
        )
    )
    return Openings(**figures)


def terms(user: User) -> Terms:
    """The clocks on the files of ``user``'s patients (PC-41)."""
    ends = files_for(user).aggregate(files=Count("pk"), first_end=Min("retain_until"), last_end=Max("retain_until"))
    return Terms(**ends)


def choices(user: User, now: datetime) -> Choices:
    """How many switches are on, children counted."""
    now_states = states(user.pk, now)
    last = history(user.pk, now).aggregate(last=Max("at"))["last"]
    return Choices(sum(s.on for s in now_states.values()), len(now_states), last)


def journal_of(user: User, wanted: Mapping[str, Any]) -> QuerySet[AccessEntry]:
    """The access journal of ``user``, newest first, as the filter leaves it (PC-70)."""
    entries = seen_by(user)
    if wanted.get("since"):
        entries = entries.filter(at__date__gte=wanted["since"])
    if wanted.get("until"):
        entries = entries.filter(at__date__lte=wanted["until"])
    if wanted.get("who") == "me":
        entries = entries.filter(actor_id=user.pk)
    if wanted.get("who") == "others":
        entries = entries.exclude(actor_id=user.pk)
    return entries.order_by("-at", "-pk")


def own_files(user: User, entries: Iterable[AccessEntry]) -> set[UUID]:
    """Which of the journal's subjects are files that ``user`` can open now."""
    subjects = {entry.subject_id for entry in entries}
    return set(files_for(user).filter(pk__in=subjects).values_list("pk", flat=True))


def next_to_leave(user: User, number: int = 3) -> QuerySet[PatientFile]:
    """The files whose term ends first, with what their clock shows."""
    shown = (
        files_for(user)
        .select_related(None)
        .only("created_at", "last_consultation_on", "retain_until", "retention_rule")
    )
    return shown.order_by("retain_until", "pk")[:number]


def practice_name(user: User) -> str:
    """The name of the practice, for the head of a printed register."""
    practice: Practice | None = practice_of(user)
    return practice.name if practice else ""
