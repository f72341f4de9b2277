"""Every write of the tenant boundary."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext, override

from accounts.models import PractitionerProfile, User
from audit.actions import record_event
from audit.actors import Actor
from care.models import CareRelationship, Membership, Practice, Role
from care.tenancy import ALL, scope


@transaction.atomic
def open_practice(*, owner: User, name: str, jurisdiction: str, by: Actor, now: datetime) -> Practice:
    """A practice with its owner as first member; each practitioner gets one at sign-up."""
    practice = Practice.objects.create(name=name, jurisdiction=jurisdiction, created_at=now)
    record_event(
        by=by,
        verb="care.practice.opened",
        object_type="care.Practice",
        object_id=practice.id,
        practice_id=practice.id,
        now=now,
    )
    join_practice(practice=practice, user=owner, role=Role.OWNER, by=by, now=now)
    return practice


@transaction.atomic
def join_practice(*, practice: Practice, user: User, role: str, name: str = "", by: Actor, now: datetime) -> Membership:
    """``user`` works in ``practice`` from ``now`` on. ``name`` is what a member of the team is called."""
    membership = Membership.objects.create(practice=practice, user=user, role=role, name=name, since_at=now)
    record_event(
        by=by,
        verb="care.membership.begun",
        object_type="care.Membership",
        object_id=membership.id,
        subject_id=user.id,
        practice_id=practice.id,
        detail={"role": str(role)},
        now=now,
    )
    return membership


@transaction.atomic
def leave_practice(*, membership: Membership, by: Actor, now: datetime) -> None:
    """The member is out from ``now`` on; what they did stays theirs in the journals."""
    membership.until_at = now
    membership.save(update_fields=["until_at"])
    record_event(
        by=by,
        verb="care.membership.ended",
        object_type="care.Membership",
        object_id=membership.id,
        subject_id=membership.user_id,
        practice_id=membership.practice_id,
        now=now,
    )


@transaction.atomic
def begin_care(
    *, practice_id: UUID, practitioner_id: UUID, patient_id: UUID, by: Actor, now: datetime
) -> CareRelationship:
    """The practitioner treats the patient; a second call changes nothing."""
    care, begun = CareRelationship.objects.get_or_create(
        practice_id=practice_id,
        practitioner_id=practitioner_id,
        patient_id=patient_id,
        ended_at=None,
        defaults={"since_at": now},
    )
    if begun:
        _journal(care, "care.relationship.begun", by, now)
    return care


@transaction.atomic
def end_care(*, practice_id: UUID, practitioner_id: UUID, patient_id: UUID, by: Actor, now: datetime) -> int:
    """The practitioner treats the patient no more. Returns how many relationships ended."""
    live = CareRelationship.objects.select_for_update().filter(
        practice_id=practice_id,
        practitioner_id=practitioner_id,
        patient_id=patient_id,
        ended_at=None,
    )
    for care in (ended := list(live)):
        care.ended_at = now
        care.save(update_fields=["ended_at"])
        _journal(care, "care.relationship.ended", by, now)
    return len(ended)


def open_solo_practice(*, user: User, profile: PractitionerProfile, by: Actor, now: datetime) -> None:
    """The practice of a new practitioner, named after them in their language, under their jurisdiction.

    Called at sign-up through ``accounts.hooks``; a person who has one gets no second.
    """
    with override(user.language):
        name = gettext("Practice of %(name)s") % {"name": f"{profile.given_names} {profile.surname}"}
    with scope(ALL):
        if not Membership.objects.live().filter(user=user).exists():
            open_practice(owner=user, name=name, jurisdiction=profile.jurisdiction, by=by, now=now)


def _journal(care: CareRelationship, verb: str, by: Actor, now: datetime) -> None:
    record_event(
        by=by,
        verb=verb,
        object_type="care.CareRelationship",
        object_id=care.id,
        subject_id=care.patient_id,
        practice_id=care.practice_id,
        now=now,
    )
