"""Why an order can't be entered, confirmed, read or ended: guard, message and test in one (MD-43)."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from audit.actors import Actor
from privacy.days import written
from privacy.refusals import Refusal
from records.models import AuthorityOrder, PatientFile
from records.models.orders import LONGEST, MOST_TRIES
from records.rules import LONGEST_REASON

LINK_FOR: Final = timedelta(days=7)
"""How long a link to an agent works, and never beyond the order's own end."""
LONGEST_SILENCE: Final = timedelta(days=365)
"""An order forbids telling the patient for a year at most; a longer secrecy needs a new order."""


def why_not_enter(
    *, issued_on: date, until_at: datetime, silent_until: date | None, silent_why: str, today: date, now: datetime
) -> Refusal | None:
    """An order was issued, ends within thirty days, and is silent only on a ground and for a time."""
    if issued_on > today:
        return Refusal("issued_on", _("This day is in the future. Write the date that the order bears."))
    if not now < until_at <= now + LONGEST:
        message = _("The access ends within thirty days: choose a last day from today to %(day)s.") % {
            "day": written(today + LONGEST - timedelta(days=1))
        }
        return Refusal("until_on", message)
    return _why_not_silent(silent_until, silent_why, today)


def _why_not_silent(until: date | None, why: str, today: date) -> Refusal | None:
    if until is None:
        return None
    if not today <= until <= today + LONGEST_SILENCE:
        return Refusal("silent_until", _("Choose a day from today to a year from now: the patient is told after it."))
    if not why:
        return Refusal("silent_why", _("Say where the order forbids telling the patient, in its own words."))
    return None


def why_not_name(order: AuthorityOrder, files: Collection[PatientFile], *, now: datetime) -> Refusal | None:
    """Files are named before the confirmation; each is one of the practice."""
    if not order.waits(now):
        return Refusal(
            "not_open", _("No file can be added any more: what an order opens is fixed when it is confirmed.")
        )
    if not files:
        return Refusal("surname", _("No file of the practice fits this surname and birth date. Check both."))
    if len(files) > 1:
        return Refusal("surname", _("Several files fit. Ask the office to name the one that is meant by its number."))
    if any(file.leaving_at for file in files):
        return Refusal("surname", _("The destruction of this file is decided already; nobody reads it any more."))
    return None


def why_not_confirm(order: AuthorityOrder, *, by: Actor, owns: bool, files: int, now: datetime) -> Refusal | None:
    """The owner of the practice confirms, once, in time, never the person who entered it; and it names a file."""
    if not owns:
        return Refusal("not_owner", _("The owner of the practice confirms it: they answer for its files."))
    if order.entered_by_id == by.account_id:
        return Refusal("same_person", _("You entered this order yourself. Somebody else has to confirm it."))
    if order.confirmed_at:
        return Refusal("confirmed", _("This order was confirmed already. Reload the page."))
    if not order.waits(now):
        return Refusal("over", _("This order has ended. Ask the office to enter a new one."))
    if not files:
        return Refusal("no_file", _("Name the file first: by the patient's surname and birth date."))
    return None


def why_not_invite(order: AuthorityOrder, *, now: datetime) -> Refusal | None:
    """A link goes out once the practice has confirmed, until the agent has joined."""
    if not order.is_running(now):
        return Refusal("not_running", _("The practice hasn't confirmed this order, or it has ended: no link goes out."))
    if order.account_id:
        return Refusal("joined", _("The agent has joined already. A new order is needed for anybody else."))
    return None


def why_not_join(order: AuthorityOrder | None, *, now: datetime) -> Refusal | None:
    """A link works once, in time, and for a few tries of the code."""
    if (
        order is None
        or not order.is_running(now)
        or order.account_id
        or not order.link_until
        or order.link_until <= now
        or order.tries >= MOST_TRIES
    ):
        return Refusal("link_over", _("This link was used or is over. Ask the data protection officer for a new one."))
    return None


def why_not_read_as(order: AuthorityOrder, account_id: object) -> Refusal | None:
    """Who entered or confirmed an order doesn't read under it."""
    if account_id in (order.entered_by_id, order.confirmed_by_id):
        return Refusal("same_person", _("You entered or confirmed this order: you can't be its reader too."))
    return None


def why_not_end(order: AuthorityOrder, why: str, *, may: bool) -> Refusal | None:
    """The office or the owner of the practice ends it at once, and says why."""
    if not may:
        return Refusal("not_yours", _("The office or the owner of the practice ends an order."))
    if order.ended_at:
        return Refusal("ended", _("This order has ended already. Reload the page."))
    if not why:
        return Refusal("why", _("Say why it ends: the reason stays with the order."))
    if len(why) > LONGEST_REASON:
        return Refusal("why", _("The reason may have 2,000 characters. Shorten it."))
    return None
