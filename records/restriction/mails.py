"""What a patient is written about a restriction: no word of health, no name of a page that isn't theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from accounts.mails import from_template
from privacy.clocks import Jurisdiction

OCCASION: Final = "records.restriction"


def lifting(*, to: str, where: Jurisdiction, about: Sequence[str], now: datetime) -> None:
    """The restriction will be lifted from a day on that is counted from when this leaves (Art. 18(3)): the occasion's value."""
    language = "fr" if where is Jurisdiction.FR else "en"
    from_template(
        "records/email/restriction_lifting",
        to,
        {},
        language=language,
        occasion=OCCASION,
        about=about,
        now=now,
    )
