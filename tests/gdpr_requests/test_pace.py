"""Response times to those who ask (MD-44): medians, shares in time, shown to the office and to who waits; the measure can fail."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from gdpr_requests import actions
from gdpr_requests.desk import pace
from gdpr_requests.desk.pace_promises import response_times_are_recorded
from gdpr_requests.models import Request
from privacy.deadlines import Right
from tests.accounts.factories import make_patient, make_staff, verified_client
from tests.gdpr_requests.factories import NOW, by_account, by_letter, dpo_of
from tests.gdpr_requests.test_desk_promises import spoil

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def officer() -> User:
    return make_staff("dpo@example.org")


def answered(officer: User, after: timedelta, *, right: Right = Right.QUESTION, now: Any = NOW, **said: Any) -> Request:
    """A request and its answer some time later."""
    asked = by_letter(right, now=now, **said)
    actions.prove(request_id=asked.pk, proof="in_person", by=dpo_of(officer), now=now)
    return actions.answer(
        request_id=asked.pk, outcome="granted", ground="", text="Here it is.", by=dpo_of(officer), now=now + after
    )


def test_paces_count_right_by_right(officer: User) -> None:
    for days in (2, 4, 60):
        answered(officer, timedelta(days=days))
    by_letter(Right.ACCESS)
    found = {one.right: one for one in pace.paces(Request.objects.all(), NOW + timedelta(days=70))}
    questions, access = found[Right.QUESTION], found[Right.ACCESS]
    assert (questions.asked, questions.answered, questions.in_time, questions.on_time) == (3, 3, 2, 66)
    assert (questions.median_days, questions.longest_days) == (4.0, 60.0)
    assert (access.asked, access.open, access.overdue, access.median, access.on_time) == (1, 1, 1, None, None)


def test_in_time_lasts_to_the_end_of_the_last_day_in_paris(officer: User) -> None:
    one = answered(officer, timedelta(days=1))
    from gdpr_requests.desk.queries import in_time
    from privacy.clocks import end_of_term

    last = end_of_term(one.limit_on)
    for moment, kept in ((last - timedelta(seconds=1), 1), (last, 0)):
        spoil(one, decided_at=moment)
        (found,) = pace.paces(Request.objects.all(), NOW)
        one.refresh_from_db()
        assert (found.in_time, in_time(one)) == (kept, bool(kept))


def test_who_waits_is_told_once_enough_was_answered(officer: User) -> None:
    patient, now = make_patient("patient@example.org"), timezone.now()
    by_account(patient, Right.QUESTION, now=now - timedelta(days=1))
    client = verified_client(patient)
    for _ in range(4):
        answered(officer, timedelta(days=3), now=now - timedelta(days=20))
    assert "median" not in client.get(reverse("patient_privacy:requests")).content.decode()
    answered(officer, timedelta(days=3), now=now - timedelta(days=20))
    shown = client.get(reverse("patient_privacy:requests")).content.decode()
    assert ("3.0" in shown, "100 % in time" in shown) == (True, True)


def test_office_sees_response_times_under_supervision(officer: User) -> None:
    answered(officer, timedelta(days=3), now=timezone.now() - timedelta(days=20))
    shown = verified_client(officer).get(reverse("admin:supervision")).content.decode()
    assert ("How long answers took" in shown, "3.0" in shown) == (True, True)


def test_recorded_answers_keep_the_promise(officer: User) -> None:
    answered(officer, timedelta(days=2))
    found = response_times_are_recorded(NOW)
    assert (found.kept, found.figures["requests_answered"], found.figures["median_days_by_right"]) == (
        True,
        1,
        {"38.4": 2.0},
    )


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        ({"decided_at": NOW + timedelta(days=9)}, "answers_without_their_step"),
        ({"received_at": NOW + timedelta(days=30)}, "answers_before_the_question"),
    ],
)
def test_an_answer_at_another_moment_breaks_it(change: dict[str, Any], figure: str, officer: User) -> None:
    spoil(answered(officer, timedelta(days=2)), **change)
    found = response_times_are_recorded(NOW)
    assert (found.kept, found.figures[figure]) == (False, 1)


def test_a_request_without_its_first_step_breaks_it(officer: User) -> None:
    row = by_letter(Right.QUESTION)
    Request.objects.create(
        year=2026, serial=99999, right=row.right, data_class=row.data_class, channel=row.channel, account_id=officer.pk,
        received_at=NOW, filed_at=NOW, not_before=NOW, target_on=NOW.date(), due_on=NOW.date(),
    )  # fmt: skip
    found = response_times_are_recorded(NOW)
    assert (found.kept, found.figures["requests_without_their_first_step"]) == (False, 1)
