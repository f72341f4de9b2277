"""Asking a payer whether somebody is covered on a day: FHIR R4, ``CoverageEligibilityRequest/$submit`` (MD-73).

https://hl7.org/fhir/R4/coverageeligibilityrequest.html: one resource with purpose ``validation`` goes there, a CoverageEligibilityResponse comes
back. Sent is what the question needs: the number, the day of birth, the day asked about, and a number of ours that says nothing.

The answer is read strictly: it has to answer this very question (``request.identifier``), be complete and say ``inforce`` for the one
insurance; whatever else comes is no answer. An OperationOutcome ``not-found`` says that the payer doesn't know the number. Asking twice
does no harm: the identifier is the same, so it may be sent again.

Doubts: payers that answer ``queued`` (later, by a Task) aren't followed up; how each payer lets us in (here a bearer token over TLS) is its own.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from adapters.calls import Answer, Call, credentials_of
from adapters.door import send
from adapters.faults import Broken, Rejected
from adapters.grounds import Ground
from privacy.declare import Category
from privacy.payers import Payer

FHIR: Final = "application/fhir+json"
OURS: Final = "urn:ietf:rfc:3986"
UNKNOWN: Final = "not-found"


class Coverage(StrEnum):
    """What a payer said."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    UNKNOWN_MEMBER = "unknown_member"


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked about: a number that says nothing, the member's number, the days of birth and of the visit."""

    id: UUID
    number: str = field(repr=False)
    birth_date: date = field(repr=False)
    on: date


def ask(question: Question, of: Payer, *, ground: Ground, now: datetime, outgoing_id: UUID | None = None) -> Coverage:
    """What the payer says, by itself. Raises ``Refused``, and the door's faults; an answer that doesn't say it is ``Broken``."""
    call = Call(
        subprocessor=of.key,
        method="POST",
        url=f"https://{of.hosts[0].name}{of.base}/CoverageEligibilityRequest/$submit",
        categories=frozenset({Category.IDENTITY}),
        headers={
            "Authorization": f"Bearer {credentials_of(of.key)['PAYER_TOKEN']}",
            "Content-Type": FHIR,
            "Accept": FHIR,
        },
        json=_asked(question, now),
        idempotency_key=str(question.id),
        outgoing_id=outgoing_id,
    )
    try:
        return _read(send(call, ground=ground, now=now), question)
    except Rejected as refused:
        if refused.status in (404, 422) and _says_unknown(refused.answer):
            return Coverage.UNKNOWN_MEMBER
        raise


def _asked(question: Question, now: datetime) -> dict[str, Any]:
    return {
        "resourceType": "CoverageEligibilityRequest",
        "identifier": [{"system": OURS, "value": question.id.urn}],
        "status": "active",
        "purpose": ["validation"],
        "patient": {"reference": "#member"},
        "servicedDate": question.on.isoformat(),
        "created": now.isoformat(timespec="seconds"),
        "insurer": {"display": "payer"},
        "insurance": [{"focal": True, "coverage": {"reference": "#coverage"}}],
        "contained": [
            {"resourceType": "Patient", "id": "member", "birthDate": question.birth_date.isoformat()},
            {
                "resourceType": "Coverage",
                "id": "coverage",
                "status": "active",
                "subscriberId": question.number,
                "beneficiary": {"reference": "#member"},
                "payor": [{"display": "payer"}],
            },
        ],
    }


def _read(answer: Answer, question: Question) -> Coverage:
    said = answer.json()
    match said:
        case {
            "resourceType": "CoverageEligibilityResponse",
            "outcome": "complete",
            "request": {"identifier": {"value": str(asked)}},
            "insurance": [{"inforce": bool(in_force)}],
        } if asked == question.id.urn and not said.get("error"):
            return Coverage.COVERED if in_force else Coverage.NOT_COVERED
        case {"resourceType": "OperationOutcome"} if _says_unknown(answer):
            return Coverage.UNKNOWN_MEMBER
    raise Broken(answer.subprocessor, "its answer doesn't say whether", sent=True, status=answer.status)


def _says_unknown(answer: Answer) -> bool:
    """An OperationOutcome about the number; a 404 without one is another matter (a wrong address)."""
    try:
        said = answer.json()
    except Broken:
        return False
    issues = said.get("issue") if isinstance(said, dict) and said.get("resourceType") == "OperationOutcome" else None
    return isinstance(issues, list) and any(isinstance(one, dict) and one.get("code") == UNKNOWN for one in issues)
