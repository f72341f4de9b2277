"""One subprocessor as a card of the pages: labels and words, ready to be shown."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from privacy.days import written
from subprocessors import wording
from subprocessors.queries import Standing


@dataclass(frozen=True, slots=True)
class Card:
    """``facts`` are labels with their lines; ``opened_by`` is one of them; ``closed`` says why nothing goes there, empty while it is open."""

    key: str
    name: str
    where: str
    purpose: str
    abroad: bool
    transfer: str
    health: bool
    closed: str
    opened_by: str
    facts: list[tuple[str, list[str]]]


def card(standing: Standing, paper: date | None = None) -> Card:
    """The card of one subprocessor, in the reader's language; ``paper``: the day of its agreement on file."""
    one = standing.entry
    basis = [wording.mechanism(each) for each in one.mechanisms]
    if basis and not one.transfers:
        basis = [_("On file all the same. %(basis)s") % {"basis": each} for each in basis]
    facts = [
        (_("Which data"), [wording.what(one)]),
        (_("What opens it"), [_(one.opened_by)]),
        (_("Transfer outside the EEA"), [wording.transfer(one), *basis]),
        (_("Certification"), [_(one.certification) if one.certification else _("none on file")]),
        (_("Agreement (Art. 28)"), [wording.agreement(one, paper)]),
        (_("In the register since"), [written(standing.since)]),
        (_("Servers"), [", ".join(host.name for host in one.hosts)]),
    ]
    return Card(
        one.key, one.name, wording.where(one), _(one.purpose), one.transfers, wording.transfer_in_short(one),
        one.may_carry_health, wording.closed(standing), _(one.opened_by), facts,
    )  # fmt: skip
