"""PC-34, its messages: measured on every announcement that the events of the last year asked for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from accounts import hooks
from accounts.mails import KIND as MAIL
from accounts.models import TextNumber, TextSent, User
from accounts.texts.queries import KIND as TEXT
from accounts.texts.queries import is_open
from adapters import bulkgate
from adapters.models import Outgoing
from lifecycle.deletion import queries
from lifecycle.deletion.announcing import GRACE, Announcement, announcements
from lifecycle.deletion.messages import AFTER, Message
from lifecycle.deletion.rules import Fact, Kind
from lifecycle.mails import word
from lifecycle.models import DeletionEvent, NoticeSent, RightsReplay
from privacy.promises import Measure, promise

MEASURED: Final = timedelta(days=365)
"""Older ones aren't asked for: what says that somebody was told leaves at its own term."""
TEXTS_MEASURED: Final = timedelta(days=7)
"""Texts follow the number that stands there now, so only those are asked for that are about what happens now."""

EVENTS_OF: Final = {message: kind for kind, message in AFTER.items()}
"""Which event each message is about; the others are about a request."""


@promise("PC-34", checked_by="tests/lifecycle/test_deletion_texts.py")
def who_leaves_is_told_each_time_and_once(now: datetime) -> Measure:
    """Each announcement that was due has its message, by phone too where a number is proved; none was told twice, none waits for long.

    What was queued less than two hours ago is on its way; nobody writes to a closed account or to the dead.
    """
    histories = {account_id: facts for account_id, facts in _histories(now) if not _is_silent(account_id, facts)}
    owed = [one for account, facts in histories.items() for one in announcements(account, facts) if one.is_owed(now)]
    begun = _begun(now)
    owed = [one for one in owed if one.start > begun]
    figures = {
        "announcements_due": len(owed),
        "announcements_nobody_was_told": len(_untold(owed, now)),
        "announcements_told_twice": sum(_repeated(account_id, facts) for account_id, facts in histories.items()),
        "announcements_not_texted": len(_untexted(owed, now)) + _last_words_waiting(now),
    }
    _due, *wrong = figures.values()
    return Measure(not any(wrong), figures)


def _begun(now: datetime) -> datetime:
    """From when on: a restore takes along who was told before it, and the rights journal puts back the requests alone."""
    restored = RightsReplay.objects.filter(started_at__lte=now).order_by("-started_at").first()
    return max(now - MEASURED, restored.started_at) if restored else now - MEASURED


def _histories(now: datetime) -> Iterator[tuple[UUID, list[Fact]]]:
    """The events of each account of which something happened in the span that is measured."""
    recent = DeletionEvent.objects.filter(at__gt=now - MEASURED, at__lte=now).values("account_id")
    rows = DeletionEvent.objects.filter(account_id__in=recent, at__lte=now).order_by("account_id", "number")
    for account_id, own in groupby(rows.iterator(chunk_size=queries.BATCH), key=lambda row: row.account_id):
        yield account_id, [queries.fact(row) for row in own]


def _is_silent(account_id: UUID, facts: Sequence[Fact]) -> bool:
    """Whether nobody was to be written to: the holder died, or the account was closed in another way than by its request."""
    closed = not User.objects.filter(pk=account_id, is_active=True).exists()
    return (closed and facts[-1].kind is not Kind.EXECUTED) or hooks.is_silent(account_id)


def _untold(owed: Sequence[Announcement], now: datetime) -> list[Announcement]:
    """Those that no mail server took and that aren't on their way either."""
    accounts = {one.account_id for one in owed}
    rows = NoticeSent.objects.filter(account_id__in=accounts, kind__in=Message)
    told = set(rows.values_list("account_id", "phase_since", "kind"))
    missing = [one for one in owed if (one.account_id, one.since, one.kind) not in told]
    leaving = Outgoing.objects.filter(kind=MAIL, state="waiting", queued_at__gt=now - GRACE)
    return _without(missing, leaving.values_list("dedupe", flat=True).filter(dedupe__in=map(_word, missing)))


def _untexted(owed: Sequence[Announcement], now: datetime) -> list[Announcement]:
    """Of this week's, those that a proved number should have got while texts could leave, and that nothing was done about."""
    if not is_open(now):
        return []
    late = [one for one in owed if one.start > now - TEXTS_MEASURED]
    numbers = {row.pk: row for row in TextNumber.objects.filter(pk__in={one.account_id for one in late})}
    due = [one for one in late if _takes_texts(numbers.get(one.account_id), one.start)]
    missing = [one for one in due if not _was_texted(one)]
    asked = Outgoing.objects.filter(kind=TEXT, dedupe__in=map(_word, missing))
    stuck = asked.filter(state="waiting", due_at__lte=now - GRACE)
    return _without(missing, asked.exclude(pk__in=stuck.values("pk")).values_list("dedupe", flat=True))


def _takes_texts(number: TextNumber | None, start: datetime) -> bool:
    """Whether a number was proved by then, and its holder didn't answer STOP."""
    if number is None or number.proved_at is None or number.proved_at > start:
        return False
    return not any(refuses(number.number) for refuses in bulkgate.objections)


def _was_texted(one: Announcement) -> bool:
    return TextSent.objects.filter(user_id=one.account_id, kind=one.kind, sent_at__gte=one.start).exists()


def _last_words_waiting(now: datetime) -> int:
    """Rows that hold the number of somebody who is gone, for longer than it takes to say so."""
    last = Outgoing.objects.filter(kind=TEXT, subject_id=None, state="waiting", due_at__lte=now - GRACE)
    return last.count() if is_open(now) else 0


def _repeated(account_id: UUID, facts: Sequence[Fact]) -> int:
    """Messages of a kind beyond the events that ask for one, by mail and by phone."""
    first = facts[0].at
    asked = Counter(fact.kind for fact in facts)
    mailed = NoticeSent.objects.filter(account_id=account_id, kind__in=Message, phase_since__gte=first)
    texted = TextSent.objects.filter(user_id=account_id, kind__in=Message, sent_at__gte=first)
    told = [Counter(rows.values_list("kind", flat=True)) for rows in (mailed, texted)]
    return sum(max(0, sent[kind] - asked[EVENTS_OF.get(kind, Kind.REQUESTED)]) for sent in told for kind in Message)


def _without(missing: Sequence[Announcement], words: Iterable[str]) -> list[Announcement]:
    known = set(words)
    return [one for one in missing if _word(one) not in known]


def _word(one: Announcement) -> str:
    return f"{one.account_id}{word(one.since, one.kind)}"
