"""The one message of an invitation: no name of a patient, no health, no specialty."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts import mails


def invitation(*, to: str, secret: str, until: datetime, language: str) -> None:
    """A link that works once, until an end."""
    url = settings.SITE_URL + reverse("patient:invitation", args=[secret])
    mails.from_template("patient/email/invitation", to, {"url": url, "until": until}, language=language)
