"""The one message of an invitation: no name of a patient, no health, no specialty."""

from datetime import datetime

from accounts import mails
from adapters.content import Link, Value


def invitation(*, to: str, secret: str, until: datetime, language: str) -> None:
    """A link that works once, until an end."""
    values: dict[str, Value] = {"url": Link.to("patient:invitation", secret), "until": until}
    mails.from_template("patient/email/invitation", to, values, language=language)
