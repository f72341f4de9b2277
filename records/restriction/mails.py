"""What a patient is written about a restriction: no word of health, no name of a page that isn't theirs."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from accounts.mails import from_template
from privacy.clocks import Jurisdiction

OCCASION: Final = "records.restriction"


def lifting(*, to: str, first_day: date, where: Jurisdiction, about: Sequence[str]) -> None:
    """The restriction will be lifted from ``first_day`` on (Art. 18(3))."""
    language = "fr" if where is Jurisdiction.FR else "en"
    from_template(
        "records/email/restriction_lifting",
        to,
        {"first_day": first_day},
        language=language,
        occasion=OCCASION,
        about=about,
    )
