"""Which versions are announced, whom each concerns, who was told of it, and what one account still has to see or answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.access import Act
from accounts.closing import Closed
from accounts.models import User
from consents import notices
from consents.models import ConsentEvent, PublishedText
from consents.queries import facts, policies
from consents.states import RESULT, Position
from lifecycle.changes.rules import CLOSES, CONTRACT, Channel, kind_of, owed, refused
from lifecycle.models import NoticeSent, PolicyAnnouncement
from privacy.clocks import legal_day, start_of

YES: Final = [action.value for action, position in RESULT.items() if position is Position.ON]
_REFUSED: Final = _(
    "You didn't accept the privacy policy in force, so the contract is over. Nothing was deleted: your choices, your export, your requests and the deletion of your account stay open, and accepting it opens everything as you left it."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A version of the policy as it stands to one account."""

    announcement: PolicyAnnouncement
    seen: bool = False
    owed: bool = False
    refused: bool = False

    @property
    def number(self) -> int:
        """The version."""
        return self.announcement.number


@dataclass(frozen=True, slots=True)
class Answers:
    """How those concerned stand to a material version: accepted, ended the contract since, or not answered yet."""

    accepted: int
    ended: int
    left: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the policy in the office's list."""

    text: PublishedText
    wording: notices.Wording
    announcement: PolicyAnnouncement | None
    told: int
    seen: int
    accepted: int

    @property
    def number(self) -> int:
        """The version."""
        return self.text.number


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one version: whom it concerns, who of them was told over each channel, who hasn't been, and how they answered."""

    concerned: int
    told: int
    seen: int
    answers: Answers

    @property
    def untold(self) -> int:
        """Of those concerned, how many wait for their e-mail."""
        return self.concerned - self.told


def wordings(number: int) -> list[notices.Text]:
    """The texts on file of a version of the policy, one a language."""
    return [text for text in notices.catalogue() if (text.slot, text.number) == (notices.POLICY, number)]


def in_force_number(today: date) -> int:
    """The version in force."""
    return notices.in_force(notices.POLICY, notices.LANGUAGES[0], today).number


def announced(now: datetime) -> list[PolicyAnnouncement]:
    """What was announced until ``now``, the earlier version first."""
    return list(PolicyAnnouncement.objects.filter(at__lte=now).order_by("number"))


def current(found: Sequence[PolicyAnnouncement], today: date) -> list[PolicyAnnouncement]:
    """Of the announced those in force or to come: what is superseded is news to nobody."""
    return [one for one in found if one.number >= in_force_number(today)] if found else []


def material(found: Sequence[PolicyAnnouncement], today: date) -> list[int]:
    """Of the announced those, in force or former, whose change asks for acceptance again."""
    return [one.number for one in found if one.material and one.effective_on <= today]


def concerned(effective_on: date) -> QuerySet[User]:
    """Everybody with an account from before a version took effect: practitioners, patients, teams and the office."""
    return User.objects.filter(is_active=True, created_at__lt=start_of(effective_on))


def told(number: int, channel: Channel) -> QuerySet[NoticeSent]:
    """The notices of a version over one channel."""
    return NoticeSent.objects.filter(kind=kind_of(number, channel))


def untold(number: int, effective_on: date, channel: Channel = Channel.EMAIL) -> QuerySet[User]:
    """Those concerned who weren't told of a version over a channel."""
    notice = told(number, channel).filter(account_id=OuterRef("pk"))
    return concerned(effective_on).filter(~Exists(notice))


def answers(number: int, effective_on: date) -> Answers:
    """How many of those concerned who ever accepted have answered version ``number``."""
    last = ConsentEvent.objects.filter(
        pk__in=_last_words().values("pk"), subject_id__in=concerned(effective_on).values("pk")
    )
    yes, since = Q(action__in=YES), Q(policy_number__gte=number)
    counts = last.aggregate(
        accepted=Count("pk", filter=yes & since),
        ended=Count("pk", filter=~yes & since),
        left=Count("pk", filter=yes & ~since),
    )
    return Answers(**counts)


