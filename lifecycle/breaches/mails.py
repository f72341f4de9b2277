"""The notice of a breach: what happened and what to do, no word of health (Art. 34(2))."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.mails import from_template


def notice(*, whom: str, to: str, language: str, aware_at: datetime) -> bool:
    """One message to one person; ``whom`` says in which way the breach touches them. False when the mail server refused."""
    context = {"whom": whom, "aware_at": aware_at, "login_url": settings.SITE_URL + reverse("account_login")}
    return from_template("lifecycle/email/breach", to, context, language=language)
