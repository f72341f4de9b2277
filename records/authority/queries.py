"""Which orders there are, what each opens, and for whom: always for somebody and a moment."""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import User
from audit.models import AccessEntry
from care.roles import Authority
from care.team.queries import owned_practice
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from records.clock import day_of
from records.holds import is_held
from records.models import AuthorityOrder, OrderedFile, OrderPart, PatientFile
from records.reading import Part

JOURNALED_AS: Final[dict[OrderPart, tuple[Part, ...]]] = {
    OrderPart.IDENTITY: (Part.LIST, Part.IDENTITY),
    OrderPart.MEDICAL: (Part.MEDICAL,),
    OrderPart.CONSULTATIONS: (Part.CONSULTATIONS,),
    OrderPart.MEASURES: (Part.MEASURES,),
    OrderPart.DOCUMENTS: (Part.DOCUMENTS, Part.DOCUMENT),
}
"""Which parts the access journal names when an authority reads one part of an order."""


def hashed(secret: str, token: str = "") -> str:
    """What is kept of a link's token, or of a code together with its token; both are random, so no salt is needed."""
    return sha256(f"{token}{secret}".encode()).hexdigest()


def is_agent(account_id: UUID) -> bool:
    """Whether an order ever named this account as its reader. Reads the account's own orders alone."""
    with scope(ALL):
        return AuthorityOrder.objects.filter(account_id=account_id).exists()


def practices_ordered(account_id: UUID, now: datetime, order_id: UUID | None = None) -> tuple[UUID, ...]:
    """The practices whose rows the gate opens to an agent: of the orders that run, or of the one that the address names."""
    with scope(ALL):
        running = AuthorityOrder.objects.running(now).filter(account_id=account_id)
        if order_id is not None:
            running = running.filter(pk=order_id)
        return tuple(dict.fromkeys(running.order_by("entered_at", "pk").values_list("practice_id", flat=True)))


def running_for(account_id: UUID, now: datetime) -> QuerySet[AuthorityOrder]:
    """The orders under which the account reads now, the latest first. Inside a scope of their practices."""
    running = AuthorityOrder.objects.running(now).filter(account_id=account_id)
    return running.select_related("practice").order_by("-entered_at", "pk")


def files_of(order: AuthorityOrder) -> QuerySet[OrderedFile]:
    """The files that the order names and that nobody took out; none whose destruction is decided."""
    named = OrderedFile.objects.filter(order=order, taken_out_at=None, file__leaving_at=None)
    return named.select_related("file__practice").order_by("named_at", "pk")


def is_kept(file: PatientFile, now: datetime) -> bool:
    """Whether the file's term still runs, or a hold keeps it: by the clock, not by any sweep."""
    return file.retain_until >= day_of(file, now) or is_held(file.pk)


def invited_by(token: str) -> AuthorityOrder | None:
    """The order behind a link; whoever has the link has no scope yet."""
    with scope(ALL):
        return AuthorityOrder.objects.select_related("practice").filter(token_hash=hashed(token)).first()


def orders_of(owner: User) -> QuerySet[AuthorityOrder]:
    """Every order about files of the practice that ``owner`` answers for, the latest first; none for anybody else."""
    mine = owned_practice(owner)
    found = AuthorityOrder.objects.filter(practice_id=mine.practice_id) if mine else AuthorityOrder.objects.none()
    return in_order(found)


def in_order(orders: QuerySet[AuthorityOrder]) -> QuerySet[AuthorityOrder]:
    """The latest first, with their practices."""
    return orders.select_related("practice", "account").order_by("-entered_at", "pk")


def named_in(order: AuthorityOrder) -> QuerySet[OrderedFile]:
    """Every file that was ever named, those taken out too."""
    return OrderedFile.objects.filter(order=order).select_related("file__practice").order_by("named_at", "pk")


def silent(today: date) -> QuerySet[OrderedFile]:
    """Files whose patient may not be told yet: the order forbids it up to a day that isn't over."""
    return OrderedFile.objects.filter(order__silent_until__gte=today)


def without_silenced(entries: QuerySet[AccessEntry], now: datetime) -> QuerySet[AccessEntry]:
    """The lines of an access journal that its patient may see: all but those under an order that forbids telling yet.

    Call inside a scope of the practices of the files. They appear by the clock, on the day after the order's last.
    """
    untold = silent(legal_day(now)).filter(file_id=OuterRef("subject_id"), order__account_id=OuterRef("actor_id"))
    return entries.exclude(Q(actor_role=Authority.key) & Exists(untold))


def to_tell(now: datetime) -> QuerySet[OrderedFile]:
    """Files of confirmed orders whose patient wasn't told and may be."""
    today = legal_day(now)
    due = OrderedFile.objects.filter(told_at=None, order__confirmed_at__lte=now, file__leaving_at=None)
    due = due.exclude(taken_out_at__lte=F("order__confirmed_at"))
    return due.exclude(order__silent_until__gte=today).select_related("order", "file__practice").order_by("pk")


def parts_in_words(parts: Iterable[str]) -> list[str]:
    """The parts of an order as pages name them, in the order of the list."""
    chosen = set(parts)
    return [str(part.label) for part in OrderPart if part.value in chosen]
