"""What the office asks of the boxes: how many rows stand where, and which ones need somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Case, Count, Q, QuerySet, When

from adapters.boxes.models import Incoming, Outgoing
from adapters.boxes.queue import LATE_AFTER, Queued
from adapters.states import State

MAILS: Final = ("accounts.mail", "lifecycle.certificate")
"""The kinds of message that go to whoever carries our mail."""
BY_KIND: Final = {"accounts.text": "bulkgate"}
"""Whose service a kind is for that doesn't begin with its name."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many rows of a box stand where. ``late``: due for longer than any worker should need; part of ``waiting``."""

    waiting: int
    under_way: int
    late: int
    failed: int
    unknown: int
    dropped: int
    done: int


def standing(model: type[Queued], now: datetime) -> Standing:
    """The figures of one box, in one query."""
    waits = Q(state=State.WAITING)
    asked: dict[str, Any] = {
        "waiting": waits,
        "under_way": waits & Q(claimed_at__isnull=False, due_at__gt=now),
        "late": waits & Q(due_at__lt=now - LATE_AFTER),
        **{state.value: Q(state=state) for state in (State.FAILED, State.UNKNOWN, State.DROPPED, State.DONE)},
    }
    return Standing(
        **model._default_manager.aggregate(**{name: Count("pk", filter=which) for name, which in asked.items()})
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What the boxes hold of one service: to be sent, failed, come in and not applied yet, not known, not applicable."""

    waiting: int = 0
    failed: int = 0
    arrived: int = 0
    unknown: int = 0
    unapplied: int = 0


def held(services: Iterable[str]) -> dict[str, Held]:
    """The figures of each service, in two queries."""
    out = Outgoing.objects.filter(state__in=(State.WAITING, State.FAILED)).order_by()
    into = Incoming.objects.filter(state__in=(State.WAITING, State.UNKNOWN, State.FAILED)).order_by()
    counted: dict[str, dict[str, int]] = {one: {} for one in services}
    sent: dict[str, str] = {State.WAITING: "waiting", State.FAILED: "failed"}
    came: dict[str, str] = {State.WAITING: "arrived", State.UNKNOWN: "unknown", State.FAILED: "unapplied"}
    for kind, state, number in out.values_list("kind", "state").annotate(Count("pk")):
        if (mine := counted.get(service_of(kind))) is not None:
            mine[sent[state]] = mine.get(sent[state], 0) + number
    for service, state, number in into.values_list("subprocessor", "state").annotate(Count("pk")):
        counted.get(service, {})[came[state]] = number
    return {one: Held(**figures) for one, figures in counted.items()}


def service_of(kind: str) -> str:
    """The service that a kind of message is for: ``viva.order``, ``repair.viva``, a mail, a text message."""
    if kind in MAILS:
        return str(settings.MAIL_CARRIER)
    first, _dot, second = kind.partition(".")
    return BY_KIND.get(kind) or (second if first == "repair" else first)


def of_service(model: type[Queued], service: str) -> Q:
    """The rows of a box that are one service's; a box that isn't divided by services has them all."""
    if model is Outgoing:
        mails = MAILS if service == settings.MAIL_CARRIER else ()
        named = [kind for kind, its in BY_KIND.items() if its == service]
        return Q(kind__startswith=f"{service}.") | Q(kind__in=[f"repair.{service}", *mails, *named])
    return Q(subprocessor=service) if model is Incoming else Q()


def rows(model: type[Queued], show: str, now: datetime, service: str = "") -> QuerySet[Queued]:
    """The rows of a box that a filter leaves (a state, "late" or nothing; one service), those that need somebody first."""
    found = model._default_manager.filter(of_service(model, service) if service else Q())
    if show == "late":
        found = found.filter(state=State.WAITING, due_at__lt=now - LATE_AFTER)
    elif show:
        found = found.filter(state=show)
    settled = Case(When(state__in=(State.FAILED, State.UNKNOWN), then=0), When(state=State.WAITING, then=1), default=2)
    return found.order_by(settled, "-due_at", "-pk")
