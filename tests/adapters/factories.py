"""A kind of message of the tests' own, and what its handler saw."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from adapters import outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.grounds import Ground
from privacy.ids import new_id
from tests.consents.factories import NOON, choose, person

KIND = "test.note"
SLOT = "marketing_emails"


@dataclass
class Receiver:
    """Stands for the other side: which rows came, by their idempotency key, and what happens then."""

    then: Callable[[Outgoing], object] = lambda row: None
    keys: list[str] = field(default_factory=list)
    contents: list[Any] = field(default_factory=list)

    def __call__(self, row: Outgoing, ground: Ground, now: datetime) -> None:
        """As the outbox calls it."""
        self.keys.append(row.idempotency_key)
        self.contents.append(row.content)
        self.then(row)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The handler of :data:`KIND`; nobody rings a bell."""
    made = Receiver()
    monkeypatch.setitem(outbox._handlers, KIND, made)
    monkeypatch.setattr(outbox, "_send", lambda task: None)
    return made


def agreeing(slot: str = SLOT) -> UUID:
    """Somebody who said yes to a switch, an hour ago."""
    by = person()
    key, _dot, child = slot.partition(".")
    if child:
        choose(by, key, now=NOON - timedelta(hours=2))
    choose(by, key, child=child, now=NOON - timedelta(hours=1))
    assert by.account_id
    return by.account_id


def queued(subject_id: UUID | None = None, *, slot: str = SLOT, now: datetime = NOON, **fields: Any) -> Outgoing:
    """One message of a person who agrees."""
    key, _dot, child = slot.partition(".")
    ground = fields.pop("ground", None) or GroundRef.consent(subject_id or agreeing(slot), key, child or None)
    with transaction.atomic():
        return outbox.enqueue(kind=KIND, payload={"id": str(new_id())}, ground=ground, now=now, **fields)


def work(now: datetime = NOON) -> int:
    """What a worker does that finds the hour to be ``now``; how many rows it took."""
    taken = 0
    while row := Outgoing.claim(now):
        outbox.finish(row, outbox.attempt(row, now=now), now=now)
        taken += 1
    return taken
