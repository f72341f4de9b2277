"""The promises that the running system measures on itself.

Each app's ``promises.py`` registers functions with :func:`promise`; ``manage.py promises`` runs
them on the live database. A promise is kept when every function registered for it says so.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Measure:
    """What one check found: whether the promise holds, and the figures it was read from."""

    kept: bool
    figures: Mapping[str, object]


Check = Callable[[datetime], Measure]


@dataclass(frozen=True)
class RegisteredCheck:
    """A check and the test file that proves it could fail."""

    run: Check
    checked_by: str


CHECKS: dict[str, list[RegisteredCheck]] = defaultdict(list)


def promise(promise_id: str, *, checked_by: str) -> Callable[[Check], Check]:
    """Register the decorated function as a live check of the promise ``promise_id``."""

    def register(check: Check) -> Check:
        CHECKS[promise_id].append(RegisteredCheck(check, checked_by))
        return check

    return register
