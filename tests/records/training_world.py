"""A practice and patients who agree to training sets: notes that all write alike, so that none is too rare to stay."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import scope
from consents import patients
from consents.actions import Control, decide
from consents.rules import Authority
from privacy.patient_keys import AI_TRAINING
from privacy.purposes import Purpose
from records.models import Consultation, PatientFile, TrainingBuild, TrainingMember
from records.training.drawing import Draw, drawn
from records.training.keeping import keep, opened
from records.training.rules import LEAST, SLOT
from tests.accounts.factories import make_patient, make_practitioner
from tests.consents.factories import choose, person
from tests.records.factories import NOW, link, make_file, working
from vault import access

SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(hours=1)
BY = Actor.operations("training_set build")
NOTES = {"reason": "Toux depuis trois jours", "note": "Tousse la nuit, dort mal. TA 120/80."}


@dataclass
class World:
    """Both locks are open since :data:`NOW`, unless said otherwise."""

    practitioner: User = field(default_factory=make_practitioner)
    patient: User = field(default_factory=make_patient)
    links: list[PortalLink] = field(default_factory=list)
    files: list[PatientFile] = field(default_factory=list)

    def switch(self, on: bool = True, *, user: User | None = None, now: datetime = NOW) -> None:
        """The practitioner's lock."""
        choose(person((user or self.practitioner).pk), SLOT, on, now=now)

    def wish(self, at: int = -1, on: bool = True, *, now: datetime = NOW) -> None:
        """The patient's lock of one file, turned by whoever the link is of."""
        one = self.links[at]
        by = Actor(account_id=one.account_id, role="patient", ip="192.0.2.7")
        with scope([one.practice_id]):
            patients.decide_by_link(
                link=one, key=AI_TRAINING, on=on, by=by, language="en", now=now, control=Control("switch", "off", "Off")
            )

    def add(
        self, *, agrees: bool = True, capacity: str = "self", notes: dict[str, str] | None = None, **identity: Any
    ) -> PatientFile:
        """One more patient with a signed consultation."""
        file = make_file(self.practitioner, **identity)
        signed(file, self.practitioner, notes or NOTES)
        self.files.append(file)
        self.links.append(link(file, self.patient, capacity=capacity))
        if agrees:
            agree(self.links[-1])
        return file


def signed(file: PatientFile, author: User, notes: dict[str, str]) -> Consultation:
    """A signed consultation as its row alone: many at little cost."""
    with working(author) as by:
        handle = access.open(file.pk, by=by, purpose=Purpose.CARE, part="file", practice_id=file.practice_id, now=NOW)
        row = Consultation(
            practice_id=file.practice_id, file=file, author=author, created_at=NOW, changed_at=NOW, started_at=NOW,
            kind="follow_up", status="signed", signed_at=NOW, signed_by=author,
        )  # fmt: skip
        handle.write(row, **notes)
        row.save(force_insert=True)
    return row


def agree(one: PortalLink) -> None:
    """The patient's first yes, without the questions that the page asks before."""
    decide(
        subject_id=one.patient_id, key=AI_TRAINING, on=True, by=Actor(one.account_id, one.capacity.replace("self", "patient")),
        language="en", channel="web", now=NOW, authority=Authority(one.capacity, str(one.pk)), controller_id=one.practice_id,
    )  # fmt: skip


def world(count: int = LEAST, *, agrees: bool = True) -> World:
    """That many patients; both sides agree."""
    made = World()
    if agrees:
        made.switch()
    for _ in range(count):
        made.add()
    return made


def draw_at(now: datetime = LATER) -> Draw:
    """The first half of a build."""
    with drawn(by=BY, now=now) as draw:
        return draw


def built(now: datetime = LATER) -> TrainingBuild:
    """A whole build."""
    with drawn(by=BY, now=now) as draw:
        return keep(draw, by=BY, now=now)


def said(build: TrainingBuild, now: datetime = LATER) -> list[dict[str, Any]]:
    """What the opened file of a set says, line by line."""
    whole = b"".join(opened(build, by=BY, now=now))
    return [json.loads(line) for line in whole.decode().splitlines()]


def entered(file: PatientFile, author: User, *, at: datetime = LATER, **fields: Any) -> TrainingBuild:
    """A set of one member as a row alone: its file was never there."""
    counts = {"considered": 11, "members": 1, "practices": 1, "out": {"dead": 1}, "texts_out": {"word": 2}}
    values = {
        "number": TrainingBuild.objects.count() + 1, "built_at": at, "asked_role": "operations", "rules": 1, "minimum": 11,
        "patients": 11, "texts": 11, "counts": counts, "sha256": "0" * 64, "size": 1, "expires_at": at + timedelta(days=90),
    }  # fmt: skip
    build = TrainingBuild.objects.create(**{**values, **fields})
    with scope([file.practice_id]):
        TrainingMember.objects.create(build=build, file=file, practice_id=file.practice_id, author=author)
    return build
