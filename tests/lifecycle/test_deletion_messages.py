"""Messages about a deletion: start, seven days, one day, withdrawn, stopped; each once, only while true (PC-34)."""

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.test import TestCase

from accounts.models import User
from audit.actors import Actor
from lifecycle import notifying
from lifecycle.deletion import telling
from lifecycle.deletion.actions import request_deletion, stop_after_change, waive_wait, withdraw_deletion
from lifecycle.deletion.messages import STILL_NEWS
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import NoticeSent
from lifecycle.states import Name
from tests.lifecycle.helpers import IN, PARIS, make_trial
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("test")
ASKED = IN[Name.TRIAL]
ENDS = datetime(2026, 10, 20, 12, 0, tzinfo=PARIS)
WEEK = datetime(2026, 10, 13, tzinfo=PARIS)
DAY = datetime(2026, 10, 19, tzinfo=PARIS)
SECOND = timedelta(seconds=1)


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


def ask(user: User, now: datetime = ASKED) -> None:
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=actor_of(user), now=now)


def swept(now: datetime) -> list[str]:
    """The messages that one sweep sends."""
    outcomes = telling.sweep(by=BY, now=now, dry_run=False)
    return [rule.removeprefix("notice.deletion_") for rule, outcome in outcomes.items() if outcome.done]


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        (ASKED - SECOND, []),
        (ASKED, ["requested"]),
        (WEEK - SECOND, ["requested"]),
        (WEEK, ["week"]),
        (DAY - SECOND, ["week"]),
        (DAY, ["day"]),
        (ENDS - SECOND, ["day"]),
        (ENDS, []),
    ],
)
def test_each_message_is_due_from_its_midnight_until_the_next(me: User, moment: datetime, message: list[str]) -> None:
    ask(me)
    assert swept(moment) == message


def test_hourly_sweeps_send_each_message_once(me: User) -> None:
    ask(me)
    moment, sent = ASKED, []
    while moment < ENDS + timedelta(days=20):
        sent += swept(moment)
        moment += timedelta(hours=7)
    assert sent == ["requested", "week", "day"]
    assert [one.subject for one in mail.outbox] == [
        "Your account will be deleted on 20 October 2026",
        "One week left: your account will be deleted on 20 October 2026",
        "Last day: your account will be deleted on 20 October 2026, 12:00",
    ]
    assert ["/privacy/keep/" in one.body for one in mail.outbox] == [True] * 3


def test_start_is_told_at_once_and_not_again_by_the_sweep(me: User) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        ask(me)
    assert ([one.to for one in mail.outbox], swept(ASKED + SECOND)) == ([["camille@example.org"]], [])


def test_withdrawal_and_stop_are_told_at_once(me: User) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        ask(me)
        withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    with TestCase.captureOnCommitCallbacks(execute=True):
        ask(me, ASKED + timedelta(days=1))
    with TestCase.captureOnCommitCallbacks(execute=True):
        stop_after_change(account_id=me.pk, by=actor_of(me), now=ENDS - SECOND)
    assert [one.subject for one in mail.outbox] == [
        "Your account stays: the deletion is withdrawn",
        "Your account will be deleted on 21 October 2026",
        "The deletion of your account was stopped",
    ]
    assert "second factor of your account was changed" in mail.outbox[-1].body


def test_request_withdrawn_before_its_message_left_isnt_announced(me: User) -> None:
    ask(me)
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    assert swept(ASKED + 2 * SECOND) == ["withdrawn"]


def test_news_grow_old(me: User) -> None:
    ask(me)
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    assert swept(ASKED + SECOND + STILL_NEWS) == []


def test_second_request_is_told_anew(me: User) -> None:
    ask(me)
    assert swept(ASKED) == ["requested"]
    withdraw_deletion(account_id=me.pk, by=actor_of(me), now=ASKED + SECOND)
    ask(me, ASKED + timedelta(days=2))
    assert (swept(ASKED + timedelta(days=2)), NoticeSent.objects.filter(kind="deletion_requested").count()) == (
        ["requested"],
        2,
    )


def test_nothing_is_said_after_a_waiver(me: User) -> None:
    ask(me)
    waive_wait(user=me, by=actor_of(me), now=ASKED + SECOND)
    assert swept(ASKED + SECOND) == []


def test_messages_of_the_contract_wait_too(me: User) -> None:
    """Who is leaving isn't asked to subscribe."""
    ask(me)
    for moment in (datetime(2026, 9, 26, tzinfo=PARIS), datetime(2026, 10, 5, tzinfo=PARIS)):
        assert list(notifying.due(moment)) == []


def test_refused_mail_leaves_no_trace_and_is_tried_again(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise SMTPException("450 later")

    with monkeypatch.context() as broken, TestCase.captureOnCommitCallbacks(execute=True):
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        ask(me)
        outcome = telling.sweep(by=BY, now=ASKED, dry_run=False)["notice.deletion_requested"]
    assert (outcome.due, outcome.done, outcome.failed) == (1, 0, 1)
    assert swept(ASKED + timedelta(hours=1)) == ["requested"]


def test_dry_run_sends_nothing(me: User) -> None:
    ask(me)
    outcome = telling.sweep(by=BY, now=ASKED, dry_run=True)["notice.deletion_requested"]
    assert (outcome.due, outcome.done, mail.outbox) == (1, 0, [])
