"""Requests as their readers may see them: always for somebody, or for the office."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Count, DateField, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from audit.actors import Actor
from care.models import Membership
from gdpr_requests.desk.states import DONE
from gdpr_requests.desk.writing import PART
from gdpr_requests.models import Channel, Exchange, Request
from privacy.clocks import end_of_term, legal_day
from privacy.purposes import Purpose
from vault import access

WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One exchange with its text."""

    row: Exchange
    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A request with what its seal holds."""

    row: Request
    contact: Mapping[str, str]
    thread: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How the desk stands. ``on_time`` is a share of those answered, None while none is."""

    open: int
    overdue: int
    answered: int
    answered_in_time: int
    by_right: Mapping[str, int]

    @property
    def on_time(self) -> float | None:
        """The share answered in time, from 0 to 1."""
        return self.answered_in_time / self.answered if self.answered else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open requests on one day; ``soon``: those whose last day is that day or one of the seven after it."""

    open: int
    overdue: int
    soon: int


def waiting_at(today: date) -> Waiting:
    """What the whole desk has open, in one query."""
    ends = Request.objects.exclude(state__in=DONE).alias(limit=limit())
    return Waiting(
        **ends.aggregate(
            open=Count("pk"), overdue=Count("pk", filter=Q(limit__lt=today)),
            soon=Count("pk", filter=Q(limit__gte=today, limit__lte=today + WEEK)),
        )
    )  # fmt: skip


def own_requests(account_id: UUID) -> QuerySet[Request]:
    """Those that the account filed, the newest first (PC-68)."""
    return Request.objects.filter(account_id=account_id).order_by("-received_at", "-pk")


def requests_to(practice_ids: Iterable[UUID]) -> QuerySet[Request]:
    """Those asked of the practices, the most urgent open one first."""
    return urgent_first(Request.objects.filter(practice_id__in=list(practice_ids)))


def request_for(by: Actor, practice_ids: Iterable[UUID], request_id: UUID) -> Request | None:
    """One request that ``by`` filed or whose practice they work in; None for a stranger."""
    mine = Q(account_id=by.account_id) if by.account_id else Q(pk=None)
    return Request.objects.filter(mine | Q(practice_id__in=list(practice_ids)), pk=request_id).first()


def office_requests() -> QuerySet[Request]:
    """All of them, for the data protection officer: the most urgent open one first. ``for_office``: theirs to answer."""
    members = Membership.objects.live().filter(practice_id=OuterRef("practice_id"))
    every = Request.objects.annotate(for_office=Q(practice_id=None) | ~Exists(members))
    return urgent_first(every)


def urgent_first(requests: QuerySet[Request]) -> QuerySet[Request]:
    """Open ones by their limit, then the others, the newest first."""
    last = Case(When(state__in=DONE, then=None), default=limit(), output_field=DateField())
    return requests.annotate(urgency=last).order_by(F("urgency").asc(nulls_last=True), "-received_at", "-pk")


def limit() -> Coalesce:
    """The last day on which an answer is in time, in SQL."""
    return Coalesce("extended_until", "due_on")


def overdue(requests: QuerySet[Request], today: date) -> QuerySet[Request]:
    """Open ones whose limit is past."""
    return requests.exclude(state__in=DONE).alias(limit=limit()).filter(limit__lt=today)


def opened(request: Request, *, by: Actor, now: datetime, action: str = "open") -> Opened:
    """The request with its contact and thread; the opening has its line in the access journal. Call in a transaction.

    Raises vault.errors.NoKey once it was forgotten.
    """
    handle = access.open(
        request.pk, by=by, purpose=Purpose.LEGAL, part=PART, practice_id=request.practice_id, now=now, action=action
    )
    rows = Exchange.objects.filter(request_id=request.pk).order_by("number")
    thread = tuple(Line(row, handle.read(row, "text") or "") for row in rows)
    return Opened(request, handle.read(request, "contact") or {}, thread)


def in_time(request: Request) -> bool:
    """Whether it was decided before its limit had passed."""
    return request.decided_at is not None and request.decided_at < end_of_term(request.limit_on)


def figures(requests: QuerySet[Request], now: datetime) -> Figures:
    """Counted now: open, overdue, answered, and how many of those in time."""
    answered = list(requests.exclude(decided_at=None).only("decided_at", "extended_until", "due_on"))
    rights: Any = requests.order_by().values_list("right", flat=True)
    return Figures(
        open=requests.exclude(state__in=DONE).count(),
        overdue=overdue(requests, legal_day(now)).count(),
        answered=len(answered),
        answered_in_time=sum(in_time(one) for one in answered),
        by_right=dict(sorted(Counter(rights).items())),
    )


def without_account(request_id: UUID) -> Request | None:
    """A request of somebody without an account, or whom the dead named, for whoever holds its link."""
    mine = Q(account_id=None) | Q(channel=Channel.DEATH, contact__isnull=False)
    return Request.objects.filter(mine, pk=request_id).first()


def filtered(requests: QuerySet[Request], wanted: Mapping[str, Any], today: date) -> QuerySet[Request]:
    """What the filter of a list leaves."""
    if wanted.get("right"):
        requests = requests.filter(right=wanted["right"])
    if wanted.get("channel"):
        requests = requests.filter(channel=wanted["channel"])
    stands = wanted.get("stands")
    if stands == "open":
        return requests.exclude(state__in=DONE)
    if stands == "overdue":
        return overdue(requests, today)
    return requests.filter(state__in=DONE) if stands == "done" else requests
