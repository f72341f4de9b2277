"""Calls as an adapter makes them."""

from datetime import UTC, datetime
from typing import Any

from adapters.calls import Call, Deadline
from adapters.grounds import Necessary, necessary
from privacy.declare import Category
from privacy.ids import new_id

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ONCE = Deadline(seconds=5, attempts=1)
QUICK = Deadline(seconds=0.4, attempts=1)


def to_resend(**said: Any) -> Call:
    """A mail to be sent over the API."""
    values: dict[str, Any] = {
        "subprocessor": "resend",
        "method": "POST",
        "url": "https://api.resend.com/emails",
        "categories": frozenset({Category.CONTACT}),
        "json": {"to": "ada@example.org"},
    }
    return Call(**(values | said))


def message() -> Necessary:
    """The legal basis of a message the service needs."""
    return necessary("account_message", subject_id=new_id())
