"""What the apps above hang on sign-up and on a change of e-mail or factor, registered in their AppConfig.ready (accounts imports none of them).

consents registers the questions that the policy wants asked at sign-up; care opens the practice. Tests check that the
registry holds them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django import forms

from audit.actors import Actor

if TYPE_CHECKING:
    from accounts.models import PractitionerProfile, User

Record = Callable[["User", Mapping[str, Any], Actor, datetime], None]


class PractitionerCreated(Protocol):
    """What is called when a practitioner's account is made, in the same transaction."""

    def __call__(self, *, user: "User", profile: "PractitionerProfile", by: Actor, now: datetime) -> None:
        """Do what has to be done for the new practitioner."""


@dataclass(frozen=True)
class SignupQuestion:
    """One question of the sign-up page.

    `fields` makes fresh form fields by name (unticked, nothing preselected); `record` is called with the cleaned values
    of the whole form in the transaction that creates the account; `by_operations` are the values that
    ``manage.py signup_practitioner`` answers with.
    """

    key: str
    fields: Callable[[], dict[str, forms.Field]]
    record: Record
    by_operations: Mapping[str, Any] = field(default_factory=dict)
    asked_of: frozenset[str] = frozenset({"practitioner"})
    """Whose sign-up asks it: "practitioner", "patient"."""


class CredentialsChanged(Protocol):
    """What is called when an e-mail address or a factor of an account changes, in the same request."""

    def __call__(self, *, account_id: UUID, by: Actor, now: datetime) -> object:
        """Do what a change that may be a takeover asks for."""


signup_questions: list[SignupQuestion] = []
on_practitioner_created: list[PractitionerCreated] = []
on_credentials_changed: list[CredentialsChanged] = []
landings: list[Callable[["User"], str | None]] = []


def ask_at_signup(question: SignupQuestion) -> None:
    """Add a question to the sign-up page. Registering a key twice keeps the first."""
    if question.key not in {known.key for known in signup_questions}:
        signup_questions.append(question)


def questions_for(role: str) -> list[SignupQuestion]:
    """The questions that the sign-up of a "practitioner" or a "patient" asks, in order."""
    return [question for question in signup_questions if role in question.asked_of]


def when_practitioner_is_created(callback: PractitionerCreated) -> None:
    """Call `callback(user=, profile=, by=, now=)` in the transaction that creates a practitioner's account."""
    if callback not in on_practitioner_created:
        on_practitioner_created.append(callback)


def land_at(choose: Callable[["User"], str | None]) -> None:
    """Ask ``choose(user)`` for the address of the page after sign-in; None for accounts of another kind."""
    if choose not in landings:
        landings.append(choose)


def when_credentials_change(callback: CredentialsChanged) -> None:
    """Call `callback(account_id=, by=, now=)` at each change of an e-mail address or a factor. Registering it twice keeps one."""
    if callback not in on_credentials_changed:
        on_credentials_changed.append(callback)


silences: list[Callable[[UUID], bool]] = []
"""Whether an account's holder isn't written to any more, for a reason that the apps above know: their death."""


def silent_when(asks: Callable[[UUID], bool]) -> None:
    """Have `asks(account_id)` say whether nobody is to be written to. Registering it twice keeps one."""
    if asks not in silences:
        silences.append(asks)


def is_silent(account_id: UUID) -> bool:
    """Whether nobody writes to the holder of an account any more."""
    return any(asks(account_id) for asks in silences)


class CredentialsCut(Protocol):
    """What is called when lost credentials are cut, in the same transaction; returns how many links and invitations it ended."""

    def __call__(self, *, account_id: UUID, by: Actor, now: datetime) -> int:
        """End what was on its way to or from this account."""


on_credentials_cut: list[CredentialsCut] = []
opens_others_data: list[Callable[[UUID], bool]] = []


def when_credentials_are_cut(callback: CredentialsCut) -> None:
    """Call `callback(account_id=, by=, now=)` in the transaction that cuts an account. Registering it twice keeps one."""
    if callback not in on_credentials_cut:
        on_credentials_cut.append(callback)


def opens_others_data_if(asks: Callable[[UUID], bool]) -> None:
    """Have `asks(account_id)` say whether an account opens other people's data. Registering it twice keeps one."""
    if asks not in opens_others_data:
        opens_others_data.append(asks)
