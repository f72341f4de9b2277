"""A practitioner and a patient who both allow help by machines, and a worker that sends what waits."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from adapters import outbox
from adapters.models import Outgoing
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import scope
from consents import patients, stopping
from consents.actions import Control
from consents.grants import PatientGrant, patient_grant_for
from consents.models import Stop
from privacy.ids import new_id
from privacy.patient_keys import AI_HELP
from records.actions.journal import journal
from records.assist.actions import opened
from records.assist.rules import SLOTS
from records.models import Consultation, PatientFile, Suggestion, SuggestionKind, SuggestionState
from tests.accounts.factories import make_patient, make_practitioner
from tests.consents.factories import choose, person
from tests.records.factories import NOW, actor_of, link, make_consultation, make_file, working

LATER = NOW + timedelta(minutes=5)
SOUND = b"OggS" + b"\0" * 200
NOTES = {
    "reason": "Mme Lefèvre tousse depuis le 3 mars 2026",
    "note": "Éloïse LEFEVRE, 06 12 34 56 78, fille de Camille Durand, dit qu’elle va mal.",
}


@dataclass(frozen=True)
class World:
    """Who is there; both agree since :data:`NOW`."""

    practitioner: User
    patient: User
    file: PatientFile
    link: PortalLink
    consultation: Consultation

    @property
    def by(self) -> Actor:
        """The practitioner at work."""
        return actor_of(self.practitioner)

    def grant(self, kind: SuggestionKind = SuggestionKind.DRAFT, now: datetime = LATER) -> PatientGrant:
        """The ground of one help."""
        with scope([self.file.practice_id]):
            return patient_grant_for(self.file.pk, AI_HELP, subject_id=self.practitioner.pk, slot=SLOTS[kind], now=now)

    def wish(self, on: bool, now: datetime = LATER) -> None:
        """The patient allows it, or takes it back."""
        by = Actor(account_id=self.patient.pk, role="patient", ip="192.0.2.7")
        with scope([self.file.practice_id]):
            patients.decide_by_link(
                link=self.link, key=AI_HELP, on=on, by=by, language="en", now=now,
                control=Control("button", "none", "Validate"),
            )  # fmt: skip

    def switch(self, service: str, on: bool, now: datetime = LATER) -> None:
        """The practitioner switches a service on or off."""
        choose(person(self.practitioner.pk), "third_party_integrations", on, child=service, now=now)


def world(**notes: str) -> World:
    """Everything in place."""
    practitioner, patient = make_practitioner(), make_patient()
    file = make_file(practitioner, phone="+33 6 12 34 56 78")
    made = World(
        practitioner, patient, file, link(file, patient), make_consultation(file, practitioner, **(notes or NOTES))
    )
    choose(person(practitioner.pk), "third_party_integrations", now=NOW)
    for service in ("mistral", "assemblyai"):
        made.switch(service, True, now=NOW)
    made.wish(True, now=NOW)
    return made


def work(now: datetime = LATER) -> list[str]:
    """What a worker does at ``now``, until nothing is due; how each message ended."""
    ended = []
    while row := Outgoing.claim(now):
        outcome = outbox.attempt(row, now=now)
        outbox.finish(row, outcome, now=now)
        ended.append(f"{row.kind} {outcome.event.value} {outcome.problem}".strip())
    return ended


def stop(now: datetime = LATER) -> list[str]:
    """What the stopping worker does at ``now``; how each place ended."""
    ended = []
    while row := Stop.claim(now):
        outcome = stopping.attempt(row, now=now)
        stopping.finish(row, outcome, now=now)
        ended.append(f"{row.name} {outcome.event.value} {outcome.problem}".strip())
    return ended


def suggested(row: Consultation, owner: User, text: str, *, sound: str = "", now: datetime = NOW) -> Suggestion:
    """What a machine wrote for a draft, ready to be decided on; with ``sound``, a recording that waits."""
    with working(owner) as by:
        made = Suggestion(
            id=new_id(), practice_id=row.practice_id, file_id=row.file_id, consultation_id=row.pk, asked_at=now,
            asked_by=owner, kind=SuggestionKind.TRANSCRIPT if sound else SuggestionKind.DRAFT,
            state=SuggestionState.WAITING if sound else SuggestionState.READY,
        )  # fmt: skip
        handle = opened(made, by=by, now=now, action="draft")
        handle.write(made, **({"sound": sound} if sound else {"text": {"note": text}}))
        made.save(force_insert=True)
        journal(made, "suggestion.asked", file_id=row.file_id, by=by, now=now, kind=made.kind)
        return made
