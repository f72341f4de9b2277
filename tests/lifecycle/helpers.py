"""Accounts at chosen moments of their contract."""

from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import User
from lifecycle.states import Name
from tests.accounts.factories import make_practitioner

PARIS = ZoneInfo("Europe/Paris")
SIGNED_UP = datetime(2026, 9, 2, 9, 15, tzinfo=PARIS)
TRIAL_ENDS = datetime(2026, 10, 3, tzinfo=PARIS)
GRACE_ENDS = datetime(2026, 10, 10, tzinfo=PARIS)
IN = {
    Name.TRIAL: datetime(2026, 9, 20, 12, 0, tzinfo=PARIS),
    Name.GRACE: datetime(2026, 10, 5, 12, 0, tzinfo=PARIS),
    Name.FREE_LISTING: datetime(2026, 10, 20, 12, 0, tzinfo=PARIS),
}
"""A moment in each phase of an account that signed up at SIGNED_UP and never subscribed."""


def make_trial(email: str | None = None, **profile: str) -> User:
    """A practitioner who signed up at SIGNED_UP and left it at that."""
    return make_practitioner(email, now=SIGNED_UP, subscribed=False, **profile)
