"""Nightly housekeeping of sign-ins. Safe to run twice."""

from celery import shared_task
from django.utils import timezone

from accounts import sessions, throttle
from accounts.credentials import links


@shared_task
def forget_old_sign_ins() -> dict[str, int]:
    """Forget counts of tries nobody needs, and sessions that are over; returns how many of each."""
    now = timezone.now()
    return {
        "tries": throttle.forget(now=now), "sessions": sessions.forget_expired(now=now), "links": links.forget(now),
    }  # fmt: skip
