"""Who receives data in this version, for which purpose and from where. Pure: no Django here.

Only recipients that the code can reach stand here: a subprocessor joins the list with its
adapter, so the register never announces a transfer that doesn't happen (MD-05, PC-101).
"""

from dataclasses import dataclass

from privacy.purposes import Purpose
from privacy.wording import gettext_noop as _

ALL = frozenset(Purpose)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A category of recipients (GDPR Art. 30(1)(d)); ``country`` is empty where it is no provider."""

    name: str
    purposes: frozenset[Purpose]
    country: str = ""
    in_eea: bool = True


RECIPIENTS = (
    Recipient(
        _("the practitioner in charge and their authorised staff"),
        frozenset({Purpose.CARE, Purpose.STORAGE}),
    ),
    Recipient(
        _("the person's own account"),
        frozenset({Purpose.SERVICE, Purpose.BILLING, Purpose.IMPROVEMENT, Purpose.LEGAL}),
    ),
    Recipient(_("PratiConnect's data protection officer"), frozenset({Purpose.LEGAL})),
    Recipient(_("certified hosting provider (Scaleway)"), ALL, country="FR"),
    Recipient(
        _("health authorities, courts and counsel, where the law orders it"),
        frozenset({Purpose.CARE, Purpose.STORAGE, Purpose.BILLING, Purpose.LEGAL}),
    ),
)


def recipients_of(purpose: Purpose) -> tuple[Recipient, ...]:
    """Who receives data processed for ``purpose``."""
    return tuple(recipient for recipient in RECIPIENTS if purpose in recipient.purposes)
