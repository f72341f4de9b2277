"""Somebody leaves the sets they are in: recorded on each of them at once, and the file of a set that still lies there is destroyed.

The record is written in the withdrawal's own transaction (``consents.hooks``); the destruction is what the withdrawal stops
(``consents.stopping``), so that the person reads when it was done. What ends by itself, a guardian's say or an account, is found by the
hourly look over all sets; until then ``why_not_open`` keeps such a file closed.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.actions import EventRow, record_events
from audit.actors import Actor
from care.models import Membership, Role
from care.tenancy import ALL, scope
from records.models import EndReason, LeftWhy, PatientFile, TrainingBuild, TrainingMember
from records.training.keeping import end
from records.training.rules import still_in, why_over


def of_practitioner(account_id: UUID) -> Q:
    """The memberships that rest on an account's agreement: its own texts, and all of the practices it owns."""
    owned = Membership.objects.live().filter(user_id=account_id, role=Role.OWNER).values("practice_id")
    return Q(author_id=account_id) | Q(practice_id__in=owned)


def patient_decided(*, subject_id: UUID, child: str, on: bool, by: Actor, now: datetime) -> None:
    """What follows from a patient's no, in its transaction: ``subject_id`` is the file."""
    if not on:
        leave(Q(file_id=subject_id), why=LeftWhy.PATIENT, by=by, now=now)


def practitioner_decided(*, subject_id: UUID, child: str, on: bool, by: Actor, now: datetime) -> None:
    """What follows from a practitioner's no, in its transaction."""
    if not on:
        leave(of_practitioner(subject_id), why=LeftWhy.PRACTICE, by=by, now=now)


def death_recorded(*, file: PatientFile, died_on: str | None, by: Actor, now: datetime) -> None:
    """A dead patient can't take anything back, so they are in no set any more."""
    if died_on:
        leave(Q(file_id=file.pk), why=LeftWhy.DEATH, by=by, now=now)


@transaction.atomic
def leave(whose: Q, *, why: str, by: Actor, now: datetime) -> int:
    """Record on every set, past ones too, that these members left; how many did now. Safe to repeat."""
    with scope(ALL):
        rows = TrainingMember.objects.select_for_update(of=("self",)).select_related("build")
        found = list(rows.filter(whose, left_at=None).order_by("pk"))
        for row in found:
            row.left_at, row.left_why = max(now, row.build.built_at), why
        TrainingMember.objects.bulk_update(found, ["left_at", "left_why"], batch_size=500)
        lines = [EventRow(row.pk, row.file_id, row.practice_id, {"set": row.build.number, "why": why}) for row in found]
        if lines:
            label = TrainingMember._meta.label
            record_events(by=by, verb="records.training.left", object_type=label, rows=lines, now=now)
    return len(found)


def forget_files(file_ids: Iterable[UUID], *, by: Actor, now: datetime) -> None:
    """Destroy the sets that hold any of these files, before their rows go by the deletion door."""
    files = list(file_ids)
    with scope(ALL):
        holding = list(there().filter(members__file_id__in=files).distinct())
    if holding:
        leave(Q(file_id__in=files), why=LeftWhy.ERASED, by=by, now=now)
    for build in holding:
        end(build, why=EndReason.ERASED, by=by, now=now)


def there() -> QuerySet[TrainingBuild]:
    """The sets whose file isn't known to be destroyed, the oldest first."""
    return TrainingBuild.objects.filter(end=None).order_by("number")


def look_over(*, by: Actor, now: datetime) -> int:
    """Ask every member of every file that is there anew, record who isn't in any more, and destroy what is over. How many files."""
    gone = 0
    for build in there():
        with scope(ALL):
            shut = [member.pk for member in build.members.filter(left_at=None) if not still_in(member, now)]
        if shut:
            leave(Q(pk__in=shut), why=LeftWhy.CLOSED, by=by, now=now)
        if why := why_over(build, now):
            gone += end(build, why=why, by=by, now=now)
    return gone
