"""The files of training sets go when their time is over, or when somebody in them left by no act of theirs (PC-21)."""

from datetime import datetime
from typing import Final

from audit.actors import Actor
from lifecycle.sweeping import Outcome
from records.training.keeping import destroy_strays
from records.training.leaving import look_over, there
from records.training.rules import why_over

NAME: Final = "PC-41.training"


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Look over all sets, and destroy what a build left that was cut off."""
    found = Outcome(due=sum(why_over(build, now) is not None for build in there()))
    if not dry_run:
        found.done = look_over(by=by, now=now)
        destroy_strays(now=now)
    return {NAME: found}
