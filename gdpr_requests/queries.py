"""What the privacy centre says: read live, always for one person and one moment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Max, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care.models import Practice
from care.queries import practice_of
from consents.queries import states
from gdpr_requests.desk.objecting import objectors, objects_to
from gdpr_requests.models import ObjectionKind
from lifecycle.holds.queries import held
from privacy.clocks import start_of
from privacy.own_keys import OWN_KEYS
from records.clock import Bar, bars_of
from records.holds import holds_of
from records.models import Consultation, Document, KeptResource, Measure, PatientFile
from records.queries import files_for, files_of
from records.restriction.queries import IS_RESTRICTED

RECENT = timedelta(days=30)
ONE_DAY = timedelta(days=1)

HELD_IN_FILES: tuple[tuple[Any, type[Model], str], ...] = (
    (_("Consultations"), Consultation, "started_at"),
    (_("Measures"), Measure, "taken_at"),
    (_("Documents"), Document, "added_at"),
    (_("Resources kept as they were imported"), KeptResource, "kept_at"),
)

# One statement: the files are looked for once, and counted with all they hold.
HOLDINGS = """
with files as materialized ({files})
select 0, count(*), min(created_at) from files {held} order by 1
"""
HELD = "union all select {place}, count(*), min({moment}) from {table} where file_id in (select id from files)"


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
class Choices:
    """What was decided: switches on, of how many, and when one was last moved."""

    on: int
    of: int
    last_at: datetime | None


def objects_to_marketing(email: str) -> bool:
    """Whether the holder of this address objected to marketing: whoever sends any asks this first (PC-65)."""
    return objects_to(ObjectionKind.MARKETING, email)


def objectors_to_marketing(emails: Collection[str]) -> set[str]:
    """Those of these addresses whose holders objected to marketing, in one query: for whoever sends to many (PC-65)."""
    return objectors(ObjectionKind.MARKETING, emails)


def holdings(user: User) -> list[Holding]:
    """What is held of the patients of ``user``, counted now."""
    files, asked = files_of(user).select_related(None).values("id", "created_at").query.sql_with_params()
    held = " ".join(
        HELD.format(place=place, moment=moment, table=model._meta.db_table)
        for place, (_kind, model, moment) in enumerate(HELD_IN_FILES, 1)
    )
    kinds = [_("Patient files"), *(kind for kind, _model, _moment in HELD_IN_FILES)]
    with connection.cursor() as cursor:
        cursor.execute(HOLDINGS.format(files=files, held=held), asked)
        return [Holding(kinds[place], number, since) for place, number, since in cursor.fetchall()]


def seen_by(by: Actor) -> QuerySet[AccessEntry]:
    """Every opening that concerns ``by``: of their practice's files, and of their own data."""
    mine = Q(subject_id=by.account_id)
    return AccessEntry.objects.filter(mine | Q(practice_id=by.practice_id) if by.practice_id else mine)


def openings(by: Actor, now: datetime) -> Openings:
    """The openings of the last 30 days."""
    figures = (
        seen_by(by)
        .filter(at__gt=now - RECENT, at__lte=now)
        .aggregate(
            number=Count("pk"),
            files=Count("subject_id", distinct=True),
            by_others=Count("pk", filter=~Q(actor_id=by.account_id)),
            last_at=Max("at"),
        )
    )
    return Openings(**figures)


def files_held(user: User) -> int:
    """How many files of ``user``'s patients a live hold keeps beyond their end (LAW-03)."""
    return held(files_of(user)).count()


def choices(user: User, now: datetime) -> Choices:
    """How many switches are on, children counted."""
    found = [state for slot, state in states(user.pk, now).items() if slot not in OWN_KEYS]
    last = max((state.since for state in found if state.since), default=None)
    return Choices(sum(state.on for state in found), len(found), last)


def journal_of(by: Actor, wanted: Mapping[str, Any]) -> list[QuerySet[AccessEntry]]:
    """The access journal of ``by`` as the filter leaves it (PC-70): of their practice's files, and of their own data.

    One query for each, so that each is read from its own index; a line may be in both.
    """
    ways = [AccessEntry.objects.filter(Q(subject_id=by.account_id))]
    if by.practice_id:
        ways.append(AccessEntry.objects.filter(practice_id=by.practice_id))
    return [filtered(way, wanted, by.account_id) for way in ways]


def filtered(entries: QuerySet[AccessEntry], wanted: Mapping[str, Any], me: UUID | None) -> QuerySet[AccessEntry]:
    """The openings of the period and by whom the filter names; both days are in it."""
    if wanted.get("since"):
        entries = entries.filter(at__gte=start_of(wanted["since"]))
    if wanted.get("until"):
        entries = entries.filter(at__lt=start_of(wanted["until"] + ONE_DAY))
    if wanted.get("who") == "me":
        entries = entries.filter(actor_id=me)
    if wanted.get("who") == "others":
        entries = entries.exclude(actor_id=me)
    return entries


def own_files(user: User, entries: Iterable[AccessEntry], now: datetime) -> set[UUID]:
    """Which of the journal's subjects are files that ``user`` can open now."""
    subjects = {entry.subject_id for entry in entries}
    return set(files_for(user, now).filter(pk__in=subjects).values_list("pk", flat=True))


def next_to_leave(user: User, number: int = 3) -> QuerySet[PatientFile]:
    """The files whose term ends first, with what their clock shows; a restricted one doesn't leave (PC-63)."""
    free = files_of(user).select_related(None).exclude(IS_RESTRICTED)
    shown = free.only("created_at", "last_consultation_on", "retain_until", "retention_rule")
    return shown.order_by("retain_until", "pk")[:number]


def clocks_of(files: Iterable[PatientFile]) -> list[tuple[PatientFile, list[Bar]]]:
    """Each file with the holds on its clock, live and lifted (LAW-03)."""
    shown = list(files)
    holds = holds_of(file.pk for file in shown)
    return [(file, bars_of(holds[file.pk])) for file in shown]


def practice_name(user: User) -> str:
    """The name of the practice, for the head of a printed register."""
    practice: Practice | None = practice_of(user)
    return practice.name if practice else ""
