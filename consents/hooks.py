"""What the apps above hang on a decision, registered in their AppConfig.ready (consents imports none of them)."""

from collections import defaultdict
from datetime import datetime
from typing import Protocol
from uuid import UUID

from audit.actors import Actor


class Decided(Protocol):
    """What is called when a switch of its key was moved, in the same transaction."""

    def __call__(self, *, subject_id: UUID, child: str, on: bool, by: Actor, now: datetime) -> None:
        """Do what follows from the decision."""


on_decision: dict[str, list[Decided]] = defaultdict(list)


def when_decided(key: str, callback: Decided) -> None:
    """Call `callback(subject_id=, child=, on=, by=, now=)` in the transaction of each decision on ``key``."""
    if callback not in on_decision[key]:
        on_decision[key].append(callback)
