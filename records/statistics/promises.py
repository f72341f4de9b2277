"""What is promised about published statistics, read from the ledger of publications and tried on made-up figures (PC-20)."""

from collections import Counter
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from audit.evidence import registered
from care.models import Membership, Role
from care.tenancy import ALL, scope
from consents.queries import live_among
from privacy.clocks import legal_day
from privacy.promises import Measure, promise
from records.models import StatisticsRelease
from records.statistics import noise
from records.statistics.cohort import KEY, cohort_at
from records.statistics.noise import Loss
from records.statistics.questions import BY_PLACE, LEAST, QUESTIONS, Question
from records.statistics.rules import CAP
from records.statistics.tally import Tally

LARGE: Final = 1_000_000
"""Practices of a made-up group: any threshold lets it through."""
TRIES: Final = 20


@promise("PC-20", checked_by="tests/records/test_statistics_promises.py")
def statistics_draw_on_those_who_agreed(now: datetime) -> Measure:
    """Who would be counted now has said yes; what was published stays within its bounds; the mechanism hides and blurs."""
    wrong = {
        "counted_without_a_grant": _without_a_grant(now),
        "years_over_budget": _years_over_budget(),
        "cheaper_than_their_mechanism": _understated(),
        "questions_answered_twice": StatisticsRelease.objects.count()
        - StatisticsRelease.objects.values("question", "period").distinct().count(),
        "small_groups_that_show": _small_groups_that_show(),
        "figures_without_noise": _unblurred(),
        "ledger_is_not_sealed": "records_statisticsrelease" not in {one.table for one in registered()},
    }
    with scope(ALL):
        practices = len(cohort_at(now).contributors)
    figures = {
        "publications": StatisticsRelease.objects.count(),
        "least_practices_and_patients": LEAST,
        "yearly_cap": {"epsilon": CAP.epsilon, "delta": CAP.delta},
        "cost_of_a_quarter": {question.name: noise.loss_of(question).epsilon for question in QUESTIONS},
        "practices_that_agree_are_many": practices >= LEAST,
        **wrong,
    }
    return Measure(not any(wrong.values()) and LEAST >= 11, figures)


def _without_a_grant(now: datetime) -> int:
    """People whose consultations would be counted, or who own a practice that would, without a yes in the ledger."""
    with scope(ALL):
        cohort = cohort_at(now)
        counted: set[UUID] = {author for one in cohort.contributors.values() for author in one.authors}
        owning = Membership.objects.live().filter(practice_id__in=list(cohort.contributors), role=Role.OWNER)
        counted |= set(owning.values_list("user_id", flat=True))
    return len(counted - live_among(counted, KEY, now=now))


def _years_over_budget() -> list[int]:
    spent: dict[int, Loss] = {}
    for one in StatisticsRelease.objects.only("published_at", "epsilon", "delta"):
        year = legal_day(one.published_at).year
        spent[year] = spent.get(year, Loss()) + Loss(one.epsilon, one.delta)
    return sorted(year for year, loss in spent.items() if not loss.within(CAP))


def _understated() -> int:
    """Publications whose entry claims less than the scale of their noise allows: sensitivity / scale, and the gate."""
    return sum(
        one.epsilon + 1e-9
        < one.bounds["gate"]["epsilon"]
        + sum(column["sensitivity"] / column["scale"] for column in one.bounds["columns"].values())
        for one in StatisticsRelease.objects.only("epsilon", "bounds")
    )


def _small_groups_that_show() -> int:
    """Made-up groups of ten practices, and of ten patients, put to the mechanism: none may come out."""
    few, many = LEAST - 1, LARGE
    tries = (_made_up(few, many), _made_up(many, few))
    return sum(figures is not None for one in tries for figures in noise.release(one).values())


def _unblurred() -> int:
    """Made-up figures that come out exactly as they went in, of twenty: with the noise on, none or hardly one does."""
    [column] = BY_PLACE.columns
    found = [noise.release(_made_up(LARGE, LARGE))["practice"] for _ in range(TRIES)]
    exact = sum(one is None or one[column.name] == LARGE for one in found)
    return exact if exact > 1 else 0


def _made_up(practices: int, patients: int, question: Question = BY_PLACE) -> Tally:
    groups: dict[str, Any] = dict.fromkeys(question.groups)
    return Tally(
        question,
        Counter(dict.fromkeys(groups, practices)),
        Counter(dict.fromkeys(groups, patients)),
        {column.name: Counter(dict.fromkeys(groups, LARGE)) for column in question.columns},
    )
