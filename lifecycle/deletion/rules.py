"""Where a request to delete an account stands, and what may follow, computed from its events and the clock. Pure.

A request is executed at its instant: thirty days later, or on the statutory date of the answer when that comes first
(:func:`privacy.deadlines.cooling_off_ends`), or at once when the person waives the wait. Until the microsecond before that
instant it can be withdrawn; at the instant the account is closed, whether or not anything ran. A decision that is written
("executed") ends it for good (PC-34).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from privacy.deadlines import cooling_off_ends
from privacy.refusals import Refusal

SHIELD = timedelta(days=7)
"""How long a change of the e-mail address or of a factor keeps a deletion away: the owner has time to notice a takeover."""

SETTING_UP = timedelta(days=1)
"""What is set up in the first day of an account isn't a change of it."""


class Kind(StrEnum):
    """What can happen to a request; each is a stored event."""

    REQUESTED = "requested"
    WAIVED = "waived"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    EXECUTED = "executed"


class Why(StrEnum):
    """Why a request was stopped."""

    CREDENTIALS = "credentials"
    PLAN = "plan"


class State(StrEnum):
    """NONE: nothing is asked for (any more). DUE: the instant has come, the execution hasn't."""

    NONE = "none"
    PENDING = "pending"
    DUE = "due"
    EXECUTED = "executed"


@dataclass(frozen=True, slots=True)
class Fact:
    """What the fold reads of a stored event."""

    number: int
    kind: Kind
    at: datetime
    execute_at: datetime | None = None
    plan_sha256: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the newest request of an account stands at a moment; ``request`` is the number of the event that opened it."""

    state: State = State.NONE
    request: int = 0
    requested_at: datetime | None = None
    execute_at: datetime | None = None
    waived: bool = False
    plan_sha256: str = ""
    last: Fact | None = None

    @property
    def runs(self) -> bool:
        """Whether there is a request that was neither withdrawn nor stopped."""
        return self.state is not State.NONE


def standing_of(facts: Iterable[Fact], now: datetime) -> Standing:
    """Where an account's request stands at ``now``; ``facts`` in the order of their numbers, later ones don't count yet."""
    standing = Standing()
    for fact in facts:
        if fact.at > now:
            break
        standing = _after(standing, fact)
    return _at(standing, now)


def _after(standing: Standing, fact: Fact) -> Standing:
    if fact.kind is Kind.REQUESTED:
        return Standing(
            State.PENDING, fact.number, fact.at, fact.execute_at, plan_sha256=fact.plan_sha256, last=fact
        )  # fmt: skip
    if fact.kind is Kind.WAIVED:
        return replace(standing, execute_at=fact.execute_at, waived=True, last=fact)
    ends = State.EXECUTED if fact.kind is Kind.EXECUTED else State.NONE
    return replace(standing, state=ends, last=fact)


def _at(standing: Standing, now: datetime) -> Standing:
    due = standing.state is State.PENDING and standing.execute_at is not None and standing.execute_at <= now
    return replace(standing, state=State.DUE) if due else standing


def execution_of(requested_at: datetime) -> datetime:
    """The instant at which a deletion asked for at ``requested_at`` is executed, in UTC; never after the legal deadline."""
    return cooling_off_ends(requested_at)


def shielded(changed_at: datetime | None, now: datetime) -> bool:
    """Whether a change of e-mail or factor at ``changed_at`` keeps a deletion away at ``now``."""
    return changed_at is not None and changed_at <= now < changed_at + SHIELD


def stops(standing: Standing, changed_at: datetime | None) -> bool:
    """Whether a change of e-mail or factor fell into the seven days before the instant: somebody else may sit there."""
    if standing.state not in (State.PENDING, State.DUE) or standing.execute_at is None or changed_at is None:
        return False
    return standing.execute_at - SHIELD <= changed_at < standing.execute_at and not standing.waived


_PENDING = Refusal(
    "pending", _("The deletion of this account is requested already, and goes on as it was. Nothing was changed.")
)
NOTHING = Refusal("nothing", _("There is no deletion request to change. Nothing was changed."))
_TOO_LATE = Refusal(
    "too_late", _("The moment of the deletion has come, so it can't be changed any more. The account is closed.")
)
_CHANGED = Refusal(
    "changed",
    _(
        "The e-mail address or a second factor of this account was changed less than seven days ago. So that nobody who got hold of an account can delete it, this opens seven days after that change. Nothing was changed; if it can't wait, write to the data protection officer."
    ),
)
_WAIVED = Refusal("waived", _("You have given up the wait already. Nothing was changed."))
_EARLY = Refusal("early", _("The wait isn't over, so nothing is deleted yet."))
STAFF = Refusal(
    "staff", _("An account with rights of the office isn't deleted this way: have those rights taken off it first.")
)
NO_CONTRACT = Refusal("no_contract", _("Only a practitioner's or a patient's account can be deleted this way."))
_EARLIER = Refusal("earlier", _("Something later is on record for this account. Give a moment after it."))


def out_of_order(facts: Sequence[Fact], now: datetime) -> Refusal | None:
    """Why nothing can be entered at ``now`` at all: something is on record that came later."""
    if not facts or facts[-1].at <= now:
        return None
    return _TOO_LATE if facts[-1].kind is Kind.EXECUTED else _EARLIER


def why_not_request(standing: Standing, changed_at: datetime | None, now: datetime) -> Refusal | None:
    """Why a deletion can't be asked for at ``now``, or None. Asking twice is answered, and changes nothing."""
    if standing.runs:
        return _PENDING if standing.state is State.PENDING else _TOO_LATE
    return _CHANGED if shielded(changed_at, now) else None


def why_not_waive(standing: Standing, changed_at: datetime | None, now: datetime) -> Refusal | None:
    """Why the wait can't be given up at ``now``, or None."""
    if refusal := _not_pending(standing):
        return _WAIVED if refusal is _TOO_LATE and standing.waived else refusal
    return _CHANGED if shielded(changed_at, now) else None


def why_not_withdraw(standing: Standing) -> Refusal | None:
    """Why the request can't be withdrawn, or None until the last moment before its instant."""
    return _not_pending(standing)


def why_not_execute(standing: Standing) -> Refusal | None:
    """Why the request isn't to be executed, or None once its instant has come."""
    if standing.state is State.DUE:
        return None
    return _EARLY if standing.state is State.PENDING else NOTHING


def _not_pending(standing: Standing) -> Refusal | None:
    if standing.state is State.PENDING:
        return None
    return _TOO_LATE if standing.runs else NOTHING
