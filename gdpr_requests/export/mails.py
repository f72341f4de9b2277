"""The messages about an export: that it is ready, or that it failed. No word of what is in it."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from accounts.mails import from_template
from accounts.models import User


def ready(*, user: User, expires_at: datetime) -> bool:
    """It can be downloaded until ``expires_at``."""
    return _to(user, "export_ready", expires_at=expires_at)


def failed(*, user: User) -> bool:
    """It couldn't be made, after several attempts."""
    return _to(user, "export_failed")


def _to(user: User, name: str, **values: datetime) -> bool:
    address = settings.SITE_URL + reverse("gdpr:export")
    return from_template(f"gdpr/email/{name}", user.email, {**values, "address": address}, language=user.language)
