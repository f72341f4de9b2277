"""Opening a file in an emergency: a reason, an hour by the clock, a notice at once, a review afterwards (MD-42)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from care.models import CareRelationship, EmergencyAccess, Membership, Role
from care.queries import owns
from care.roles import Emergency, Right, lacks
from care.team import mails
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refusal, Refused, require
from records.actions.journal import person
from records.models import PatientFile
from records.queries import in_daily_use
from records.reading import Part
from records.restriction.queries import IS_RESTRICTED
from records.rules import LONGEST_REASON
from records.search import twin_tokens
from vault import access
from vault.errors import VaultError

OPEN_FOR: Final = timedelta(minutes=60)
REVIEW_WITHIN: Final = timedelta(hours=72)
OFFICER: Final = "dpo"


def files_of_colleagues(user: User, now: datetime) -> QuerySet[PatientFile]:
    """The files in daily use of the practices where ``user`` works, whoever treats the patient."""
    works_in = Membership.objects.live().filter(user=user).values("practice_id")
    files = (
        PatientFile.objects.filter(practice_id__in=works_in, leaving_at=None)
        .filter(in_daily_use(now))
        .exclude(IS_RESTRICTED)
    )
    return files.select_related("practice")


def found_by(user: User, practice_id: UUID, name: str, birth_date: str, now: datetime) -> list[UUID]:
    """The files of one practice that fit a surname and a birth date, at most two: no name is shown before one is opened."""
    tokens = twin_tokens(practice_id, {"surname": name, "birth_date": birth_date})
    if not tokens:
        return []
    files = files_of_colleagues(user, now).filter(practice_id=practice_id, search_tokens__contains=tokens)
    return list(files.values_list("pk", flat=True)[:2])


def why_not_emergency(*, by: Actor, why: str, treats: bool, running: bool) -> Refusal | None:
    """Somebody with that right, who doesn't treat the patient anyway, says why; one hour at a time."""
    if lacks(by.role, Right.EMERGENCY):
        return Refusal(
            "no_right", _("Your role has no emergency access. Call the practitioner or the emergency services.")
        )
    if treats:
        return Refusal("in_charge", _("You treat this patient: open the file from your list."))
    if running:
        return Refusal("running", _("The file is open to you already, until the hour is over."))
    if not why.strip():
        return Refusal(
            "no_reason", _("Say why: the reason stays with the file, is reviewed, and the patient may read it.")
        )
    if len(why) > LONGEST_REASON:
        return Refusal("too_long", _("The reason may have 2,000 characters. Shorten it."))
    return None


@transaction.atomic
def open_in_emergency(*, file_id: UUID, kind: str, why: str, by: Actor, now: datetime) -> EmergencyAccess:
    """Open a file for an hour to somebody of its practice who doesn't treat the patient; tells who does.

    Raises Refused with what to do, and PatientFile.DoesNotExist when there is no such file in a practice of theirs.
    """
    user = User.objects.get(pk=person(by))
    file = files_of_colleagues(user, now).select_for_update(of=("self",)).get(pk=file_id)
    carers = CareRelationship.objects.active().filter(patient_id=file.pk, practice_id=file.practice_id)
    treats = carers.filter(practitioner=user).exists()
    running = EmergencyAccess.objects.open_at(now).filter(file_id=file.pk, account=user).exists()
    require(why_not_emergency(by=by, why=why, treats=treats, running=running))
    row = EmergencyAccess(
        id=new_id(), practice_id=file.practice_id, file_id=file.pk, account=user, role=by.role, kind=kind, opened_at=now,
        until=now + OPEN_FOR, review_by=now + REVIEW_WITHIN,
    )  # fmt: skip
    try:
        handle = access.open(
            file.pk,
            by=acting(by, row),
            purpose=Purpose.CARE,
            part=Part.EMERGENCY.value,
            practice_id=file.practice_id,
            now=now,
        )
    except VaultError as closed:
        raise Refused(_CLOSED) from closed
    handle.write(row, why=why.strip())
    row.save(force_insert=True)
    _event(row, "care.emergency.opened", by, now, kind=kind)
    _tell(row, carers)
    return row


