"""Who receives data, for which purpose and from where: people by their role, and the register of subprocessors. Pure: no Django here.

Who processes for us isn't typed here a second time: it comes from :mod:`privacy.subprocessors` as it is in force on a day, so
that the registers of Art. 30, the public page and the door that lets data out can't say different things (MD-05, PC-90).
"""

from dataclasses import dataclass
from datetime import date

from privacy.declare import Category
from privacy.payers import Payer, payers_at
from privacy.purposes import Purpose
from privacy.subprocessors import COUNTRIES, Kind, Subprocessor, register_at
from privacy.wording import gettext_noop as _


@dataclass(frozen=True, slots=True)
class Recipient:
    """A category of recipients (GDPR Art. 30(1)(d)); ``country`` is empty where it is no provider.

    ``categories`` are the data it receives, None where its purposes say all; ``basis`` what a transfer rests on.
    """

    name: str
    purposes: frozenset[Purpose]
    country: str = ""
    transfers: bool = False
    categories: frozenset[Category] | None = None
    basis: tuple[Kind, ...] = ()

    @property
    def where(self) -> str:
        """The country in words (English source); empty where it is no provider."""
        return COUNTRIES[self.country] if self.country else ""

    def receives(self, purpose: Purpose, categories: frozenset[Category]) -> bool:
        """Whether any of these data reach it for this purpose."""
        return purpose in self.purposes and (self.categories is None or bool(self.categories & categories))


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
    Recipient(
        _("health authorities, courts and counsel, where the law orders it"),
        frozenset({Purpose.CARE, Purpose.STORAGE, Purpose.BILLING, Purpose.LEGAL}),
    ),
)
"""Those who are no subprocessors."""


def recipients_at(day: date) -> tuple[Recipient, ...]:
    """Everybody who receives data on a day: people, then the register as it counts, then the payers. Raises ``NoRegister``."""
    return (*RECIPIENTS, *map(_of, register_at(day).entries), *map(_payer, payers_at(day)))


def _payer(one: Payer) -> Recipient:
    """A controller of its own right, which is told what the question needs (MD-73)."""
    return Recipient(one.name, frozenset({Purpose.CARE}), one.country, not one.in_eea, one.categories)


def _of(one: Subprocessor) -> Recipient:
    basis = tuple(mechanism.kind for mechanism in one.mechanisms) if one.transfers else ()
    return Recipient(one.name, one.purposes, one.country, one.transfers, one.categories, basis)