def unanswered(number: int, effective_on: date) -> QuerySet[User]:
    """Those concerned whose last word on the contract is a yes to an earlier version."""
    late = ConsentEvent.objects.filter(pk__in=_last_words().values("pk"), policy_number__lt=number, action__in=YES)
    return concerned(effective_on).filter(pk__in=late.values("subject_id"))


def figures(number: int, effective_on: date) -> Figures:
    """The figures of one version, of the accounts that are there now."""
    people = concerned(effective_on).count()
    counts = [people - untold(number, effective_on, channel).count() for channel in Channel]
    return Figures(people, counts[0], counts[1], answers(number, effective_on))


def versions(language: str) -> list[Version]:
    """Every version of the policy, the newest first, with the notices and acceptances it ever had: three queries more."""
    known = {one.number: one for one in PolicyAnnouncement.objects.all()}
    sent = NoticeSent.objects.filter(kind__startswith="policy.").values_list("kind").annotate(n=Count("pk"))
    notices_of = dict(sent.order_by("kind"))
    yes = ConsentEvent.objects.filter(key=CONTRACT, child="", action__in=YES).values_list("policy_number")
    accepted = dict(yes.annotate(n=Count("subject_id", distinct=True)).order_by("policy_number"))
    return [
        Version(
            text,
            notices.parse(text.content),
            known.get(text.number),
            notices_of.get(kind_of(text.number, Channel.EMAIL), 0),
            notices_of.get(kind_of(text.number, Channel.SITE), 0),
            accepted.get(text.number, 0),
        )
        for text in policies(language)
    ]


def standing_of(account: User, now: datetime) -> Standing | None:
    """The version of the policy that an account should look at now, or saw last; None while none was announced to it.

    What waits for an answer comes first, or what was refused; then the earliest that wasn't seen; then the latest.
    """
    found, today = announced(now), legal_day(now)
    if not found:
        return None
    numbers = material(found, today)
    acts = facts(account.pk, now) if numbers else []
    owes, left = owed(acts, numbers), refused(acts, numbers)
    seen = _seen(account.pk)
    if number := owes or left:
        asked = next(one for one in found if one.number == number)
        return Standing(asked, number in seen, owed=bool(owes), refused=bool(left))
    news = [one for one in current(found, today) if account.created_at < start_of(one.effective_on)]
    unread = [one for one in news if one.number not in seen]
    return Standing(unread[0]) if unread else Standing(news[-1], seen=True) if news else None


def unseen(account: User, now: datetime) -> Standing | None:
    """What a page says of a change at its top: what waits for an answer, or wasn't seen."""
    standing = standing_of(account, now)
    return standing if standing and (standing.owed or not (standing.seen or standing.refused)) else None


def owes_answer(account_id: UUID, now: datetime) -> bool:
    """Whether a material version in force waits for this account's answer."""
    numbers = material(announced(now), legal_day(now))
    return bool(numbers) and bool(owed(facts(account_id, now), numbers))


def accepted_number(account_id: UUID, now: datetime) -> int:
    """The version of the policy that an account accepted last; 0 when it never did."""
    own = [fact for fact in facts(account_id, now) if fact.key == CONTRACT and fact.action.value in YES]
    return own[-1].policy_number if own else 0


def closed_by_refusal(account_id: UUID, act: Act, now: datetime) -> Closed | None:
    """Why care and the portal are closed to somebody who refused a material version (registered with accounts.closing)."""
    if act not in CLOSES:
        return None
    numbers = material(announced(now), legal_day(now))
    if not numbers or not refused(facts(account_id, now), numbers):
        return None
    return Closed(_REFUSED, "lifecycle:change", _("See what changed, and accept it"))


def _last_words() -> QuerySet[ConsentEvent]:
    """The last entry of each person on the contract."""
    entries = ConsentEvent.objects.filter(key=CONTRACT, child="")
    return entries.order_by("subject_id", "-number").distinct("subject_id")


def _seen(account_id: UUID) -> set[int]:
    """The versions that an account saw on the site."""
    kinds = NoticeSent.objects.filter(
        account_id=account_id, kind__startswith="policy.", kind__endswith=f".{Channel.SITE}"
    )
    return {int(kind.split(".")[1]) for kind in kinds.values_list("kind", flat=True)}
