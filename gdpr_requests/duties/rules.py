"""What may be entered of a duty, and when one is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from gdpr_requests.models.duties import Duty, DutyDone
from privacy.refusals import Refusal

SOON: Final = timedelta(days=30)

_FUTURE = Refusal("future", _("This day hasn't come yet. Enter the day on which it was done."), "done_on")
_TWICE = Refusal(
    "twice", _("This day is entered already, with its proof. An entry can't be changed; enter another day."), "done_on"
)
_ENDED = Refusal("ended", _("This was ended. Enter it anew if it falls due again."), "done_on")
_EARLIER = Refusal("earlier", _("A later day is entered already. Only what comes after it can be added."), "done_on")


@dataclass(frozen=True)
class Standing:
    """A duty on one day: what is due when, and how that stands."""

    duty: Duty
    done: Sequence[DutyDone]
    due_on: date | None
    today: date

    @property
    def overdue(self) -> bool:
        """Its day has passed without an entry."""
        return self.due_on is not None and self.due_on < self.today

    @property
    def soon(self) -> bool:
        """It falls due within thirty days."""
        return self.due_on is not None and not self.overdue and self.due_on - self.today <= SOON


def standing_of(duty: Duty, done: Sequence[DutyDone], today: date) -> Standing:
    """How a duty stands; ``done`` are its entries, the newest first."""
    if duty.ended_at:
        return Standing(duty, done, None, today)
    return Standing(duty, done, done[0].next_due_on if done else duty.first_due_on, today)


def why_not_record(duty: Duty, newest: date | None, done_on: date, today: date) -> Refusal | None:
    """Why no such entry may be made, or None."""
    if duty.ended_at:
        return _ENDED
    if done_on > today:
        return _FUTURE
    if newest == done_on:
        return _TWICE
    return _EARLIER if newest and newest > done_on else None
