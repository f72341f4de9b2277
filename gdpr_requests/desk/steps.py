"""What either side does with a request: under its lock, by the table of moves, each step an exchange (MD-33, MD-34)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.actors import Actor
from gdpr_requests import effects
from gdpr_requests.desk import informing, mails, rectifying, rules
from gdpr_requests.desk.rules import require
from gdpr_requests.desk.states import By, Event
from gdpr_requests.desk.wording import letter
from gdpr_requests.desk.writing import Step, locked
from gdpr_requests.models import Channel, Outcome, Proof, Request


@transaction.atomic
def ask_identity(*, request_id: UUID, text: str, by: Actor, now: datetime) -> Request:
    """Ask for proof of identity, because there is a doubt that ``text`` explains (Art. 12(6)). The clock runs on."""
    step = locked(request_id, by=by, now=now)
    require(rules.why_not_ask_identity(step.request, step.side) or rules.why_not_write(step.request, step.side, text))
    step.write(Event.ASK_IDENTITY, text, sent_by=_tell(step, "identity"))
    return step.request


@transaction.atomic
def prove(*, request_id: UUID, proof: Proof, by: Actor, now: datetime) -> Request:
    """Record that the identity is established, and how (MD-32)."""
    step = locked(request_id, by=by, now=now)
    require(rules.why_not_prove(step.request, step.side))
    step.request.proof, step.request.proven_at = proof, now
    step.write(Event.PROVE, fields=("proof", "proven_at"))
    return step.request


@transaction.atomic
def take(*, request_id: UUID, by: Actor, now: datetime) -> Request:
    """Begin to work on it."""
    return _plain(request_id, Event.TAKE, "", by, now)


@transaction.atomic
def extend(*, request_id: UUID, text: str, by: Actor, now: datetime) -> Request:
    """Take two more months, with the reason told to the person now (Art. 12(3)); once, and on the due day at the latest."""
    step = locked(request_id, by=by, now=now)
    require(rules.why_not_extend(step.request, step.side, text, now))
    step.request.extended_until = rules.possible_end(step.request)
    step.write(Event.EXTEND, text, sent_by=_tell(step, "extended"), fields=("extended_until",))
    return step.request


@transaction.atomic
def answer(
    *,
    request_id: UUID,
    outcome: str,
    text: str,
    ground: str = "",
    corrections: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> Request:
    """Decide, do what was granted, and tell the person; a refusal names its ground, the CNIL and the courts (PC-69).

    ``corrections``: the entries of the file's history that a granted correction led to, or "elsewhere" (PC-61).
    Of two decisions at once one wins. Raises :class:`privacy.refusals.Refused`; then nothing was decided or done.
    """
    step = locked(request_id, by=by, now=now)
    request = step.request
    require(rules.why_not_answer(request, step.side, outcome=outcome, ground=ground, text=text, now=now))
    require(rectifying.why_not(request, outcome, corrections))
    readers = informing.readers_to_tell(request, outcome, now)
    effects.carry_out(request, outcome=outcome, by=by, now=now)
    rectifying.link(request, corrections, now=now)
    informing.tell(request, readers, now=now)
    request.outcome, request.ground = outcome, ground
    request.decided_at, request.decided_by_id, request.decided_role = now, by.account_id, by.role
    step.write(
        Event.ANSWER,
        letter(text, outcome, ground),
        sent_by=_tell(step, "answered"),
        remedies=outcome != Outcome.GRANTED,
        fields=("outcome", "ground", "decided_at", "decided_by_id", "decided_role"),
    )
    return request


@transaction.atomic
def write(*, request_id: UUID, text: str, by: Actor, now: datetime) -> Request:
    """A message of either side to the other."""
    step = locked(request_id, by=by, now=now)
    require(rules.why_not_write(step.request, step.side, text))
    told = _tell(step, "message") if step.side is By.HANDLER else ""
    step.write(Event.NOTE, text, sent_by=told)
    if step.side is By.PERSON:
        mails.arrived(step.request)
    return step.request


@transaction.atomic
def close(*, request_id: UUID, by: Actor, now: datetime) -> Request:
    """End an answered request: from now on the three years of PC-52 run."""
    return _plain(request_id, Event.CLOSE, "", by, now)


@transaction.atomic
def withdraw(*, request_id: UUID, text: str = "", by: Actor, now: datetime) -> Request:
    """The person no longer asks."""
    return _plain(request_id, Event.WITHDRAW, text, by, now)


def _plain(request_id: UUID, event: Event, text: str, by: Actor, now: datetime) -> Request:
    step = locked(request_id, by=by, now=now)
    require(rules.why_not_move(step.request, event, step.side))
    step.write(event, text)
    return step.request


def _tell(step: Step, event: str) -> str:
    """Have word sent, and say how the person is told.

    An account reads it on its page, whatever becomes of the mail. Without an account the mail is the only way: one that
    nobody takes stands among the failed ones in the office. Who has a postal address alone is written to by whoever answers.
    """
    request, to = step.request, mails.reader_of(step.request, step.handle)
    mails.moved(request, to, event)
    if request.account_id is not None and request.channel != Channel.DEATH:
        return "page"
    return "email" if to.address else "post"
