"""Why a decision can't be taken as asked: guard, sentence and test in one."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from consents.notices import slot_of
from consents.states import State
from privacy.consent_keys import KEYS, ConsentKey
from privacy.patient_keys import EVERY_KEY, PATIENT_KEYS
from privacy.refusals import Refusal

PEOPLE = frozenset({"practitioner", "account", "patient", "operations", "dpo"})
FOR_A_FILE = frozenset({"patient", "guardian"})
"""In which role somebody decides what only the patient can: as the patient, or as a child's guardian."""


class UnknownKey(ValueError):
    """There is no such key or integration; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Authority:
    """In whose right somebody decides for another: ``kind`` (parent, guardian, written order …)
    and a reference by which the document can be found. No names."""

    kind: str
    reference: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for: a person's switch, and where it shall stand."""

    subject_id: UUID
    key: str
    child: str
    on: bool
    authority: Authority | None = None
    controller_id: UUID | None = None
    """The practice that a patient decides towards; None: the house."""

    @property
    def slot(self) -> str:
        """The switch: the key, or ``key.child``."""
        return slot_of(self.key, self.child)


def known(key: str, child: str = "") -> ConsentKey:
    """The key as the law has it. Raises :class:`UnknownKey` with the names that exist."""
    if key not in EVERY_KEY:
        raise UnknownKey(f"There is no key {key!r}. The keys are: {', '.join(KEYS)}")
    names = [one.key for one in EVERY_KEY[key].children]
    if child and not names:
        raise UnknownKey(f"{key} has no integrations; leave the integration out")
    if child and child not in names:
        raise UnknownKey(f"{key} has no integration {child!r}. It has: {', '.join(names)}")
    return EVERY_KEY[key]


def why_not_decide(choice: Choice, *, by: Actor, states: dict[str, State], stale: bool) -> Refusal | None:
    """The reason this decision can't be written, or None.

    Only a person decides, for themselves or with a stated authority; on the words in force
    (``stale`` says they aren't); an integration only under its parent. Turning off is refused to
    nobody who may decide (PC-12).
    """
    if choice.key in PATIENT_KEYS:
        return _why_not_patient(choice, by) or _why_not_these_words(choice, states, stale)
    if by.role not in PEOPLE:
        return Refusal("no_person", _("Only a person can decide this, never a program."))
    if by.account_id != choice.subject_id and by.role != "operations" and choice.authority is None:
        return Refusal("not_yours", _("This choice belongs to somebody else."))
    return _why_not_these_words(choice, states, stale)


def _why_not_patient(choice: Choice, by: Actor) -> Refusal | None:
    """A patient's own choice about a file: by the patient or a guardian, by a link that says so, towards a practice (MD-10)."""
    stated = choice.authority is not None and choice.controller_id is not None and by.account_id is not None
    if by.role in FOR_A_FILE and stated:
        return None
    return Refusal(
        "patients_own", _("Only the patient decides this, or a guardian for a child, in the patient's portal.")
    )


def _why_not_these_words(choice: Choice, states: dict[str, State], stale: bool) -> Refusal | None:
    if choice.on and stale:
        return Refusal(
            "text_changed",
            _("The text has changed since you opened this page. Nothing was saved: read it again below, then choose."),
        )
    if choice.on and choice.child and not states[choice.key].on:
        return Refusal(
            "parent_off",
            _("Turn on “Integrations with other services” first; each integration then has its own switch."),
        )
    return None
