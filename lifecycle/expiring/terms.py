"""Terms counted from one day: the schedule in force can lengthen what the code promises, not shorten it."""

from bisect import bisect_left
from datetime import date, timedelta

from privacy.retention import RULES, Anchor, ends
from privacy.schedule import in_force, supposing

ONE_DAY = timedelta(days=1)
LONGEST = 366 * 200


def last_day(rule: str, anchor: Anchor, day: date) -> date:
    """The last day on which what ``rule`` counts from ``day`` is kept. Raises ValueError for a rule without a length."""
    known = {anchor: day}
    until = [last for one in (RULES[rule], in_force().rules[rule]) if (last := ends(one, known).until)]
    if len(until) < 2:
        raise ValueError(f"{rule} has no length, so nothing ends by it alone")
    return max(until)


def ended_by(rule: str, anchor: Anchor, today: date) -> date:
    """The youngest day from which the term of ``rule`` is over today. The schedule is read once."""
    with supposing(in_force()):
        back = bisect_left(
            range(LONGEST), True, key=lambda days: last_day(rule, anchor, today - timedelta(days=days)) < today
        )
    return today - timedelta(days=back)
