"""A change of the register of subprocessors as it stands to one practitioner: seen or not (PC-90)."""

from datetime import datetime

from accounts.models import User
from audit.actors import Actor
from lifecycle.changes.rules import REGISTER, Channel, kind_of
from lifecycle.changes.topics import practitioners
from lifecycle.notifying import record_sent, was_sent
from privacy.clocks import start_of
from subprocessors.queries import Coming, coming


def unseen(account: User, now: datetime) -> Coming | None:
    """What a page says of an announced change at its top, until the practitioner says they have seen it or it takes effect."""
    found = coming(now)
    if found is None or not practitioners(found.version.effective_on).filter(pk=account.pk).exists():
        return None
    return None if has_seen(account, found) else found


def has_seen(account: User, found: Coming) -> bool:
    """Whether the practitioner said so on the site."""
    return was_sent(account.pk, start_of(found.version.effective_on), _kind(found))


def record_seen(account: User, found: Coming, *, by: Actor, now: datetime) -> None:
    """Write that it was seen on the site, once. In the caller's transaction, which holds the account's lock."""
    if not has_seen(account, found):
        since = start_of(found.version.effective_on)
        record_sent(account_id=account.pk, since=since, kind=_kind(found), by=by, now=now)


def _kind(found: Coming) -> str:
    return kind_of(found.version.number, Channel.SITE, REGISTER)
