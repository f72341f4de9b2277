"""Why no code is sent to a number, or a code isn't taken: guard and sentence in one. Pure."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from accounts.texts.models import TextNumber
from privacy.refusals import Refusal

CODE_LIFE: Final = timedelta(minutes=10)
PAUSE: Final = timedelta(minutes=1)
MOST_A_DAY: Final = 5
MOST_LOGINS_A_DAY: Final = 10
"""How many codes to sign in go to the phone in a day; the next ones go by e-mail. Whoever knows a password can't run up a bill."""
DAY: Final = timedelta(hours=24)
MOST_WRONG: Final = 5
WAKE, SLEEP = 8, 20
"""From which hour to which one, in Paris, a message comes that can wait."""
PARIS: Final = ZoneInfo("Europe/Paris")


def why_not_send(row: TextNumber | None, *, sent: int, open_way: bool, now: datetime) -> Refusal | None:
    """A code goes out when texts are set up, not twice a minute, and not often a day. ``sent``: those of the last 24 hours."""
    if not open_way:
        return Refusal("no_way", _("Text messages can't be sent at present. Nothing was changed; try again later."))
    if row and now < row.asked_at + PAUSE:
        return Refusal(
            "too_soon", _("A code was sent less than a minute ago. Wait a moment, then ask for another one.")
        )
    if sent >= MOST_A_DAY:
        return Refusal("too_many", _("Five codes were sent within a day. Ask for the next one tomorrow."), "number")
    return None


def why_not_weigh(row: TextNumber | None, now: datetime) -> Refusal | None:
    """A code counts while it waits to be typed."""
    if row is None or row.valid_until is None or now >= row.valid_until or row.wrong_codes >= MOST_WRONG:
        return Refusal("no_code", _("This code can't be used any more. Ask for a new one."), "code")
    return None


UNPROVED: Final = Refusal("not_proved", _("Prove the number first: then it is yours to say what comes there."))
WRONG: Final = Refusal("wrong_code", _("This code is not right. Compare it with the message."), "code")


def waking(now: datetime) -> datetime:
    """``now`` by day, else eight o'clock of the morning that comes, in Paris."""
    local = now.astimezone(PARIS)
    if WAKE <= local.hour < SLEEP:
        return now
    day = local.date() + timedelta(days=local.hour >= SLEEP)
    return datetime(day.year, day.month, day.day, WAKE, tzinfo=PARIS)
