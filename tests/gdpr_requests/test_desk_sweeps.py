"""Reminders go out once each, answers are settled in time, and closed requests leave with their key (PC-52, MD-34)."""

from datetime import date, timedelta

import pytest
from django.core import mail

from audit.actors import Actor
from audit.verification import verify
from gdpr_requests import actions, queries
from gdpr_requests.desk import closing, reminding
from gdpr_requests.desk.reminding import Kind, reminder_due
from gdpr_requests.models import Exchange, Objection, Reminder, Request
from privacy.clocks import start_of
from privacy.deadlines import Right
from privacy.forecast import simulate
from tests.accounts.factories import make_staff
from tests.gdpr_requests.factories import NOW, by_letter, dpo_of
from vault.queries import with_key

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("sweep")
RECEIVED, DUE = date(2026, 11, 18), date(2026, 12, 18)


@pytest.mark.parametrize(
    ("today", "kind"),
    [
        (date(2026, 12, 2), None),
        (date(2026, 12, 3), Kind.HALF),
        (date(2026, 12, 14), Kind.HALF),
        (date(2026, 12, 15), Kind.THREE_DAYS),
        (date(2026, 12, 18), Kind.DUE),
        (date(2026, 12, 19), Kind.OVERDUE),
    ],
)
def test_reminder_is_the_one_that_is_true_today(today: date, kind: Kind | None) -> None:
    assert reminder_due(RECEIVED, DUE, today) == kind


def test_each_reminder_is_sent_once_to_whoever_must_answer() -> None:
    by_letter(Right.ERASURE)
    mail.outbox.clear()
    for day in range(1, 34):
        for _twice in range(2):
            reminding.sweep(by=BY, now=NOW + timedelta(days=day), dry_run=False)
    assert list(Reminder.objects.order_by("sent_at").values_list("kind", flat=True)) == [kind.value for kind in Kind]
    assert [message.to for message in mail.outbox] == [["dpo@praticonnect.com"]] * 4


def test_answer_is_settled_after_sixty_days() -> None:
    request = answered()
    closing.close_sweep(by=BY, now=NOW + timedelta(days=59), dry_run=False)
    request.refresh_from_db()
    assert request.closed_at is None
    closing.close_sweep(by=BY, now=NOW + timedelta(days=60), dry_run=False)
    request.refresh_from_db()
    assert request.closed_at == NOW + timedelta(days=60)


def test_closed_request_leaves_after_three_years_with_key_and_thread_while_the_objection_stays() -> None:
    by_letter(Right.OBJECTION, objects_to="marketing")
    request = answered()
    actions.close(request_id=request.pk, by=dpo_of(make_staff()), now=NOW)
    last_moment, next_day = start_of(date(2029, 11, 19)) - timedelta(seconds=1), start_of(date(2029, 11, 19))
    assert closing.sweep(by=BY, now=last_moment, dry_run=False)[closing.RULE].due == 0
    leaving = {line.kind: line.count for line in simulate(date(2029, 11, 20), NOW).leaves}
    assert leaving["gdpr_requests.Request"] == 1
    assert [closing.sweep(by=BY, now=next_day, dry_run=False)[closing.RULE].done for _twice in range(2)] == [1, 0]
    assert with_key([request.pk]) == set()
    assert Exchange.objects.filter(request_id=request.pk).count() == 0
    assert (Request.objects.count(), Objection.objects.count()) == (1, 1)
    assert queries.objects_to_marketing("ada@example.org")
    assert verify().findings == []


def answered() -> Request:
    """A request that was refused at once."""
    request = by_letter(Right.ERASURE)
    by = dpo_of(make_staff())
    return actions.answer(request_id=request.pk, outcome="refused", ground="identity", text="No.", by=by, now=NOW)
