"""What can close an act to somebody who may otherwise perform it: registered from above, asked in one place.

consents (a mandatory agreement taken back) and lifecycle (the phase of the contract) each register a reason in
AppConfig.ready; the gate, the import commands and the worker ask all of them and know none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise

from accounts.access import Act


@dataclass(frozen=True, slots=True)
class Closed:
    """Why an act is closed now, in plain words, and the page (URL name, words of the link) that opens it again.

    ``final``: nothing opens it again; the page is about what was.
    """

    why: str | Promise
    page: str
    link: str | Promise
    final: bool = False

    def __str__(self) -> str:
        return str(self.why)


Reason = Callable[[UUID, Act, datetime], Closed | None]
reasons: list[Reason] = []


def close_acts_when(reason: Reason) -> None:
    """Have ``reason(account_id, act, now)`` asked before any act. Registering it twice keeps one."""
    if reason not in reasons:
        reasons.append(reason)


def why_closed(account_id: UUID, act: Act, *, now: datetime) -> Closed | None:
    """The first reason for which ``act`` is closed to this account at ``now``, or None while it is open."""
    return next((closed for reason in reasons if (closed := reason(account_id, act, now))), None)