def acting(by: Actor, row: EmergencyAccess) -> Actor:
    """The same person, as the journal names an opening within the hour: its role, and the reference of its reason."""
    return replace(by, role=Emergency.key, request_id=f"{row.reference}:{by.request_id}"[:100])


def running_for(user: User, file_id: UUID, now: datetime) -> EmergencyAccess | None:
    """The hour that runs for this person and this file at ``now``."""
    return EmergencyAccess.objects.open_at(now).filter(account=user, file_id=file_id).order_by("-opened_at").first()


def emergencies_of(practice_id: UUID) -> QuerySet[EmergencyAccess]:
    """Every emergency opening in a practice: what waits for a review first, the longest waiting on top."""
    return in_order(EmergencyAccess.objects.filter(practice_id=practice_id))


@dataclass(frozen=True, slots=True)
class Reviews:
    """Emergency openings that nobody has reviewed yet, and those of them whose 72 hours are over."""

    waiting: int
    overdue: int


def reviews_at(now: datetime) -> Reviews:
    """What waits for a review in the practices of the scope, in one query."""
    rows = EmergencyAccess.objects.to_review()
    return Reviews(**rows.aggregate(waiting=Count("pk"), overdue=Count("pk", filter=Q(review_by__lt=now))))


def in_order(rows: QuerySet[EmergencyAccess]) -> QuerySet[EmergencyAccess]:
    """What waits for a review first; of the others the newest."""
    return rows.select_related("account", "practice").order_by(
        F("reviewed_at").desc(nulls_first=True), "-opened_at", "pk"
    )


def why_not_review(row: EmergencyAccess, *, by: Actor, owner: bool) -> Refusal | None:
    """The owner or the officer reviews, once, and nobody their own."""
    if not (owner or by.role == OFFICER):
        return Refusal("not_reviewer", _("The owner of the practice or the data protection officer reviews it."))
    if row.account_id == by.account_id:
        return Refusal("own", _("You opened this file yourself: the data protection officer reviews it."))
    if row.reviewed_at:
        return Refusal("reviewed", _("This opening was reviewed already. Reload the page."))
    return None


@transaction.atomic
def review(*, emergency_id: UUID, verdict: str, by: Actor, now: datetime) -> EmergencyAccess:
    """Say whether an emergency opening was justified. Raises Refused; EmergencyAccess.DoesNotExist outside the scope."""
    row = EmergencyAccess.objects.select_for_update().get(pk=emergency_id)
    require(why_not_review(row, by=by, owner=owns(person(by), row.practice_id)))
    row.reviewed_at, row.reviewed_by_id, row.reviewed_role, row.verdict = now, by.account_id, by.role, verdict
    row.save(update_fields=["reviewed_at", "reviewed_by", "reviewed_role", "verdict"])
    _event(row, "care.emergency.reviewed", by, now, verdict=verdict)
    return row


def reason_of(row: EmergencyAccess, *, by: Actor, now: datetime) -> str:
    """Why it was opened, for who reviews it; journaled as the reading of the reason, and of nothing else.

    Empty when the file is closed or erased since: its key goes with it.
    """
    try:
        handle = access.open(
            row.file_id, by=by, purpose=Purpose.LEGAL, part=Part.REASON.value, practice_id=row.practice_id, now=now,
            from_archive=True,
        )  # fmt: skip
    except VaultError:
        return ""
    return handle.read(row, "why") or ""


def _tell(row: EmergencyAccess, carers: QuerySet[CareRelationship]) -> None:
    """Write to who treats the patient, else to who owns the practice; without a name or a word of health."""
    to = list(User.objects.filter(pk__in=carers.values("practitioner_id")))
    owners = Membership.objects.live().filter(practice_id=row.practice_id, role=Role.OWNER).select_related("user")
    to = to or [one.user for one in owners]
    for user in to:
        mails.emergency(user=user, file_id=row.file_id, at=row.opened_at, until=row.until)


def _event(row: EmergencyAccess, verb: str, by: Actor, now: datetime, **detail: str | int) -> None:
    record_event(
        by=by, verb=verb, object_type=row._meta.label, object_id=row.pk, subject_id=row.file_id, practice_id=row.practice_id,
        detail=detail, now=now,
    )  # fmt: skip


_CLOSED: Final = Refusal("closed", _("This file is restricted or archived: nobody reads it, in an emergency neither."))
