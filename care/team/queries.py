"""Who is in the team, what they signed, which patients let them in: always for somebody and a moment."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, QuerySet

from accounts.models import User
from care.agreement import in_force
from care.models import AgreementSignature, Membership, Role, StaffConsent, StaffInvitation
from care.roles import PRACTISING, TEAM
from care.tenancy import ALL, scope
from privacy.clocks import legal_day


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is in the practices: its role, and the practices that are open to it now."""

    role: str
    practice_ids: tuple[UUID, ...]
    must_sign: bool = False


def standing_of(user: User, now: datetime) -> Standing | None:
    """The standing of an account at ``now``; None for one that works nowhere.

    To a member of the team no practice is open before the agreement in force is signed (MD-41).
    """
    works = list(
        Membership.objects.live()
        .filter(user=user)
        .order_by("practice__created_at", "practice_id")
        .values_list("pk", "practice_id", "role")
    )
    treats = tuple(practice for _pk, practice, role in works if role in PRACTISING)
    if treats:
        return Standing("practitioner", treats)
    if not works:
        return None
    signed = _signed([pk for pk, _practice, _role in works], now)
    return Standing(
        works[0][2], tuple(practice for pk, practice, _role in works if pk in signed), any(pk not in signed for pk, *_ in works)
    )  # fmt: skip


def current_number(now: datetime) -> int:
    """The version of the agreement in force."""
    return in_force(legal_day(now)).number


def unsigned(user: User, now: datetime) -> Membership | None:
    """A membership of the team whose agreement the account still has to sign."""
    mine = list(
        Membership.objects.live().filter(user=user, role__in=TEAM).select_related("practice").order_by("since_at")
    )
    signed = _signed([one.pk for one in mine], now)
    return next((one for one in mine if one.pk not in signed), None)


def _signed(memberships: list[UUID], now: datetime) -> set[UUID]:
    rows = AgreementSignature.objects.filter(
        membership_id__in=memberships, number__gte=current_number(now), at__lte=now
    )
    return set(rows.values_list("membership_id", flat=True))


def answering_for(account_id: UUID, role: str) -> UUID:
    """The account whose contract and agreements open the practice: the owner's for the team, else one's own."""
    if role not in TEAM:
        return account_id
    mine = Membership.objects.live().filter(user_id=account_id, practice_id=OuterRef("practice_id"))
    owners = Membership.objects.live().filter(Exists(mine), role=Role.OWNER).order_by("since_at")
    return owners.values_list("user_id", flat=True).first() or account_id


def team_of(practice_id: UUID) -> QuerySet[Membership]:
    """The members of the team who work there now, with the newest version each has signed."""
    signed = AgreementSignature.objects.filter(membership_id=OuterRef("pk")).values("membership_id")
    members = Membership.objects.live().filter(practice_id=practice_id, role__in=TEAM).select_related("user")
    return members.annotate(
        signed_number=signed.annotate(number=Max("number")).values("number"),
        signed_at=signed.annotate(last=Max("at")).values("last"),
    ).order_by("since_at", "pk")


def member_for(owner: User, membership_id: UUID) -> Membership:
    """A member of a team that ``owner`` answers for. Raises Membership.DoesNotExist to anybody else."""
    mine = Membership.objects.live().filter(user=owner, role=Role.OWNER, practice_id=OuterRef("practice_id"))
    return Membership.objects.live().filter(Exists(mine), role__in=TEAM).select_related("user").get(pk=membership_id)


def owned_practice(user: User) -> Membership | None:
    """The membership by which ``user`` owns a practice."""
    return (
        Membership.objects.live()
        .filter(user=user, role=Role.OWNER)
        .select_related("practice")
        .order_by("since_at")
        .first()
    )


def waiting(practice_id: UUID, now: datetime) -> QuerySet[StaffInvitation]:
    """The invitations that can still be used, the newest first."""
    return StaffInvitation.objects.filter(
        practice_id=practice_id, used_at=None, revoked_at=None, expires_at__gt=now
    ).order_by("-invited_at", "pk")


def invitation_by(token: str) -> StaffInvitation | None:
    """The invitation behind a link; whoever has the link has no scope yet."""
    with scope(ALL):
        return StaffInvitation.objects.select_related("practice").filter(token_hash=hashed(token)).first()


def hashed(token: str) -> str:
    """What is kept of a link's token. The token is random, so its hash needs no key and no salt."""
    return sha256(token.encode()).hexdigest()


def agrees(practice_id: UUID, file_id: UUID) -> StaffConsent | None:
    """The patient's consent to the team's access that stands now."""
    return StaffConsent.objects.live().filter(practice_id=practice_id, file_id=file_id).first()


def consents_of(practice_id: UUID, file_id: UUID) -> QuerySet[StaffConsent]:
    """Every consent there was, the newest first."""
    return StaffConsent.objects.filter(practice_id=practice_id, file_id=file_id).order_by("-given_at", "pk")


def names_of_team(account_ids: set[UUID]) -> dict[UUID, str]:
    """What members of teams are called, by account, former ones too."""
    rows = Membership.objects.filter(user_id__in=account_ids, role__in=TEAM).order_by("since_at")
    return {account: name for account, name in rows.values_list("user_id", "name") if name}
