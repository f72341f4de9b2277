"""Who works where, and who treats whom: always for a person."""

from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from care.models import CareRelationship, Membership, Practice, Role


def practices_of(user: User) -> QuerySet[Practice]:
    """The practices where ``user`` is a member, the oldest first."""
    live = Membership.objects.live().filter(user=user)
    return Practice.objects.filter(id__in=live.values("practice_id")).order_by("created_at", "id")


def practice_of(user: User) -> Practice | None:
    """The practice ``user`` works in, or None for somebody who works in none."""
    return practices_of(user).first()


def patients_of(user: User) -> QuerySet[CareRelationship]:
    """The active care relationships of ``user``."""
    return CareRelationship.objects.active().of(user.id)


def owns(user_id: UUID, practice_id: UUID) -> bool:
    """Whether the account owns the practice today; its owner has the archive right (PC-41)."""
    owners = Membership.objects.live().filter(role=Role.OWNER)
    return owners.filter(user_id=user_id, practice_id=practice_id).exists()


def treats(user: User, patient_id: UUID) -> bool:
    """Whether ``user`` treats this patient today."""
    return patients_of(user).filter(patient_id=patient_id).exists()
