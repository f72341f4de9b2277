"""Why something in the portal isn't possible, in words that say what to do."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from care.models import Capacity
from care.portal.ages import is_of_age
from privacy.refusals import Refusal
from records.clock import parse_birth_date
from records.portal.matching import is_identified

MOST_WAITING: Final = 5
MOST_REFUSED_A_DAY: Final = 10

NOT_RECOGNISED: Final = Refusal(
    "not_recognised",
    _(
        "These details don't open this invitation. Check the names and the birth date, as your practitioner writes"
        " them; after a few tries the invitation ends and you ask for a new one."
    ),
)
"""The same words whatever was wrong, so that nobody learns which part was right."""
TOO_MANY: Final = Refusal(
    "too_many", _("Too many tries today. Nothing is lost: try again tomorrow, or ask your practitioner at the desk.")
)


def why_not_invite(
    held: Mapping[str, str | None],
    *,
    capacity: str,
    scope: Sequence[str],
    link_until: datetime | None,
    waiting: int,
    today: date,
    now: datetime,
) -> Refusal | None:
    """The file names its patient, somebody may be asked in this capacity, and not too many wait."""
    if not is_identified(held):
        return Refusal(
            "not_identified",
            _("Write the names and the whole birth date into the file first: the person proves who they are by them."),
        )
    if waiting >= MOST_WAITING:
        return Refusal("too_many_wait", _("Five invitations wait already. Take one back first."))
    born = parse_birth_date(held["birth_date"])
    if capacity == Capacity.GUARDIAN and born and is_of_age(born, today):
        return Refusal(
            "of_age", _("The patient is of age, so nobody is invited as a parent. Choose a person of trust.")
        )
    if capacity == Capacity.PROXY and (link_until is None or link_until <= now):
        return Refusal("no_end", _("Say until when the person of trust may look in: a day to come."))
    if not scope:
        return Refusal("no_part", _("Choose at least one part that the person may see."))
    return None


NOTHING_ADDED: Final = Refusal(
    "restricted",
    _("The use of this file is restricted, so nothing was written. Try again once the restriction is lifted."),
)
"""What the patient is told who would write in a restricted file: it is only stored (PC-63)."""
NOT_SIGNED: Final = Refusal("not_signed", _("Only a signed consultation is shared. Sign it first."))
