"""What the apps above hang on sign-up, registered in their AppConfig.ready (accounts imports none of them).

consents registers the questions that the policy wants asked at sign-up; care opens the practice. Tests check that the
registry holds them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

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


signup_questions: list[SignupQuestion] = []
on_practitioner_created: list[PractitionerCreated] = []


def ask_at_signup(question: SignupQuestion) -> None:
    """Add a question to the sign-up page. Registering a key twice keeps the first."""
    if question.key not in {known.key for known in signup_questions}:
        signup_questions.append(question)


def when_practitioner_is_created(callback: PractitionerCreated) -> None:
    """Call `callback(user=, profile=, by=, now=)` in the transaction that creates a practitioner's account."""
    if callback not in on_practitioner_created:
        on_practitioner_created.append(callback)
