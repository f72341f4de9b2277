"""What a withdrawal of either lock stops: no file of a set with somebody's texts stays once they took it back (PC-17, PC-21)."""

from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from adapters.outbox import TryLater
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.models import Stop
from consents.stopping import stops
from privacy.patient_keys import AI_TRAINING
from records.models import EndReason, LeftWhy
from records.training.drawing import alone
from records.training.keeping import end
from records.training.leaving import leave, of_practitioner, there
from records.training.rules import SLOT

BY: Final = Actor.system("training")


@stops(AI_TRAINING, name="training_sets", words=_("Training sets with texts of this file"))
def stop_of_patient(stop: Stop, now: datetime) -> None:
    """The sets with this file."""
    _stop(Q(file_id=stop.subject_id), LeftWhy.PATIENT, stop, now)


@stops(SLOT, name="practice_training_sets", words=_("Training sets with texts of this practice"))
def stop_of_practitioner(stop: Stop, now: datetime) -> None:
    """The sets with texts that rest on this practitioner's agreement."""
    _stop(of_practitioner(stop.subject_id), LeftWhy.PRACTICE, stop, now)


def _stop(whose: Q, why: str, stop: Stop, now: datetime) -> None:
    """Record it where it isn't yet, and destroy the files. Raises TryLater while a set is being built: it may be in that one."""
    with alone(shared=True) as nobody_builds:
        if not nobody_builds:
            raise TryLater("build_under_way")
        leave(whose, why=why, by=BY, now=stop.asked_at)
        with scope(ALL):
            builds = list(there().filter(members__left_at__isnull=False).distinct())
        for build in builds:
            end(build, why=EndReason.LEFT, by=BY, now=now)
