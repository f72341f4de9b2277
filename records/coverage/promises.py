"""MD-73, measured: each question has a time, each answer a source, and nothing went to a payer but what the question needs."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Q

from adapters.models import Egress
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from privacy.payers import VERSIONS, is_payer, payers_at
from privacy.promises import Measure, promise
from records.models import CoverageCheck, CoverageOutcome

SAID: Final = (CoverageOutcome.COVERED, CoverageOutcome.NOT_COVERED, CoverageOutcome.UNKNOWN_MEMBER)
LATE: Final = timedelta(hours=1)
"""The outbox gives a question to a worker within seconds; one without an end after this is a silence."""


@promise("MD-73", checked_by="tests/adapters/test_coverage.py")
def payers_are_asked_and_nothing_is_guessed(now: datetime) -> Measure:
    """Every answer that counts is a payer's, with time and host; what isn't known is said; only the number and birth date went there."""
    lines = list(Egress.objects.filter(ground="coverage_check").only("subprocessor", "categories", "file_id"))
    with scope(ALL):
        rows = CoverageCheck.objects.all()
        by_outcome = dict(rows.values_list("outcome").annotate(Count("pk")).order_by())
        asked_of = set(Egress.objects.filter(ground="coverage_check").values_list("file_id", flat=True))
        unheard = rows.filter(outcome__in=SAID).exclude(file_id__in=asked_of).count()
        silent = rows.filter(outcome="", asked_at__lt=now - LATE).count()
        sourceless = rows.filter(Q(outcome__in=SAID, source="") | Q(answered_at__lt=F("asked_at"))).count()
    wrong = {
        "answers_that_nobody_gave": unheard,
        "answers_without_a_source_or_time": sourceless,
        "questions_without_an_end": silent,
        "lines_with_other_data": sum(line.categories != "identity" for line in lines),
        "lines_to_somebody_else": sum(not is_payer(line.subprocessor) for line in lines),
    }
    figures = {
        "payers_listed": len(payers_at(legal_day(now))),
        "versions_of_the_list": len(VERSIONS),
        "asked": sum(by_outcome.values()),
        "by_outcome": {name or "waiting": number for name, number in sorted(by_outcome.items())},
        "lines": len(lines),
        **wrong,
    }
    return Measure(not any(wrong.values()), figures)
