"""Why a decision can't be taken as asked: guard, sentence and test in one."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from consents.states import State
from privacy.consent_keys import KEYS, ConsentKey

PEOPLE = frozenset({"practitioner", "account", "patient", "operations", "dpo"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is refused and what to do instead, in plain words. Prints as its sentence."""

    code: str
    message: str | Promise

    def __str__(self) -> str:
        return str(self.message)


class Refused(Exception):
    """An action was asked for that its rule refuses; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal

    def __str__(self) -> str:
        return str(self.refusal)


class UnknownKey(ValueError):
    """There is no such key or integration; the message lists those that exist."""


@dataclass(frozen=True, slots=True)
class Authority:
    """In whose right somebody decides for another: ``kind`` (parent, guardian, written order …)
    and a reference by which the document can be found. No names."""

    kind: str
    reference: str


def known(key: str, child: str = "") -> ConsentKey:
    """The key as the law has it. Raises :class:`UnknownKey` with the names that exist."""
    if key not in KEYS:
        raise UnknownKey(f"There is no key {key!r}. The keys are: {', '.join(KEYS)}")
    names = [one.key for one in KEYS[key].children]
    if child and not names:
        raise UnknownKey(f"{key} has no integrations; leave the integration out")
    if child and child not in names:
        raise UnknownKey(f"{key} has no integration {child!r}. It has: {', '.join(names)}")
    return KEYS[key]


def why_not_decide(
    *,
    subject_id: UUID,
    key: str,
    child: str,
    on: bool,
    by: Actor,
    authority: Authority | None,
    shown: str | None,
    in_force: frozenset[str],
    states: dict[str, State],
) -> Refusal | None:
    """The reason this decision can't be written, or None.

    Only a person decides, for themselves or with a stated authority; on the words in force; an
    integration only under its parent. Turning off is refused to nobody who may decide (PC-12).
    """
    if by.role not in PEOPLE:
        return Refusal("no_person", _("Only a person can decide this, never a program."))
    if by.account_id != subject_id and by.role != "operations" and authority is None:
        return Refusal("not_yours", _("This choice belongs to somebody else."))
    if shown is not None and shown not in in_force and on:
        return Refusal(
            "text_changed",
            _("The text has changed since you opened this page. Nothing was saved: read it again below, then choose."),
        )
    if on and child and not states[key].on:
        return Refusal(
            "parent_off",
            _("Turn on “Integrations with other services” first; each integration then has its own switch."),
        )
    return None
