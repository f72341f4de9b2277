"""The worker's side: the number is read, the payer is asked, what came of it is written. Nothing is guessed, nothing is silent.

No transaction is held while it calls out. A payer that can't be reached isn't asked again behind the practitioner's back: the row
says so, and they ask again when they need it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from accounts.models import PatientProfile, User
from accounts.patients.actions import identity_of
from adapters import payer as payers
from adapters.faults import Broken, Busy, Closed, Fault, TimedOut, Unwritten
from adapters.gates import stand_ins_play
from adapters.grounds import Ground
from adapters.models import Outgoing
from adapters.outbox import Undeliverable, handles
from adapters.payer import Question
from audit.actors import Actor
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.payers import Payer, payer
from records.coverage.actions import KIND, answer
from records.coverage.rules import member_of
from records.models import CoverageCheck, CoverageOutcome
from records.queries import is_left_alone


@handles(KIND)
def ask_payer(row: Outgoing, ground: Ground, now: datetime) -> None:
    """One question out, one answer written."""
    with _waiting(row) as found:
        if found is None:
            return
        asked = _question(found, now)
        if isinstance(asked, CoverageOutcome):
            answer(found, asked, source="", now=now)
            return
    question, of = asked
    outcome, source = _outcome(question, of, ground, now, row.pk)
    with _waiting(row) as found:
        if found is not None:
            answer(found, outcome, source=source, now=now)


def _question(found: CoverageCheck, now: datetime) -> tuple[Question, Payer] | CoverageOutcome:
    """What is asked of whom; or why nothing is, any more."""
    of = payer(found.payer, legal_day(now), made_up=stand_ins_play())
    account = member_of(found.file_id, now)
    if is_left_alone(found.file_id, now):
        return CoverageOutcome.STOPPED
    if of is None:
        return CoverageOutcome.CLOSED
    if account is None or not PatientProfile.objects.filter(pk=account).exists():
        return CoverageOutcome.NO_NUMBER
    said = identity_of(User.objects.get(pk=account), by=Actor.system("coverage"), now=now)
    number, born = said["payer_number"].strip(), said["birth_date"]
    if not number or not born:
        return CoverageOutcome.NO_NUMBER
    return Question(found.pk, number, date.fromisoformat(born), found.about_on), of


def _outcome(
    question: Question, of: Payer, ground: Ground, now: datetime, outgoing_id: UUID
) -> tuple[CoverageOutcome, str]:
    """What came of it, and who said so."""
    try:
        said = payers.ask(question, of, ground=ground, now=now, outgoing_id=outgoing_id)
    except (Closed, Unwritten):
        return CoverageOutcome.CLOSED, ""
    except (TimedOut, Busy):
        return CoverageOutcome.UNREACHABLE, ""
    except Broken as broken:
        answered = broken.status is not None and broken.status < 500
        return (CoverageOutcome.UNCLEAR, of.hosts[0].name) if answered else (CoverageOutcome.UNREACHABLE, "")
    except Fault:
        return CoverageOutcome.UNCLEAR, of.hosts[0].name
    return CoverageOutcome(said.value), of.hosts[0].name


@contextmanager
def _waiting(row: Outgoing) -> Iterator[CoverageCheck | None]:
    """The question of a message, locked, in its scope; None when it waits no longer."""
    try:
        about = UUID(row.content["check"])
    except (KeyError, ValueError) as wrong:
        raise Undeliverable("no_check") from wrong
    with scope(ALL):
        yield CoverageCheck.objects.select_for_update(of=("self",)).filter(pk=about, outcome="").first()
