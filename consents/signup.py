"""The questions of the sign-up page; nothing is ticked or chosen beforehand (PC-14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.hooks import SignupQuestion
from accounts.models import User
from audit.actors import Actor
from consents.actions import Control, decide
from consents.notices import Text, in_force
from privacy.consent_keys import KEYS, Default

YES, NO = "yes", "no"
PRACTITIONERS = frozenset({"practitioner"})
EVERYBODY = PRACTITIONERS | {"patient"}


@dataclass(frozen=True, slots=True)
class Question:
    """One key as a question of the sign-up page, and what becomes of its answer."""

    key: str

    def fields(self) -> dict[str, forms.Field]:
        """The form field, in the language of the page."""
        text = in_force(self.key, get_language() or "en", timezone.localdate())
        return {self.key: _choice(text) if self.explicit else _tick(text, required=self.required)}

    def record(self, user: User, answers: Mapping[str, Any], by: Actor, now: datetime) -> None:
        """Write the answer into the ledger. A box left empty is no act, and leaves no entry."""
        answer = answers.get(self.key)
        if not answer:
            return
        decide(
            subject_id=user.pk, key=self.key, on=answer in (True, YES), by=by,
            language=user.language, channel="signup" if by.channel == "web" else by.channel,
            now=now, control=self.control(user.language),
        )  # fmt: skip

    def control(self, language: str) -> Control:
        """What stood on the page: two radio buttons, neither chosen, or an empty box."""
        if self.explicit:
            return Control("radio", "none", "")
        return Control("checkbox", "off", "")

    @property
    def explicit(self) -> bool:
        """Whether yes and no are asked for alike."""
        return KEYS[self.key].default is Default.CHOICE_AT_SIGN_UP

    @property
    def required(self) -> bool:
        """Whether there is no account without it."""
        return KEYS[self.key].default is Default.AT_SIGN_UP


def _tick(text: Text, *, required: bool) -> forms.Field:
    wording = text.wording
    return forms.BooleanField(
        label=wording.body.split("\n", 1)[0],
        help_text=_help(
            text, "" if required else _("Without it the core functions stay closed; you can give it later.")
        ),
        required=required,
        error_messages={"required": _("There is no account without this contract: tick the box if you accept it.")},
    )


def _choice(text: Text) -> forms.Field:
    wording = text.wording
    return forms.ChoiceField(
        label=wording.title,
        help_text=_help(text, wording.on),
        choices=[(YES, _("Yes, list me")), (NO, _("No, don't list me"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose yes or no; you can change it at any time.")},
    )


def _help(text: Text, line: str) -> str:
    link = format_html(
        '<a href="{}" target="_blank" rel="noopener">{}</a>',
        reverse("consents:text", args=[text.sha256]),
        _("Read the full text (new tab)"),
    )
    return format_html("{} {}", line, link)


QUESTIONS = tuple(
    SignupQuestion(key, question.fields, question.record, {key: answer}, asked_of)
    for key, answer, asked_of in (
        ("tos_privacy", True, EVERYBODY),
        ("health_data_processing", True, PRACTITIONERS),
        ("public_directory_listing", NO, PRACTITIONERS),
    )
    for question in [Question(key)]
)
