"""A breach as its facts tell it, and whom it touches: computed from the access journal, never typed (MD-56)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from audit.models import AccessEntry
from lifecycle.models import BreachEvent, BreachNotice, Disposal
from lifecycle.retention.children import children
from privacy.clocks import breach_deadline
from records.models import PatientFile

Kind = BreachEvent.Kind
HOUR: Final = timedelta(hours=1)


class NoSuchBreach(LookupError):
    """No breach has this id."""


@dataclass(frozen=True, slots=True)
class Breach:
    """What the register says of one breach now."""

    id: UUID
    aware_at: datetime
    began_at: datetime | None
    events: Sequence[BreachEvent] = field(repr=False)

    @property
    def deadline(self) -> datetime:
        """Until when the authority is told: 72 absolute hours from awareness, in UTC."""
        return breach_deadline(self.aware_at)

    @property
    def told_at(self) -> datetime | None:
        """When the authority was told."""
        return self._moment(Kind.AUTHORITY)

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed."""
        return self._moment(Kind.CLOSED)

    @property
    def risk(self) -> str:
        """The last decision on the risk; empty before the first."""
        return next((str(event.facts["risk"]) for event in reversed(self.events) if event.kind == Kind.DECIDED), "")

    @property
    def scopes(self) -> list[dict[str, Any]]:
        """Every scope that was added."""
        return [event.facts for event in self.events if event.kind == Kind.SCOPED]

    def left(self, now: datetime) -> timedelta:
        """What is left of the 72 hours; negative when they are over."""
        return self.deadline - now

    def is_late(self, now: datetime) -> bool:
        """Whether the authority was or is told too late; not for a breach that is no risk."""
        return self.risk != "none" and (self.told_at or now) > self.deadline

    def _moment(self, kind: str) -> datetime | None:
        return next((event.at for event in self.events if event.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom the scope of a breach touches, and what was read: counted once each."""

    files: list[UUID]
    practices: list[UUID]
    accounts: list[UUID]
    readings: int
    parts: list[tuple[str, int]]


def breach(breach_id: UUID) -> Breach:
    """One breach. Raises NoSuchBreach."""
    events = list(BreachEvent.objects.filter(breach_id=breach_id).order_by("number"))
    if not events:
        raise NoSuchBreach(str(breach_id))
    return _told_by(events)


def breaches() -> list[Breach]:
    """All of them, the latest first, in one query."""
    found: dict[UUID, list[BreachEvent]] = {}
    for event in BreachEvent.objects.order_by("number"):
        found.setdefault(event.breach_id, []).append(event)
    return sorted(map(_told_by, found.values()), key=lambda one: (one.events[0].at, one.events[0].pk), reverse=True)


def _told_by(events: Sequence[BreachEvent]) -> Breach:
    """The breach of which these are the events, the first one being its entry."""
    first = events[0].facts
    began = datetime.fromisoformat(first["began_at"]) if first.get("began_at") else None
    return Breach(events[0].breach_id, datetime.fromisoformat(first["aware_at"]), began, events)


def touched(one: Breach) -> Touched:
    """The people whose files were read within the scope of the breach; none while it has no scope.

    Call in the scope of every practice. A reading of a hold or a restriction, which lie under keys of their own, is a
    reading of its file.
    """
    found = entries(one.scopes)
    ids = set(found.values_list("subject_id", flat=True).distinct())
    files = _files(ids)
    parts = found.values("part").annotate(n=Count("subject_id", distinct=True)).order_by("-n", "part")
    return Touched(
        files=sorted(files),
        practices=sorted(set(PatientFile.objects.filter(pk__in=files).values_list("practice_id", flat=True))),
        accounts=sorted({i for i in found.values_list("actor_id", flat=True).distinct() if i}),
        readings=found.count(),
        parts=[(row["part"], row["n"]) for row in parts],
    )


def entries(scopes: Iterable[dict[str, Any]]) -> QuerySet[AccessEntry]:
    """The lines of the access journal that any of the scopes covers."""
    wanted = [_within(facts) for facts in scopes]
    return AccessEntry.objects.filter(reduce(or_, wanted)) if wanted else AccessEntry.objects.none()


def _within(facts: dict[str, Any]) -> Q:
    """All that a scope names, together: an account, a session, an address, from when until when."""
    asked = Q(at__gte=datetime.fromisoformat(facts["since"]), at__lte=datetime.fromisoformat(facts["until"]))
    for name in ("actor_id", "session_ref", "ip"):
        if facts.get(name):
            asked &= Q(**{name: facts[name]})
    return asked


def _files(ids: set[UUID]) -> set[UUID]:
    """The files among the journal's subjects, those that were destroyed since too."""
    files = set(PatientFile.objects.filter(pk__in=ids).values_list("pk", flat=True))
    files |= set(Disposal.objects.filter(file_id__in=ids).values_list("file_id", flat=True))
    for child in children():
        if child.has_own_key:
            rows = child.model._default_manager.filter(pk__in=ids - files)
            files |= set(rows.values_list(child.column, flat=True))
    return files


def notices(breach_id: UUID) -> dict[str, dict[str, int]]:
    """How many of each kind were sent, wait, or go by letter."""
    found: dict[str, dict[str, int]] = {}
    rows = BreachNotice.objects.filter(breach_id=breach_id).values("whom").annotate(
        sent=Count("pk", filter=Q(sent_at__isnull=False)), waiting=Count("pk", filter=Q(sent_at=None, by_post=False)),
        by_post=Count("pk", filter=Q(by_post=True)),
    )  # fmt: skip
    for row in rows:
        found[row["whom"]] = {name: row[name] for name in ("sent", "waiting", "by_post")}
    return found


def by_post(breach_id: UUID) -> list[UUID]:
    """The files of those who have no e-mail address: they are told by letter."""
    rows = BreachNotice.objects.filter(breach_id=breach_id, by_post=True).order_by("subject_id")
    return list(rows.values_list("subject_id", flat=True))
