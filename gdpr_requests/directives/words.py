"""What a directive may choose, in words."""

from typing import Any, Final

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ACCOUNT: Final = "account"
CONSENT: Final = "post_mortem_directives"
"""The key in the consent ledger."""


class Choice(models.TextChoices):
    """What is to be done with one thing."""

    KEEP = "keep", _("Keep it as the law does")
    ERASE = "erase", _("Erase it, as soon as no law keeps it")
    HAND_OVER = "hand_over", _("Hand a copy over to the person I name")


def choice_in_words(choice: str) -> str:
    """A choice, for a text."""
    return str(Choice(choice).label)


def account_lines(said: dict[str, Any] | None, general: dict[str, Any] | None) -> str:
    """What the office reads in its request about the account."""
    lines = []
    if said:
        lines.append(
            gettext("Specific directives, about the account: %(what)s.") % {"what": choice_in_words(said[ACCOUNT])}
        )
        lines += _person(said)
    if general:
        lines.append(
            gettext("General directives are registered with %(who)s under the number %(number)s: ask there.")
            % {"who": general["trustee"], "number": general["reference"]}
        )
    return "\n".join(lines) or gettext(
        "The account left no directives. The heirs may settle the estate and have the account closed (LIL art. 85)."
    )


def file_lines(said: dict[str, Any], choice: str) -> str:
    """What a practice reads about the file it keeps, and of nobody else's."""
    return "\n".join(
        [
            gettext("Specific directives, about the file of your practice: %(what)s.")
            % {"what": choice_in_words(choice)},
            *_person(said),
        ]
    )


def _person(said: dict[str, Any]) -> list[str]:
    lines = []
    if said.get("name"):
        person = ", ".join(part for part in (said["name"], said.get("email"), said.get("address")) if part)
        lines.append(gettext("Person named: %(person)s.") % {"person": person})
    if said.get("words"):
        lines.append(gettext("In their own words: %(words)s") % {"words": said["words"]})
    return lines
