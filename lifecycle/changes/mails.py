"""The messages about new versions: what changes, from when, and what one can do. Dates come in as values."""

from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.mails import from_template
from accounts.models import User
from lifecycle.changes.queries import wordings


def change(*, user: User, number: int, effective_on: date, material: bool) -> bool:
    """Version ``number`` takes effect on ``effective_on``, in the language of the account. False when the mail server refused."""
    texts = {text.language: text for text in wordings(number)}
    text = texts.get(user.language) or texts["en"]
    values = {
        "number": number,
        "effective_on": effective_on,
        "material": material,
        "news": text.wording.news,
        "page_url": settings.SITE_URL + reverse("lifecycle:change"),
        "compare_url": f"{settings.SITE_URL}{reverse('consents:history')}?text=policy&first={number - 1}&second={number}",
    }
    return from_template("lifecycle/email/policy_change", user.email, values, language=user.language)


def register_change(*, user: User, number: int, effective_on: date) -> bool:
    """Version ``number`` of the register of subprocessors takes effect on ``effective_on``. False when the mail server refused."""
    values = {
        "number": number,
        "effective_on": effective_on,
        "last_day": effective_on - timedelta(days=1),
        "page_url": settings.SITE_URL + reverse("gdpr:subprocessors"),
        "compare_url": settings.SITE_URL + reverse("subprocessors:history"),
    }
    return from_template("lifecycle/email/register_change", user.email, values, language=user.language)
