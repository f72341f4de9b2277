"""Every message about the phases: one function each. Dates come in as values."""

from datetime import date

from django.conf import settings
from django.urls import reverse

from accounts.mails import from_template
from accounts.models import User


def trial_ends(*, user: User, last_day: date, grace_last_day: date) -> bool:
    """The trial ends when ``last_day`` does; everything stays open until the end of ``grace_last_day``."""
    return _to(user, "trial_ends", last_day=last_day, grace_last_day=grace_last_day)


def grace_began(*, user: User, last_day: date) -> bool:
    """Trial or subscription are over; everything stays open until the end of ``last_day``."""
    return _to(user, "grace_began", last_day=last_day)


def free_listing_began(*, user: User, since: date) -> bool:
    """Care has been closed since ``since``; everything is kept."""
    return _to(user, "free_listing_began", since=since)


def _to(user: User, name: str, **dates: date) -> bool:
    address = settings.SITE_URL + reverse("lifecycle:subscription")
    return from_template(f"lifecycle/email/{name}", user.email, {**dates, "address": address}, language=user.language)
