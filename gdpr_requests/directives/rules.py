"""Why directives can't be written or carried out as asked."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from gdpr_requests.directives.words import ACCOUNT, Choice
from privacy.refusals import Refusal

LONGEST: Final = 4000


def why_not_general(said: Mapping[str, str]) -> Refusal | None:
    """General directives are a reference: with whom they are registered, and under which number."""
    if not said.get("trustee", "").strip() or not said.get("reference", "").strip():
        return Refusal("no_reference", _("Name the certified third party, and the number of your registration there."))
    return None


def why_not_specific(said: Mapping[str, Any], practices: set[str], agreed: bool) -> Refusal | None:
    """Each thing has a choice, a copy has somebody to go to, and the consent was an act of its own (LIL art. 85 I)."""
    if not agreed:
        return Refusal(
            "no_consent", _("Tick that you agree to this being kept and carried out: without it nothing is stored.")
        )
    choices = [said.get(ACCOUNT, ""), *said.get("files", {}).values()]
    if any(choice not in Choice.values for choice in choices):
        return Refusal("no_choice", _("Choose for each thing: keep, erase, or hand over."))
    if set(said.get("files", {})) - practices:
        return Refusal("no_file", _("One of these practices keeps no file of yours that this account is linked to."))
    if Choice.HAND_OVER in choices and not (said.get("name") and (said.get("email") or said.get("address"))):
        return Refusal("no_person", _("Name the person who gets the copy, with an e-mail or a postal address."))
    if len(said.get("words", "")) > LONGEST:
        return Refusal("too_long", _("Your own words may have 4,000 characters. Shorten them."))
    return None
