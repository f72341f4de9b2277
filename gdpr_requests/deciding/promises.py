"""MD-31, measured on the live database."""

from datetime import datetime
from typing import Final

from audit.actors import Actor
from gdpr_requests.deciding import queries
from privacy.decisions import stale, unanswered
from privacy.promises import Measure, promise
from records.models import Consultation, ConsultationStatus
from records.rules import why_not_sign

MACHINE: Final = Actor.system("promises")


@promise("MD-31", checked_by="tests/gdpr_requests/test_decisions.py")
def people_decide_about_people(now: datetime) -> Measure:
    """Each decision names its human being, PostgreSQL refuses any other, and each column of an author is answered for."""
    taken = queries.taken()
    broken = {
        "decided_by_nobody": sorted(key for key, found in taken.items() if found.nobody),
        "not_guarded": queries.unguarded(), "not_in_the_register": unanswered(), "in_the_register_and_gone": stale(),
        "done_by_the_clock_and_not_said": queries.unexplained(), "a_machine_may_sign": _a_machine_may_sign(),
    }  # fmt: skip
    figures = {
        "decisions": {key: found.number for key, found in taken.items()},
        "at_the_command_line": sum(found.command_line for found in taken.values()),
    }
    return Measure(kept=not any(broken.values()), figures=figures | broken)


def _a_machine_may_sign() -> bool:
    """Whether the state machine of notes would let a draft be signed by anything but a person."""
    draft = Consultation(status=ConsultationStatus.DRAFT)
    refusal = why_not_sign(draft, {"note": "a draft"}, by=MACHINE)
    return refusal is None or refusal.code != "no_person"
