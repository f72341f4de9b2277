"""What is published, with every number that bounds what it may tell about one practice or one patient: data alone.

``epsilon`` and ``delta`` are those of differential privacy, for a whole practice: with all its patients in or out, no outcome
gets more than e^epsilon times likelier, but for an event of probability delta. A patient's own loss is much smaller.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.specialties import SPECIALTIES

LEAST: Final = 11
"""Practices, and patients, in a group at least (the threshold of French health data access)."""
YEARLY_EPSILON: Final = 4.0
YEARLY_DELTA: Final = 1e-5
"""What all publications of one calendar year may tell about one practice together."""
SETTLES_DAYS: Final = 14
"""After the end of a quarter, for consultations that are signed late."""


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of each group. No practice adds more than ``per_practice`` to all groups together, no patient's file
    more than ``per_patient``."""

    name: str
    words: str | Promise = field(compare=False)
    per_practice: int
    per_patient: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Question:
    """One table of a publication: its groups, a closed list, and its figures.

    ``groups_per_practice``: in how many groups a practice can count. ``gate_epsilon`` and ``delta`` are what it costs to
    say which groups are large enough.
    """

    name: str
    words: str | Promise = field(compare=False)
    groups: Mapping[str, str | Promise]
    groups_per_practice: int
    gate_epsilon: float
    delta: float
    columns: tuple[Column, ...]


CONSULTATIONS: Final = "consultations"
PATIENTS: Final = "patients"

BY_SPECIALTY: Final = Question(
    "by_specialty",
    _("Consultations and patients by specialty"),
    dict(SPECIALTIES),
    groups_per_practice=1,
    gate_epsilon=0.2,
    delta=1e-6,
    columns=(
        Column(CONSULTATIONS, _("Consultations"), per_practice=600, per_patient=6, epsilon=0.25),
        Column(PATIENTS, _("Patients seen"), per_practice=400, per_patient=1, epsilon=0.2),
    ),
)
"""A practice counts under the specialty of its owner: one group, whoever its patients are."""

PLACES: Final[Mapping[str, str | Promise]] = {
    "practice": _("At the practice"),
    "home": _("At the patient's home"),
    "remote": _("At a distance"),
}
BY_PLACE: Final = Question(
    "by_place",
    _("Consultations by where they take place"),
    PLACES,
    groups_per_practice=len(PLACES),
    gate_epsilon=0.2,
    delta=1e-6,
    columns=(Column(CONSULTATIONS, _("Consultations"), per_practice=600, per_patient=6, epsilon=0.15),),
)

QUESTIONS: Final = (BY_SPECIALTY, BY_PLACE)


def place_of(kind: str) -> str:
    """The group of a kind of consultation."""
    return kind if kind in ("home", "remote") else "practice"
