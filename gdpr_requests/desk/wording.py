"""Rights, remedies and letters in words."""

from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from gdpr_requests.desk.grounds import Ground
from gdpr_requests.models import Outcome
from privacy.deadlines import Right

RIGHTS: Final[dict[Right, str | Promise]] = {
    Right.ACCESS: _("Access to the data"),
    Right.RECTIFICATION: _("Correction of the data"),
    Right.ERASURE: _("Erasure of the data"),
    Right.RESTRICTION: _("Restriction of the processing"),
    Right.PORTABILITY: _("Taking the data along"),
    Right.OBJECTION: _("Objection to a processing"),
    Right.HUMAN_DECISION: _("A decision by a human being"),
    Right.WITHDRAWAL: _("Withdrawal of a consent"),
    Right.HOSTING_OBJECTION: _("Objection to the hosting of health data"),
    Right.DIRECTIVES: _("Directives for after death"),
    Right.QUESTIONED_ACCESS: _("“I don't recognise this access”"),
    Right.SUBPROCESSORS: _("Objection to a change of subprocessors"),
    Right.QUESTION: _("Another question or complaint"),
}


def right_in_words(right: Right) -> str:
    """What is asked for."""
    return str(RIGHTS[right])


def article_of(right: Right) -> str:
    """The article the right stands in."""
    if right in (Right.HOSTING_OBJECTION, Right.DIRECTIVES):
        return {Right.HOSTING_OBJECTION: "CSP L1111-8", Right.DIRECTIVES: "LIL art. 85"}[right]
    return gettext("GDPR Art. %(number)s") % {"number": right.value}


def remedies() -> str:
    """The way to the authority and to the courts, with addresses: in every refusal and on the pages (PC-69)."""
    return gettext(
        "If you don't agree, you can complain to the French data protection authority: CNIL, 3 place de Fontenoy, "
        "TSA 80715, 75334 Paris Cedex 07, telephone +33 1 53 73 22 22, https://www.cnil.fr/plaintes. You can also go to "
        "court (GDPR Art. 79): the tribunal judiciaire of the place where you live, or of our registered office. "
        "You can write to our data protection officer first: %(dpo)s."
    ) % {"dpo": settings.CONTROLLER["dpo_email"]}


def letter(text: str, outcome: str, ground: str) -> str:
    """The answer as the person reads it: what isn't granted with its ground, and the remedies."""
    if outcome == Outcome.GRANTED:
        return text.strip()
    return f"{text.strip()}\n\n{Ground(ground).label}\n\n{remedies()}"
