"""Why a version can't be announced or answered as asked: guard, sentence and test in one."""

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.access import Act
from consents import notices
from consents.states import RESULT, Fact, Position
from privacy.refusals import Refusal

CONTRACT: Final = "tos_privacy"
"""What is agreed to together with the policy: an acceptance says which version it was of."""

CLOSES: Final = frozenset({Act.CARE, Act.PORTAL})
"""What waits for an answer to a material change, and stays closed to who refuses: never rights, nor the account itself."""


class Channel(StrEnum):
    """How somebody was told."""

    EMAIL = "email"
    SITE = "site"


class Answer(StrEnum):
    """What somebody says to a change."""

    SEEN = "seen"
    ACCEPT = "accept"
    REFUSE = "refuse"


POLICY: Final = "policy"
REGISTER: Final = "register"
"""What there are versions of: the policy, and the register of subprocessors."""


def kind_of(number: int, channel: Channel, of: str = POLICY) -> str:
    """The name of the notice of one version over one channel, as the table of sent notices has it."""
    return f"{of}.{number}.{channel}"


def owed(facts: Iterable[Fact], material: Collection[int]) -> int:
    """The material version in force that somebody who accepted an earlier one hasn't answered yet; 0 when none.

    Who never accepted, or ended the contract before, owes nothing.
    """
    own = [fact for fact in facts if fact.key == CONTRACT]
    if not own or not material or RESULT[own[-1].action] is Position.OFF:
        return 0
    newest = max(material)
    return newest if own[-1].policy_number < newest else 0


def refused(facts: Iterable[Fact], material: Collection[int]) -> int:
    """The material version at which somebody ended the contract without having accepted it; 0 when none."""
    own = [fact for fact in facts if fact.key == CONTRACT]
    if not own or RESULT[own[-1].action] is Position.ON:
        return 0
    accepted = max((fact.policy_number for fact in own if RESULT[fact.action] is Position.ON), default=0)
    return max((number for number in material if accepted < number <= own[-1].policy_number), default=0)


def why_not_announce(
    number: int, versions: Collection[notices.Text], *, announced: bool, today: date
) -> Refusal | None:
    """Why version ``number`` can't be announced: ``versions`` are its wordings on file, one a language."""
    if announced:
        return Refusal("announced", _("This version is announced already. Nothing was changed."))
    if {text.language for text in versions} != set(notices.LANGUAGES):
        return Refusal("language", _("This version isn't there in every language. Publish the missing text first."))
    if len({(text.effective_on, text.wording.change) for text in versions}) > 1:
        return Refusal("apart", _("The languages of this version differ in their day or in the kind of change."))
    if not all(text.wording.change and text.wording.news for text in versions):
        return Refusal(
            "undeclared", _("The text doesn't say what kind of change it is and what is new: see docs/policies.md.")
        )
    if any(text.effective_on <= today and _is_superseded(text, today) for text in versions):
        return Refusal("former", _("A later version is in force. Announce that one."))
    return None


def why_not_answer(said: Answer, *, asked: int, number: int, owes: int, left: int) -> Refusal | None:
    """Why an answer can't be taken: ``asked`` is the version the page showed, ``number`` the one that stands now.

    ``owes``: the version that waits for an answer; ``left``: the one that was refused, which can still be accepted.
    """
    if asked != number:
        return Refusal(
            "changed", _("Another version stands here since you opened the page. Nothing was saved: read it below.")
        )
    if said is Answer.REFUSE and not owes:
        return Refusal("nothing", _("No answer is waited for now. Nothing was changed."))
    if said is Answer.ACCEPT and not (owes or left):
        return Refusal("nothing", _("No answer is waited for now. Nothing was changed."))
    return None


def _is_superseded(text: notices.Text, today: date) -> bool:
    return notices.in_force(text.slot, text.language, today).number > text.number
