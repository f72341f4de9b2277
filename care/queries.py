"""Who works where, and who treats whom: always for a person."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from care.models import CareRelationship, Invitation, Membership, PortalLink, Practice, Role
from care.portal.actions import hash_of
from care.tenancy import ALL, scope


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


def links_of(account_id: UUID, now: datetime) -> QuerySet[PortalLink]:
    """The live links of an account to patients' files, the oldest first. Inside a scope of their practices."""
    return (
        PortalLink.objects.live(now).filter(account_id=account_id).select_related("practice").order_by("since_at", "id")
    )


def practices_linked(account_id: UUID, now: datetime) -> tuple[UUID, ...]:
    """The practices of those links: what the gate opens for a patient. Reads nothing but the account's own links."""
    with scope(ALL):
        found = PortalLink.objects.live(now).filter(account_id=account_id).values_list("practice_id", flat=True)
        return tuple(dict.fromkeys(found.order_by("since_at", "id")))


def links_to(patient_id: UUID, now: datetime) -> QuerySet[PortalLink]:
    """Who looks into a file today, the patient first."""
    return PortalLink.objects.live(now).filter(patient_id=patient_id).order_by("-capacity", "since_at", "id")


def invitations_to(patient_id: UUID) -> QuerySet[Invitation]:
    """The invitations to a file, the latest first."""
    return Invitation.objects.filter(patient_id=patient_id).order_by("-created_at", "-id")


def invitation_by_secret(secret: str, now: datetime) -> Invitation | None:
    """The invitation that a link or a desk code opens, while it waits; None for any other, whatever the reason."""
    with scope(ALL):
        found = Invitation.objects.select_related("practice").filter(token_hash=hash_of(secret)).first()
    return found if found and found.waits(now) else None
