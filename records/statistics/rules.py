"""Why a quarter isn't published (PC-20)."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from privacy.days import written
from privacy.refusals import Refusal
from records.statistics.noise import Loss
from records.statistics.periods import Quarter
from records.statistics.questions import YEARLY_DELTA, YEARLY_EPSILON

CAP = Loss(YEARLY_EPSILON, YEARLY_DELTA)


def why_not_publish(quarter: Quarter, *, spent: Loss, cost: Loss, today: date) -> Refusal | None:
    """Only the newest settled quarter, and only while the year's budget covers it."""
    newest = Quarter.last_settled(today)
    if quarter > newest:
        message = _("%(quarter)s can be published from %(day)s.")
        return Refusal("unsettled", message % {"quarter": quarter.name, "day": written(quarter.settled_on)})
    if quarter < newest:
        message = _("%(quarter)s wasn't published in its time, and isn't any more: only %(newest)s may be.")
        return Refusal("too_old", message % {"quarter": quarter.name, "newest": newest.name})
    if not (spent + cost).within(CAP):
        message = _(
            "The budget of %(year)d is used up: %(spent).2f of %(cap).2f, and this would cost %(cost).2f. Nothing was computed."
        )
        told = {"year": today.year, "spent": spent.epsilon, "cap": CAP.epsilon, "cost": cost.epsilon}
        return Refusal("over_budget", message % told)
    return None
