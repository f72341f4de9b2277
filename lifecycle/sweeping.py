"""What a sweep does: each rule's work is registered here, and run in the order it was registered.

A sweep has side effects only (messages, disposal); what is open or closed never waits for one.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Protocol

from audit.actors import Actor


@dataclass(slots=True)
class Outcome:
    """Of one rule: how many were due, were done, were held back, and failed (tried again by the next sweep)."""

    due: int = 0
    done: int = 0
    held: int = 0
    failed: int = 0


class Sweep(Protocol):
    """One kind of work: returns the outcome of each of its rules, by the rule's name."""

    def __call__(self, *, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
        """Do what is due at ``now``, or only count it. Safe to run twice, at once, or after a crash."""


sweeps: list[Sweep] = []


def sweep_with(one: Sweep) -> None:
    """Have ``one`` run in each sweep. Registering it twice keeps one."""
    if one not in sweeps:
        sweeps.append(one)


def run_all(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, dict[str, int]]:
    """All that is due: ``due``, ``done``, ``held`` and ``failed`` of each rule."""
    found: dict[str, Outcome] = {}
    for one in sweeps:
        found |= one(by=by, now=now, dry_run=dry_run)
    return {rule: asdict(outcome) for rule, outcome in found.items()}
