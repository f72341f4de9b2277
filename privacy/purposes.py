"""The purposes and legal bases of the published policy, as data (PC-04). Pure: no Django here."""

from dataclasses import dataclass
from enum import StrEnum

from privacy.wording import gettext_noop as _


class Purpose(StrEnum):
    """The six purposes of the policy."""

    SERVICE = "service"
    CARE = "care"
    STORAGE = "storage"
    BILLING = "billing"
    IMPROVEMENT = "improvement"
    LEGAL = "legal"


class LegalBasis(StrEnum):
    """The seven legal bases the policy names, by their article."""

    CONTRACT = "6.1.b"
    CONSENT = "6.1.a"
    EXPLICIT_CONSENT = "9.2.a"
    LEGITIMATE_INTEREST = "6.1.f"
    LEGAL_OBLIGATION = "6.1.c"
    VITAL_INTERESTS = "6.1.d"
    CARE = "9.2.h"


@dataclass(frozen=True, slots=True)
class BasisText:
    """A legal basis in words, its article, and its condition for health data, if it has one."""

    title: str
    article: str
    article_9: str | None = None


PURPOSES: dict[Purpose, str] = {
    Purpose.SERVICE: _("Providing and managing the service"),
    Purpose.CARE: _("Managing appointments and consultations"),
    Purpose.STORAGE: _("Storing health data securely"),
    Purpose.BILLING: _("Payments and billing"),
    Purpose.IMPROVEMENT: _("Improving the service"),
    Purpose.LEGAL: _("Complying with legal obligations"),
}
"""The six purposes in words."""

BASES: dict[LegalBasis, BasisText] = {
    LegalBasis.CONTRACT: BasisText(_("Performance of a contract"), _("GDPR Art. 6(1)(b)")),
    LegalBasis.CONSENT: BasisText(_("Consent"), _("GDPR Art. 6(1)(a)")),
    LegalBasis.EXPLICIT_CONSENT: BasisText(_("Explicit consent"), _("GDPR Art. 6(1)(a)"), _("Art. 9(2)(a)")),
    LegalBasis.LEGITIMATE_INTEREST: BasisText(_("Legitimate interest"), _("GDPR Art. 6(1)(f)")),
    LegalBasis.LEGAL_OBLIGATION: BasisText(_("Legal obligation"), _("GDPR Art. 6(1)(c)")),
    LegalBasis.VITAL_INTERESTS: BasisText(_("Vital interests"), _("GDPR Art. 6(1)(d)"), _("Art. 9(2)(c)")),
    LegalBasis.CARE: BasisText(
        _("Provision of care under professional secrecy"), _("GDPR Art. 6(1)(e)"), _("Art. 9(2)(h)")
    ),
}
"""The seven legal bases in words, with their articles."""
