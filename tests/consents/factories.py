"""Decisions for tests, taken by the person themselves unless said otherwise."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from audit.actors import Actor
from consents.actions import Decision, decide
from privacy.ids import new_id

NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def person(subject_id: UUID | None = None, **fields: Any) -> Actor:
    """Somebody deciding for themselves, on the web."""
    return Actor(account_id=subject_id or new_id(), role="practitioner", ip="192.0.2.7", user_agent="Test", **fields)


def choose(by: Actor, key: str, on: bool = True, *, child: str = "", now: datetime = NOON, **fields: Any) -> Decision:
    """One decision of ``by`` for themselves."""
    given = {"subject_id": by.account_id, "language": "en", "channel": "web", **fields}
    return decide(key=key, child=child, on=on, by=by, now=now, **given)
