"""Having sent what is due, once: what waits in the outbox isn't due again, and the row that says so is written when it left."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, Protocol
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.mails import Occasion, asked, keep_book
from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from lifecycle import mails, queries
from lifecycle.models import NoticeSent
from lifecycle.notices import Kind, notice_due
from lifecycle.phases import Phase, term_end
from lifecycle.states import GRACE
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day
from privacy.refusals import Refusal, Refused

OUTDATED: Final = Refusal("outdated", _("What this message tells of is over."))
Due = tuple[UUID, datetime, Kind]
"""An account, since when it is in its phase, and the message about that phase."""


class Send(Protocol):
    """Sends what is due to one account, once."""

    def __call__(self, *, account_id: UUID, by: Actor, now: datetime) -> bool:
        """Whether something was due and is on its way."""


def due(now: datetime) -> Iterator[tuple[UUID, Kind]]:
    """Each active account with the message that is due and wasn't sent for this phase; three queries a batch."""
    true = (
        (account_id, phase.since, kind)
        for account_id, phase in queries.phases(now)
        if (kind := notice_due(phase, now)) and phase.since
    )
    while batch := list(islice(true, queries.BATCH)):
        yield from _unsent(batch, now)


def _unsent(batch: list[Due], now: datetime) -> Iterator[tuple[UUID, Kind]]:
    accounts = [account_id for account_id, _since, _kind in batch]
    rows = NoticeSent.objects.filter(account_id__in=accounts).values_list("account_id", "phase_since", "kind")
    sent = set(rows)
    words = {one: f"{one[0]}{mails.word(one[1], one[2])}" for one in batch if one not in sent}
    lying = asked(now).filter(dedupe__in=words.values())
    waiting = set(lying.values_list("dedupe", flat=True)) if words else set()
    active = set(User.objects.filter(is_active=True, pk__in=accounts).values_list("pk", flat=True))
    return ((one[0], one[2]) for one, its in words.items() if its not in waiting and one[0] in active)


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Send all that is due about phases (or only count it)."""
    return send_all(due(now), Kind, send, by=by, now=now, dry_run=dry_run)


def send_all(
    found: Iterable[tuple[UUID, str]], kinds: Iterable[str], send: Send, *, by: Actor, now: datetime, dry_run: bool
) -> dict[str, Outcome]:
    """Send what was found due (or only count it), by kind; a second sweep at once or after it sends nothing again."""
    outcomes = {f"notice.{kind}": Outcome() for kind in kinds}
    for account_id, kind in list(found):
        outcome = outcomes[f"notice.{kind}"]
        outcome.due += 1
        if dry_run:
            continue
        outcome.done += send(account_id=account_id, by=by, now=now)
    return outcomes


@transaction.atomic
def send(*, account_id: UUID, by: Actor, now: datetime) -> bool:
    """Have sent what is due to one account, asked again under its lock; False when nothing is (any more)."""
    user = User.objects.select_for_update().get(pk=account_id)
    phase = queries.phase_at(account_id, now)
    kind = notice_due(phase, now)
    if not user.is_active or kind is None or phase.since is None or is_asked(account_id, phase.since, kind, now):
        return False
    _mail(mails.Notice(user, phase.since, kind, now=now), phase, kind)
    return True


@transaction.atomic
def told(about: Sequence[str], now: datetime) -> None:
    """Write that the mail server took a message, once; nobody is left to say it of when the account is gone meanwhile."""
    account_id, since, kind = mails.parsed(about)
    there = User.objects.select_for_update().filter(pk=account_id).exists()
    if there and not was_sent(account_id, since, kind):
        record_sent(account_id=account_id, since=since, kind=kind, by=Actor.system("mail"), now=now)


def still(about: Sequence[str], now: datetime) -> None:
    """Raises ``Refused`` when the phase that a message tells of is over: subscribed meanwhile, leaving, or its last day is past.

    Changes of a policy and of the register stand in the same book, and stay true.
    """
    account_id, since, kind = mails.parsed(about)
    if kind in list(Kind) and queries.phase_at(account_id, max(now, since)).since != since:
        raise Refused(OUTDATED)


NOTICE = keep_book(Occasion(mails.NOTICE, told, still))


def record_sent(*, account_id: UUID, since: datetime, kind: str, by: Actor, now: datetime) -> None:
    """Write that somebody was told, with its line in the journal; in one transaction."""
    row = NoticeSent.objects.create(account_id=account_id, phase_since=since, kind=kind, sent_at=now)
    record_event(
        by=by, verb="lifecycle.notice_sent", object_type="lifecycle.NoticeSent", object_id=row.pk,
        subject_id=account_id, detail={"kind": kind}, now=now,
    )  # fmt: skip


def was_sent(account_id: UUID, since: datetime, kind: str) -> bool:
    """Whether this message was sent for what began at ``since``."""
    return NoticeSent.objects.filter(account_id=account_id, phase_since=since, kind=kind).exists()


def is_asked(account_id: UUID, since: datetime, kind: str, now: datetime) -> bool:
    """Whether this message was sent, or lies in the outbox; one that never left is asked for anew a day later."""
    word = f"{account_id}{mails.word(since, kind)}"
    return was_sent(account_id, since, kind) or asked(now).filter(dedupe=word).exists()


def _mail(notice: mails.Notice, phase: Phase, kind: Kind) -> None:
    """The message of a kind with the days of this phase."""
    if kind is Kind.FREE_LISTING and phase.since:
        return mails.free_listing_began(notice, since=legal_day(phase.since, phase.jurisdiction))
    assert phase.last_day is not None  # noqa: S101 - trial and grace have an end
    assert phase.next_change is not None  # noqa: S101
    if kind is Kind.GRACE:
        return mails.grace_began(notice, last_day=phase.last_day)
    after = Phase(
        phase.name, phase.next_change, term_end(phase.next_change, GRACE, phase.jurisdiction), phase.jurisdiction
    )
    assert after.last_day is not None  # noqa: S101 - it was given its end
    return mails.trial_ends(notice, last_day=phase.last_day, grace_last_day=after.last_day)
