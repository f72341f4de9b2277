"""A forgotten password (MD-53): a link by mail, then a second factor, and only then a new password.

The link begins a sign-in in the password's place; the stages of every sign-in follow (accounts/stages.py). A code by mail is no
second factor here: it comes through the mailbox that the link came through.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import actions, sessions
from accounts.credentials import links, mails
from accounts.credentials.links import Kind
from accounts.devices import HeldFactor
from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor


@transaction.atomic
def send_link(*, user: User, by: Actor, now: datetime) -> bool:
    """Send the link by which a new password is chosen; False when the account got so many today that no more is sent."""
    sent = not links.too_many(user, Kind.RESET, now)
    record_security(by=by, kind="password.link_sent", account_id=user.pk, outcome="ok" if sent else "refused", now=now)
    if sent:
        link, token = links.make(user, Kind.RESET, now)
        mails.reset_link(user=user, token=token, valid_until=link.valid_until)
    return sent


@transaction.atomic
def finish(*, link_id: UUID, password: str, proof: HeldFactor, by: Actor, now: datetime) -> bool:
    """Set the new password, end every session and every link; False when the link was used, ended or too old meanwhile.

    ``proof`` is the factor that was proved in this very sign-in. Raises ValueError when it is another account's.
    """
    link = links.spend(link_id, now)
    if link is None:
        return False
    if proof.user_id != link.user_id:
        raise ValueError("a link resets the password of its own account only")
    actions.set_password(user=link.user, password=password, now=now)
    links.end_all(link.user, now)
    detail: dict[str, str | int] = {"factor": proof.authenticator.type, "sessions": sessions.end_all(link.user)}
    record_security(by=by, kind="password.reset", account_id=link.user_id, detail=detail, now=now)
    return True
