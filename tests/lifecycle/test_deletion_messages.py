"""Messages about a deletion: start, seven days, one day, withdrawn, stopped; each once, only while true (PC-34)."""

from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from adapters.models import Outgoing
from audit.actors import Actor
from lifecycle import notifying
from lifecycle.deletion import telling
from lifecycle.deletion.actions import request_deletion, stop_after_change, waive_wait, withdraw_deletion
from lifecycle.deletion.messages import STILL_NEWS
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import NoticeSent
from lifecycle.states import Name
from tests.letters import deliver
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


def ask(user: User, now: datetime = ASKED, *, told: bool = True) -> None:
    """``told`` False: the message that the act queues is lost, so that the sweep has to find what is due."""
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, now).sha256, by=actor_of(user), now=now)
    if not told:
        Outgoing.objects.all().delete()


def withdraw(user: User, now: datetime = ASKED + SECOND, *, told: bool = True) -> None:
    withdraw_deletion(account_id=user.pk, by=actor_of(user), now=now)
    if not told:
        Outgoing.objects.all().delete()


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
    ask(me, told=False)
    assert swept(moment) == message


def test_hourly_sweeps_send_each_message_once(me: User) -> None:
    ask(me, told=False)
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


def test_start_is_told_with_the_act_and_not_again_by_the_sweep(me: User) -> None:
    ask(me)
    assert ([one.to for one in mail.outbox], swept(ASKED + SECOND)) == ([["camille@example.org"]], [])


def test_withdrawal_and_stop_are_told_with_the_act(me: User) -> None:
    ask(me)
    withdraw(me)
    assert deliver() == 2
    ask(me, ASKED + timedelta(days=1))
    assert deliver() == 1
    stop_after_change(account_id=me.pk, by=actor_of(me), now=ENDS - SECOND)
    assert [one.subject for one in mail.outbox] == [
        "Your account stays: the deletion is withdrawn",
        "Your account will be deleted on 21 October 2026",
        "The deletion of your account was stopped",
    ]
    assert "second factor of your account was changed" in mail.outbox[-1].body


def test_request_withdrawn_before_its_message_left_isnt_announced(me: User) -> None:
    ask(me, told=False)
    withdraw(me, told=False)
    assert swept(ASKED + 2 * SECOND) == ["withdrawn"]


def test_news_grow_old(me: User) -> None:
    ask(me, told=False)
    withdraw(me, told=False)
    assert swept(ASKED + SECOND + STILL_NEWS) == []


def test_second_request_is_told_anew(me: User) -> None:
    ask(me)
    assert deliver() == 1
    withdraw(me)
    ask(me, ASKED + timedelta(days=2))
    assert (deliver(), NoticeSent.objects.filter(kind="deletion_requested").count()) == (2, 2)


def test_nothing_is_said_after_a_waiver(me: User) -> None:
    ask(me, told=False)
    waive_wait(user=me, by=actor_of(me), now=ASKED + SECOND)
    assert (swept(ASKED + SECOND), Outgoing.objects.count()) == ([], 0)


def test_messages_of_the_contract_wait_too(me: User) -> None:
    """Who is leaving isn't asked to subscribe."""
    ask(me)
    for moment in (datetime(2026, 9, 26, tzinfo=PARIS), datetime(2026, 10, 5, tzinfo=PARIS)):
        assert list(notifying.due(moment)) == []


def test_refused_mail_leaves_no_trace_and_is_tried_again(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise SMTPException("450 later")

    ask(me)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        assert (deliver(), NoticeSent.objects.count()) == (1, 0)
    assert (swept(ASKED + timedelta(hours=1)), deliver(), NoticeSent.objects.count()) == ([], 1, 1)


def test_message_about_a_deletion_that_was_withdrawn_is_dropped(me: User) -> None:
    ask(me)
    withdraw(me)
    assert [one.subject for one in mail.outbox] == ["Your account stays: the deletion is withdrawn"]
    assert Outgoing.objects.get(state="dropped").problem == "outdated"


def test_dry_run_sends_nothing(me: User) -> None:
    ask(me, told=False)
    outcome = telling.sweep(by=BY, now=ASKED, dry_run=True)["notice.deletion_requested"]
    assert (outcome.due, outcome.done, mail.outbox) == (1, 0, [])
