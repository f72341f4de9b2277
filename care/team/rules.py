"""Why somebody can't be invited, join, sign or be let in: each rule is a guard, its message and its test in one."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from care.models import StaffInvitation
from privacy.refusals import Refusal

INVITED_FOR: Final = timedelta(days=7)
"""How long the link of an invitation works."""
MOST_OPEN: Final = 20
"""Invitations of one practice that may wait at a time, so that no owner's account sends mail without end."""


def why_not_invite(*, owns: bool, works_here: bool, waiting: int) -> Refusal | None:
    """An owner invites somebody who isn't in the team yet, and not the whole town."""
    if not owns:
        return Refusal("not_owner", _("Only the owner of the practice invites into its team. Ask them."))
    if works_here:
        return Refusal("already_in", _("This person is in your team already. End their access first to change it."))
    if waiting >= MOST_OPEN:
        return Refusal("too_many", _("Twenty invitations wait already. Take one back before you send another."))
    return None


def why_not_join(invitation: StaffInvitation, *, works_elsewhere: bool, now: datetime) -> Refusal | None:
    """A link works once, in time, and for an account that works nowhere else."""
    if invitation.used_at or invitation.revoked_at or invitation.expires_at <= now:
        return Refusal(
            "link_over", _("This link was used, taken back, or is older than a week. Ask the practice for a new one.")
        )
    if works_elsewhere:
        return Refusal(
            "works_elsewhere",
            _("This account works in a practice already. Ask the practice to invite another address of yours."),
        )
    return None


def why_not_sign(*, agreed: bool, must_sign: bool, number: int, current: int) -> Refusal | None:
    """One signs the text in force, knowingly, once."""
    if not must_sign:
        return Refusal("signed", _("You have signed this version already."))
    if number != current:
        return Refusal("newer", _("The text has changed meanwhile. Read the new one below, then sign it."))
    if not agreed:
        return Refusal("not_ticked", _("Tick the box if you agree: without it you can't work in this practice."))
    return None
