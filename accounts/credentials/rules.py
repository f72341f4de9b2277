"""Why credentials can't be cut or issued as asked: guard and sentence in one."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.credentials.models import CredentialCut, Lost
from audit.actors import Actor
from privacy.refusals import Refusal

_NOTHING = Refusal("nothing", _("Say what is lost. If you are not sure, choose everything."), "lost")
_NO_REASON = Refusal("no_reason", _("Say why the account is cut: who called, and what they said."), "reason")
_OVER = Refusal("over", _("This case is over: new credentials were issued, or a later cut took its place."))
_OWN = Refusal("own", _("This is your own account. Somebody else of the office does this for you."))
_UNCHECKED = Refusal("unchecked", _("First note how you saw who the person is. Nothing was sent."))
_SAME = Refusal(
    "same_person",
    _("You checked the identity yourself. For practitioners and staff somebody else issues the new credentials."),
)


def why_not_cut(lost: Collection[Lost], *, said: str, reason: str) -> Refusal | None:
    """Why nothing can be cut: nothing named, or the office without a reason."""
    if not lost:
        return _NOTHING
    return _NO_REASON if said == CredentialCut.Said.OFFICE and not reason.strip() else None


def why_not_check(cut: CredentialCut, by: Actor) -> Refusal | None:
    """Why this person can't note how the holder's identity was seen."""
    return _why_not_theirs(cut, by)


def why_not_issue(cut: CredentialCut, by: Actor, *, two_persons: bool) -> Refusal | None:
    """Why this person can't issue new credentials; ``two_persons``: the account opens patients' files or the office."""
    if refusal := _why_not_theirs(cut, by):
        return refusal
    if cut.checked_at is None:
        return _UNCHECKED
    return _SAME if two_persons and cut.checked_by_id == _id(by) else None


def _why_not_theirs(cut: CredentialCut, by: Actor) -> Refusal | None:
    if not cut.locked or cut.done_at or cut.ended_at:
        return _OVER
    return _OWN if by.account_id == cut.user_id else None


def _id(by: Actor) -> UUID | None:
    """Who acts."""
    return by.account_id
