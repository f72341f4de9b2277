"""The sweep's part of restrictions: the mark on a key that a crash kept from following its record (PC-63)."""

from datetime import datetime
from typing import Final

from audit.actors import Actor
from lifecycle.sweeping import Outcome
from records.restriction import keys

RULE: Final = "PC-63"


def sweep(*, by: Actor, now: datetime, dry_run: bool = True) -> dict[str, Outcome]:
    """Close and open the keys whose records say otherwise, or count them. Dry unless told."""
    astray = keys.astray()
    outcome = Outcome(due=len(astray))
    if astray and not dry_run:
        keys.settle(astray, now)
        outcome.done = len(astray - keys.astray())
    return {RULE: outcome}
