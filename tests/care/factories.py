"""Practices and members for tests."""

from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import User
from audit.actors import Actor
from care.models import CareRelationship, Membership, Practice, Role
from care.queries import practice_of
from care.team import actions, queries
from care.tenancy import scope
from privacy.ids import new_id
from tests.accounts.factories import PASSWORD, WebClient, give_passkey, make_account, verified_client

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


def as_owner(owner: User) -> Actor:
    """The owner at work."""
    practice = practice_of(owner)
    return Actor(owner.pk, "practitioner", practice_id=practice.pk if practice else None)


def make_member(
    owner: User, role: str = "assistant", *, email: str = "", signed: bool = True, now: datetime | None = None
) -> User:
    """A member of the owner's team, through the real invitation; ``signed``: the agreement in force too."""
    moment = now or timezone.now()
    practice = practice_of(owner)
    assert practice is not None
    address = email or f"{new_id().hex}@example.org"
    with scope([practice.pk]):
        row = actions.invite(practice=practice, email=address, role=role, by=as_owner(owner), now=moment)
    nobody = Actor(None, "anonymous")
    member = actions.sign_up(
        invitation=row, password=PASSWORD, name="Dominique Petit", language="en", by=nobody, now=moment
    ).user
    give_passkey(member)
    if signed:
        sign(member, now=moment)
    return member


def sign(member: User, *, now: datetime | None = None) -> None:
    """The member signs the agreement in force."""
    moment = now or timezone.now()
    actions.sign_agreement(
        user=member, number=queries.current_number(moment), agreed=True, language="en",
        by=Actor(member.pk, "account"), now=moment,
    )  # fmt: skip


def held_client(user: User) -> WebClient:
    """A client whose session a passkey proved, as the team and the office need it."""
    device = give_passkey(user)
    client = verified_client(user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()
    return client


def let_in(owner: User, file_id: UUID, *, now: datetime | None = None) -> None:
    """The patient agrees, as the owner records it."""
    practice = practice_of(owner)
    assert practice is not None
    with scope([practice.pk]):
        actions.let_team_in(
            practice_id=practice.pk, file_id=file_id, how="spoken", by=as_owner(owner), now=now or timezone.now()
        )
