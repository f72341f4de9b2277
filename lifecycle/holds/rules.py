"""Why a hold can't be placed or lifted: guard, message and test in one."""

from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from lifecycle.models import Ground, Hold
from privacy.clocks import Period
from privacy.refusals import Refusal

LONGEST: Final = 2000
REVIEW_WITHIN: Final = Period(years=1)
"""A hold is looked at again within a year: nothing is kept by forgetting it (LAW-03)."""


def why_not_place(
    *, ground: str, case: str, why: str, review_on: date, today: date, leaving: bool = False
) -> Refusal | None:
    """A hold names a known ground, its case and its reason, and is reviewed within a year."""
    if leaving:
        return Refusal("leaving", _("The destruction of this file is decided already; it can't be held any more."))
    if ground not in Ground.values:
        return Refusal("no_ground", _("Give one of these grounds: dispute, claim, court_order, authority."))
    if not case.strip() or not why.strip():
        return Refusal("no_reason", _("A hold needs its case and a reason. Give both."))
    if max(len(case), len(why)) > LONGEST:
        return Refusal("too_long", _("Case and reason may have 2,000 characters each. Shorten them."))
    if review_on <= today:
        return Refusal("review_past", _("The day of review is to come. Give a day after today."))
    if review_on > REVIEW_WITHIN.after(today):
        return Refusal("review_far", _("A hold is reviewed within a year. Give an earlier day of review."))
    return None


def why_not_lift(hold: Hold, why: str) -> Refusal | None:
    """A hold is lifted once, with a reason."""
    if not hold.is_live:
        return Refusal("lifted", _("This hold was lifted already; nothing was written."))
    if not why.strip():
        return Refusal("no_reason", _("Say why the hold is lifted."))
    if len(why) > LONGEST:
        return Refusal("too_long", _("The reason may have 2,000 characters. Shorten it."))
    return None
