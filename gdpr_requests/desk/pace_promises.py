"""MD-44, the part about people who ask: each request and each answer is on record with its moment, so the wait can be told."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef

from gdpr_requests.desk.pace import paces
from gdpr_requests.desk.states import Event
from gdpr_requests.models import Exchange, Request
from privacy.deadlines import Right
from privacy.promises import Measure, promise

TESTS: Final = "tests/gdpr_requests/test_pace.py"


@promise("MD-44", checked_by=TESTS)
def response_times_are_recorded(now: datetime) -> Measure:
    """No request without the step that brought it in, no decision without the step that told it at that moment."""
    every = Request.objects.all()
    steps = Exchange.objects.filter(request_id=OuterRef("pk"))
    mute = every.exclude(Exists(steps.filter(kind=Event.FILE.value, number=1))).count()
    told = steps.filter(kind=Event.ANSWER.value, at=OuterRef("decided_at"))
    untold = every.exclude(decided_at=None).exclude(Exists(told)).count()
    backwards = every.filter(decided_at__lt=F("received_at")).count()
    found = paces(every, now)
    answered, in_time = sum(one.answered for one in found), sum(one.in_time for one in found)
    questioned = next((one for one in found if one.right is Right.QUESTIONED_ACCESS), None)
    figures = {
        "requests_asked": sum(one.asked for one in found), "requests_answered": answered, "answered_in_time": in_time,
        "overdue_now": sum(one.overdue for one in found),
        "median_days_by_right": {one.right.value: one.median_days for one in found if one.median is not None},
        "longest_wait_in_days": max((one.longest for one in found if one.longest), default=timedelta()) / timedelta(days=1),
        "accesses_questioned_and_answered": questioned.answered if questioned else 0,
        "requests_without_their_first_step": mute, "answers_without_their_step": untold, "answers_before_the_question": backwards,
    }  # fmt: skip
    return Measure(kept=not (mute or untold or backwards), figures=figures)
