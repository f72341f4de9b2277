"""What a patient is written about a restriction: no word of health, no name of a page that isn't theirs."""

from datetime import date

from accounts.mails import from_template
from privacy.clocks import Jurisdiction


def lifting(*, to: str, first_day: date, where: Jurisdiction) -> bool:
    """The restriction will be lifted from ``first_day`` on (Art. 18(3)). False when the mail server refused."""
    language = "fr" if where is Jurisdiction.FR else "en"
    return from_template("records/email/restriction_lifting", to, {"first_day": first_day}, language=language)
