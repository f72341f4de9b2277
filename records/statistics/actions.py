"""The one act of publishing (PC-20)."""

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.refusals import Refused
from records.models import StatisticsRelease
from records.statistics import noise, queries
from records.statistics.cohort import Cohort, cohort_at
from records.statistics.noise import Loss
from records.statistics.periods import Quarter
from records.statistics.questions import QUESTIONS, Question
from records.statistics.rules import why_not_publish
from records.statistics.tally import tally

LOCK: Final = 0x57A715


@transaction.atomic
def publish(*, quarter: Quarter, by: Actor, now: datetime) -> list[StatisticsRelease]:
    """The published answers of a quarter: stored ones as they are, the others computed now, once and for good.

    Nothing noisy leaves this transaction before it is committed with its cost; one that is cut off has told nothing. Raises
    :class:`~privacy.refusals.Refused`.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
    stored = {question.name: queries.answer(question, quarter) for question in QUESTIONS}
    asked = [question for question in QUESTIONS if stored[question.name] is None]
    if asked:
        _refuse_unless_allowed(quarter, asked, now)
        with scope(ALL):
            cohort = cohort_at(now)
            version = queries.version_of(cohort.mark)
            for question in asked:
                stored[question.name] = _answer(question, quarter, cohort, version, by, now)
    return [one for one in stored.values() if one is not None]


def _refuse_unless_allowed(quarter: Quarter, asked: list[Question], now: datetime) -> None:
    today = legal_day(now)
    cost = sum((noise.loss_of(question) for question in asked), Loss())
    if refusal := why_not_publish(quarter, spent=Loss(**queries.spent(today.year)), cost=cost, today=today):
        raise Refused(refusal)


def _answer(
    question: Question, quarter: Quarter, cohort: Cohort, version: int, by: Actor, now: datetime
) -> StatisticsRelease:
    cells = noise.release(tally(question, cohort.visits(question, quarter)))
    loss = noise.loss_of(question)
    row = StatisticsRelease.objects.create(
        question=question.name, period=quarter.first, published_at=now, mechanism=noise.MECHANISM, epsilon=loss.epsilon,
        delta=loss.delta, patient_epsilon=noise.patient_epsilon(question), bounds=bounds_of(question), cohort=cohort.mark,
        cohort_number=version, cells=cells,
    )  # fmt: skip
    record_event(
        by=by,
        verb="records.statistics.published",
        object_type="records.StatisticsRelease",
        object_id=row.pk,
        detail={"question": question.name, "quarter": quarter.name, "cohort": version},
        now=now,
    )
    return row


def bounds_of(question: Question) -> dict[str, Any]:
    """What the ledger keeps of each mechanism: sensitivity, scale, and what follows from them."""
    return {
        "gate": {
            "groups_per_practice": question.groups_per_practice, "epsilon": question.gate_epsilon,
            "threshold": noise.threshold(question),
        },
        "columns": {
            column.name: {
                "sensitivity": column.per_practice, "per_patient": column.per_patient, "epsilon": column.epsilon,
                "scale": column.per_practice / column.epsilon, "within": noise.within(column),
            }
            for column in question.columns
        },
    }  # fmt: skip
