"""What an account that is cut had on its way: invitations to its mailbox, and those it sent (MD-51)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from audit.actors import Actor
from care.models import Invitation, Membership, StaffInvitation
from care.portal.actions import revoke as revoke_portal
from care.team.actions import revoke as revoke_team
from care.tenancy import ALL, scope


def end_invitations(*, account_id: UUID, by: Actor, now: datetime) -> int:
    """Take back every open invitation into a team or a portal that went to this account or came from it; returns how many.

    Whoever had its session may have sent them; whoever reads its mailbox could accept them.
    """
    email = User.objects.values_list("email", flat=True).get(pk=account_id)
    with scope(ALL):
        team = StaffInvitation.objects.filter(used_at=None, revoked_at=None, expires_at__gt=now)
        teams = list(team.filter(Q(invited_by_id=account_id) | Q(email=email)))
        portal = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
        portals = list(portal.filter(invited_by_id=account_id))
        for one in teams:
            revoke_team(invitation=one, by=by, now=now)
        return len(teams) + sum(revoke_portal(invitation=one, by=by, now=now) for one in portals)


def is_in_a_team(account_id: UUID) -> bool:
    """Whether the account works in a practice, so that it opens other people's files."""
    return Membership.objects.live().filter(user_id=account_id).exists()
