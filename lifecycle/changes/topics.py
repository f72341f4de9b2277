"""What people are told new versions of, by one telling: the policy (MD-13) and the register of subprocessors (PC-90)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from accounts.mails import asked
from accounts.models import User
from lifecycle.changes import mails, queries
from lifecycle.changes.rules import POLICY, REGISTER, Channel, kind_of
from lifecycle.mails import Notice, word
from lifecycle.models import NoticeSent
from privacy.clocks import legal_day, start_of
from subprocessors import queries as register
from subprocessors.models import Announcement


@dataclass(frozen=True, slots=True)
class Topic:
    """``news``: what is announced and not superseded, the earlier first; ``concerned``: whom a version of that day concerns."""

    name: str
    news: Callable[[datetime], Sequence[Any]]
    concerned: Callable[[date], QuerySet[User]]
    mail: Callable[[Notice, Any], None]


def untold(topic: Topic, one: Any, channel: Channel = Channel.EMAIL) -> QuerySet[User]:
    """Those whom a version concerns and who weren't told of it over a channel."""
    kind = kind_of(one.number, channel, topic.name)
    notice = NoticeSent.objects.filter(kind=kind, account_id=OuterRef("pk"))
    return topic.concerned(one.effective_on).filter(~Exists(notice))


def unasked(topic: Topic, one: Any, now: datetime) -> QuerySet[User]:
    """Those who weren't told by e-mail, and for whom no message lies in the outbox."""
    kind = kind_of(one.number, Channel.EMAIL, topic.name)
    its = Concat(Cast(OuterRef("pk"), CharField()), Value(word(start_of(one.effective_on), kind)))
    return untold(topic, one).filter(~Exists(asked(now).filter(dedupe=its)))


def practitioners(effective_on: date) -> QuerySet[User]:
    """Every practitioner with an account from before a version took effect: they are the controllers who may object."""
    return queries.concerned(effective_on).filter(practitioner__isnull=False)


def _policies(now: datetime) -> Sequence[Any]:
    return queries.current(queries.announced(now), legal_day(now))


def _policy(notice: Notice, one: Any) -> None:
    mails.change(notice, number=one.number, effective_on=one.effective_on, material=one.material)


def _registers(now: datetime) -> list[Announcement]:
    """What can still be objected to: from its day on a version is the register, which everybody can read."""
    coming = register.coming(now)
    return [coming.announcement] if coming else []


def _register(notice: Notice, one: Any) -> None:
    mails.register_change(notice, number=one.number, effective_on=one.effective_on)


OF_POLICY: Final = Topic(POLICY, _policies, queries.concerned, _policy)
OF_REGISTER: Final = Topic(REGISTER, _registers, practitioners, _register)
TOPICS: Final = (OF_POLICY, OF_REGISTER)
