"""New credentials for a locked account (MD-51): identity seen, link by mail, code by another way, and both used together.

Three things lie with three holders: the mailbox has the link, the person who was seen has the code, the office has neither password
nor factor. For practitioners and staff one person of the office checks and another issues.
"""

import hmac
from datetime import datetime
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from accounts import actions, hooks, queries
from accounts.credentials import links, mails
from accounts.credentials.links import Kind
from accounts.credentials.models import CredentialCut
from accounts.credentials.rules import why_not_check, why_not_issue
from accounts.digits import random_digits
from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor
from privacy.refusals import require

CODE_DIGITS: Final = 10
MOST_WRONG: Final = 5


@transaction.atomic
def check_identity(*, cut_id: UUID, proof: str, seen: str, by: Actor, now: datetime) -> CredentialCut:
    """Note which kind of document proved who the person is, and how it was seen. Raises Refused with what to do.

    A check noted again counts alone: what was issued on the earlier one ends.
    """
    cut = _locked(cut_id)
    require(why_not_check(cut, by))
    cut.proof, cut.seen, cut.checked_at, cut.checked_by_id = proof, seen, now, by.account_id
    cut.issued_at = cut.issued_by_id = None
    cut.save(update_fields=["proof", "seen", "checked_at", "checked_by_id", "issued_at", "issued_by_id"])
    links.end_all(cut.user, now)
    _journal(cut, "identity_checked", by, now, proof=proof, seen=seen)
    mails.identity_checked(user=cut.user)
    return cut


@transaction.atomic
def issue(*, cut_id: UUID, by: Actor, now: datetime) -> str:
    """Send the link by mail and return the code that is told by another way; it is shown nowhere again.

    A second call ends the first link and code. Raises Refused with what to do.
    """
    cut = _locked(cut_id)
    require(why_not_issue(cut, by, two_persons=opens_others_data(cut.user)))
    code = random_digits(CODE_DIGITS)
    link, token = links.make(cut.user, Kind.ISSUE, now, cut=cut, code=code)
    cut.issued_at, cut.issued_by_id = now, by.account_id
    cut.save(update_fields=["issued_at", "issued_by_id"])
    _journal(cut, "link_issued", by, now)
    mails.new_credentials(user=cut.user, token=token, valid_until=link.valid_until)
    return code


@transaction.atomic
def weigh_code(*, link_id: UUID, code: str, by: Actor, now: datetime) -> bool:
    """Whether the code told by the office is right; the fifth wrong one ends the link."""
    link = links.locked(link_id, now)
    if link is None:
        return False
    if hmac.compare_digest(bytes(link.code_mac), links.code_mac(bytes(link.token_hash), code)):
        return True
    link.wrong_codes += 1
    link.ended_at = now if link.wrong_codes >= MOST_WRONG else None
    link.save(update_fields=["wrong_codes", "ended_at"])
    record_security(
        by=by, kind="credentials.code_failed", account_id=link.user_id, outcome="refused",
        detail={"tries": link.wrong_codes}, now=now,
    )  # fmt: skip
    return False


@transaction.atomic
def finish(*, link_id: UUID, code: str, password: str, secret: str, by: Actor, now: datetime) -> bool:
    """Set the new password and, with its ``secret``, the new app; False when link or code no longer hold.

    An empty secret is for accounts that need no app: they sign in with codes by mail. Raises ValueError for the others.
    """
    right = weigh_code(link_id=link_id, code=code, by=by, now=now)
    link = links.spend(link_id, now) if right else None
    if link is None or link.cut is None:
        return False
    if not secret and needs_app(link.cut):
        raise ValueError("this account gets no new password without an app")
    link.cut.done_at = now
    link.cut.save(update_fields=["done_at"])
    actions.set_password(user=link.user, password=password, now=now)
    if secret:
        _enrol(link.user, secret, by, now)
    links.end_all(link.user, now)
    _journal(link.cut, "reissued", by, now, factor="totp" if secret else "email_code")
    for changed in hooks.on_credentials_changed:
        changed(account_id=link.user_id, by=by, now=now)
    mails.reissued(user=link.user)
    return True


def opens_others_data(user: User) -> bool:
    """Whether the account is a practitioner's, a team member's or the office's: two persons issue, and an app is needed."""
    return (
        user.is_staff or queries.profile_of(user) is not None or any(asks(user.pk) for asks in hooks.opens_others_data)
    )


def needs_app(cut: CredentialCut) -> bool:
    """Whether a new app is part of the new credentials: for who opens others' data, and for who held a factor before."""
    return cut.factors > 0 or opens_others_data(cut.user)


def _enrol(user: User, secret: str, by: Actor, now: datetime) -> None:
    """The app and fresh recovery codes; whatever was there from an earlier try goes."""
    Authenticator.objects.filter(user=user).delete()
    app = TOTP.activate(user, secret).instance
    RecoveryCodes.activate(user)
    record_security(by=by, kind="factor.added", account_id=user.pk, detail={"factor": app.type}, now=now)


def _locked(cut_id: UUID) -> CredentialCut:
    """The case, locked after its account. Raises CredentialCut.DoesNotExist."""
    User.objects.select_for_update().filter(pk__in=CredentialCut.objects.filter(pk=cut_id).values("user")).first()
    return CredentialCut.objects.select_for_update(of=("self",)).select_related("user").get(pk=cut_id)


def _journal(cut: CredentialCut, step: str, by: Actor, now: datetime, **detail: str) -> None:
    """One line that never changes: kinds of proof, never their numbers."""
    record_security(
        by=by, kind=f"credentials.{step}", account_id=cut.user_id, detail={"cut": str(cut.pk), **detail}, now=now
    )
