"""Lost or stolen (MD-51): what was lost, and everything that went with it, cut in one transaction.

One rule says what is left: while an app or a passkey remains that wasn't lost, the account signs in with it, and a lost password is
chosen anew behind it (MD-53). Otherwise it is locked: no password, no factor, no session, no link, until the office issues new ones.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import hooks, queries, sessions, throttle
from accounts.credentials import links, mails
from accounts.credentials.links import Kind
from accounts.credentials.models import CredentialCut, Lost
from accounts.credentials.rules import why_not_cut
from accounts.devices import DeliveredCodeDevice
from accounts.models import User
from accounts.texts import actions as texting
from audit.actions import record_security
from audit.actors import Actor
from privacy.refusals import require

Said = CredentialCut.Said
TAKES: Final = {
    Lost.APP: frozenset({Authenticator.Type.TOTP}),
    Lost.PASSKEY: frozenset({Authenticator.Type.WEBAUTHN}),
    Lost.CODES: frozenset({Authenticator.Type.RECOVERY_CODES}),
    Lost.PASSWORD: frozenset(),
    Lost.ALL: frozenset(Authenticator.Type),
}
"""Which kinds of factor go with what was lost."""


@transaction.atomic
def send_link(*, user: User, by: Actor, now: datetime) -> bool:
    """Send the link by which the owner cuts the account; False when it got so many today that no more is sent."""
    sent = not links.too_many(user, Kind.LOST, now)
    record_security(
        by=by, kind="credentials.link_sent", account_id=user.pk, outcome="ok" if sent else "refused", now=now
    )
    if sent:
        link, token = links.make(user, Kind.LOST, now)
        mails.lost_link(user=user, token=token, valid_until=link.valid_until)
    return sent


@transaction.atomic
def cut_by_link(*, token: str, lost: Iterable[str], by: Actor, now: datetime) -> CredentialCut | None:
    """The owner of the mailbox cuts the account; None when the link was used, ended or too old meanwhile."""
    found = links.find(token, Kind.LOST, now)
    link = links.spend(found.pk, now) if found else None
    return cut(user=link.user, lost=lost, said=Said.LINK, by=by, now=now) if link else None


@transaction.atomic
def cut(*, user: User, lost: Iterable[str], said: str, by: Actor, now: datetime, reason: str = "") -> CredentialCut:
    """End every session and link of the account, remove what was lost, and lock it if nothing strong remains.

    Raises Refused when nothing was said to be lost, or when the office gives no reason.
    """
    kinds = frozenset(Lost(kind) for kind in lost)
    require(why_not_cut(kinds, said=said, reason=reason))
    user = User.objects.select_for_update().get(pk=user.pk)
    factors = _remove(user, frozenset().union(*(TAKES[kind] for kind in kinds)))
    locked = not queries.has_held_factor(user)
    if locked:
        factors += _remove(user, frozenset(Authenticator.Type))
    if locked or kinds & {Lost.PASSWORD, Lost.ALL}:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    CredentialCut.objects.waiting().filter(user=user).update(ended_at=now)
    row = CredentialCut.objects.create(
        user=user, at=now, said=said, lost=",".join(sorted(kinds)), reason=reason, factors=factors, locked=locked,
        sessions=_end_sessions(user), links=_end_links(user, by, now),
    )  # fmt: skip
    texting.remove(user=user, by=by, now=now)  # codes to sign in went there, and the phone may be what is lost
    _journal(row, by, now)
    mails.cut(user=user, cut=row)
    return row


def _remove(user: User, kinds: frozenset[Authenticator.Type]) -> int:
    """Remove the factors of these kinds; every session they proved is unverified from here on."""
    found = Authenticator.objects.filter(user=user, type__in=kinds)
    number = found.count()
    found.delete()
    return number


def _end_sessions(user: User) -> int:
    """Every session, every code on its way, and every network from which a sign-in was known."""
    DeliveredCodeDevice.objects.filter(user=user).delete()
    throttle.forget_networks(user.email)
    return sessions.end_all(user)


def _end_links(user: User, by: Actor, now: datetime) -> int:
    """Links of ours, an address that was about to be added, and what other apps hung on this (invitations, exports)."""
    ended = links.end_all(user, now)
    ended += EmailAddress.objects.filter(user=user, verified=False, primary=False).delete()[0]
    ended += sum(callback(account_id=user.pk, by=by, now=now) for callback in hooks.on_credentials_cut)
    for changed in hooks.on_credentials_changed:
        changed(account_id=user.pk, by=by, now=now)
    return ended


def _journal(row: CredentialCut, by: Actor, now: datetime) -> None:
    detail: dict[str, str | int] = {
        "cut": str(row.pk), "lost": row.lost, "said": row.said, "sessions": row.sessions, "factors": row.factors,
        "links": row.links, "locked": int(row.locked),
    }  # fmt: skip
    record_security(by=by, kind="credentials.cut", account_id=row.user_id, detail=detail, now=now)
