"""Practices and members for tests."""

from datetime import UTC, datetime

from accounts.models import User
from care.models import CareRelationship, Membership, Practice, Role
from privacy.ids import new_id
from tests.accounts.factories import make_account

LONG_AGO = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


def make_user(email: str = "") -> User:
    """A bare account; pages need ``tests.accounts.factories.make_practitioner``."""
    return make_account(email or None, now=LONG_AGO)


def make_practice(owner: User | None = None, *, jurisdiction: str = "FR") -> Practice:
    """A practice, with its owner as a member if there is one."""
    practice = Practice.objects.create(name="Cabinet des Lilas", jurisdiction=jurisdiction, created_at=LONG_AGO)
    if owner is not None:
        Membership.objects.create(practice=practice, user=owner, role=Role.OWNER, since_at=LONG_AGO)
    return practice


def make_care(practice: Practice, practitioner: User) -> CareRelationship:
    """The practitioner treats somebody; call inside a scope."""
    return CareRelationship.objects.create(
        practice=practice, practitioner=practitioner, patient_id=new_id(), since_at=LONG_AGO
    )
