"""A new password after 24 months is proposed at sign-in, never demanded (MD-52)."""

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import User
from audit.actions import record_security
from audit.actors import Actor
from privacy.clocks import Period, legal_day, start_of

PROPOSED_AFTER: Final = Period(months=24)
AGAIN_AFTER: Final = Period(months=1)


def due_at(changed_at: datetime, put_off_at: datetime | None) -> datetime:
    """When a new password is proposed: 24 calendar months after the last one, or one month after "not now"."""
    due = start_of(PROPOSED_AFTER.after(legal_day(changed_at)))
    again = start_of(AGAIN_AFTER.after(legal_day(put_off_at))) if put_off_at else due
    return max(due, again)


def is_due(user: User, now: datetime) -> bool:
    """Whether a new password is proposed at this sign-in."""
    return user.has_usable_password() and now >= due_at(user.password_changed_at, user.renewal_put_off_at)


@transaction.atomic
def put_off(*, user: User, by: Actor, now: datetime) -> None:
    """ "Not now": the sign-in goes on, and a month later the question comes again."""
    user.renewal_put_off_at = now
    user.save(update_fields=["renewal_put_off_at"])
    record_security(by=by, kind="password.renewal_put_off", account_id=user.pk, now=now)
