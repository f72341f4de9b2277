"""Messages about phases: each once, only while true, whenever the sweep comes (PC-31, PC-32)."""

import json
from datetime import datetime, timedelta
from io import StringIO
from smtplib import SMTPException
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from adapters.boxes.models import Outgoing
from adapters.boxes.queue import MOST_ATTEMPTS
from audit.actors import Actor
from lifecycle import notifying, tasks
from lifecycle.actions import end_subscription, subscribe
from lifecycle.models import NoticeSent
from lifecycle.notices import Kind, notice_due
from lifecycle.phases import phase_of
from lifecycle.queries import facts_of
from lifecycle.states import Name
from praticonnect.schedule import SCHEDULE
from tests.letters import deliver
from tests.lifecycle.helpers import GRACE_ENDS, IN, PARIS, SIGNED_UP, TRIAL_ENDS, make_trial

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("test")
SECOND = timedelta(seconds=1)
WEEK_BEFORE = datetime(2026, 9, 26, tzinfo=PARIS)
DAY_BEFORE = datetime(2026, 10, 2, tzinfo=PARIS)


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


def swept(now: datetime) -> list[str]:
    """The kinds that one sweep sends."""
    outcomes = notifying.sweep(by=BY, now=now, dry_run=False)
    return [str(rule) for rule, outcome in outcomes.items() if outcome.done]


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (SIGNED_UP, None),
        (WEEK_BEFORE - SECOND, None),
        (WEEK_BEFORE, Kind.TRIAL_WEEK),
        (DAY_BEFORE - SECOND, Kind.TRIAL_WEEK),
        (DAY_BEFORE, Kind.TRIAL_DAY),
        (TRIAL_ENDS - SECOND, Kind.TRIAL_DAY),
        (TRIAL_ENDS, Kind.GRACE),
        (GRACE_ENDS - SECOND, Kind.GRACE),
        (GRACE_ENDS, Kind.FREE_LISTING),
    ],
)
def test_each_message_is_due_from_its_midnight_until_the_next(me: User, moment: datetime, kind: Kind | None) -> None:
    assert notice_due(phase_of(facts_of(me.pk), moment), moment) is kind


def test_hourly_sweeps_over_two_months_send_each_message_once(me: User) -> None:
    moment, sent = SIGNED_UP, []
    while moment < GRACE_ENDS + timedelta(days=20):
        sent += swept(moment)
        moment += timedelta(hours=7)
    assert sent == ["notice.trial_week", "notice.trial_day", "notice.grace", "notice.free_listing"]
    assert [one.subject for one in mail.outbox] == [
        "Your trial ends on 2 October 2026",
        "Your trial ends on 2 October 2026",
        "Everything stays open until 9 October 2026",
        "Patient files are closed, and kept as you left them",
    ]
    assert "until the end of 9 October 2026" in mail.outbox[0].body
    assert "http://localhost:8000/practitioner/subscription/" in mail.outbox[3].body


def test_late_sweep_sends_only_what_is_still_true(me: User) -> None:
    assert (swept(IN[Name.GRACE]), len(mail.outbox)) == (
        ["notice.grace"],
        1,
    )


def test_second_sweep_sends_nothing(me: User) -> None:
    assert (swept(DAY_BEFORE), swept(DAY_BEFORE), len(mail.outbox)) == (["notice.trial_day"], [], 1)


def test_next_grace_is_told_again(me: User) -> None:
    """One message for each phase that began, not one for ever."""
    swept(TRIAL_ENDS)
    deliver()
    subscribe(user=me, by=BY, now=TRIAL_ENDS + SECOND)
    assert swept(TRIAL_ENDS + SECOND) == []
    end_subscription(user=me, by=BY, now=TRIAL_ENDS + timedelta(days=30))
    assert swept(TRIAL_ENDS + timedelta(days=31)) == ["notice.grace"]
    deliver()
    assert NoticeSent.objects.filter(account_id=me.pk, kind="grace").count() == 2


def test_what_was_due_is_asked_again_before_it_is_sent(me: User) -> None:
    """Found by the sweep, subscribed before the message left: nothing leaves."""
    assert list(notifying.due(DAY_BEFORE)) == [(me.pk, Kind.TRIAL_DAY)]
    subscribe(user=me, by=BY, now=DAY_BEFORE)
    assert (notifying.send(account_id=me.pk, by=BY, now=DAY_BEFORE), mail.outbox) == (False, [])


@pytest.mark.parametrize(
    ("asked", "left", "subscribed", "sent"),
    [
        (TRIAL_ENDS, TRIAL_ENDS + timedelta(hours=1), False, 1),
        (TRIAL_ENDS, TRIAL_ENDS + timedelta(hours=1), True, 0),
        (TRIAL_ENDS, GRACE_ENDS, False, 0),
        (DAY_BEFORE, TRIAL_ENDS, False, 0),
    ],
)
def test_what_is_over_when_the_worker_comes_isn_t_sent(
    me: User, asked: datetime, left: datetime, subscribed: bool, sent: int
) -> None:
    swept(asked)
    if subscribed:
        subscribe(user=me, by=BY, now=asked + timedelta(minutes=1))
    Outgoing.objects.update(due_at=left)
    deliver()
    problems = list(Outgoing.objects.values_list("problem", flat=True))
    assert (len(mail.outbox), NoticeSent.objects.count(), problems) == (sent, sent, ["" if sent else "outdated"])


def test_refused_mail_leaves_no_trace_and_is_tried_again(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise SMTPException("450 later")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        assert (swept(DAY_BEFORE), deliver(), NoticeSent.objects.count()) == (["notice.trial_day"], 1, 0)
    assert (swept(DAY_BEFORE + timedelta(hours=1)), deliver(), NoticeSent.objects.count()) == ([], 1, 1)


@pytest.mark.parametrize(
    ("ended", "anew"),
    [
        ({"state": "failed", "attempts": MOST_ATTEMPTS}, True),
        ({"state": "dropped", "problem": "account_closed", "payload": None}, True),
        ({"state": "failed", "attempts": 1}, False),
        ({"state": "dropped", "problem": "broken", "payload": None}, False),
    ],
    ids=["no attempt got out", "account was closed", "refused for good", "given up by the office"],
)
def test_what_never_left_is_asked_for_anew_a_day_later(me: User, ended: dict[str, Any], anew: bool) -> None:
    """An outage of hours, an account that was blocked: what has to be said is said while it is still true."""
    hour = timedelta(hours=1)
    swept(TRIAL_ENDS)
    Outgoing.objects.update(ended_at=TRIAL_ENDS + 5 * hour, **ended)
    found = [swept(TRIAL_ENDS + after * hour) for after in (6, 28, 30, 31)]
    assert found == [[], [], ["notice.grace"] if anew else [], []]
    assert (deliver(), NoticeSent.objects.count(), len(mail.outbox)) == (int(anew),) * 3


def test_blocked_account_is_told_nothing(me: User) -> None:
    User.objects.filter(pk=me.pk).update(is_active=False)
    assert (swept(DAY_BEFORE), mail.outbox) == ([], [])


def test_account_blocked_after_the_sweep_found_it_is_told_nothing(me: User) -> None:
    assert list(notifying.due(DAY_BEFORE)) == [(me.pk, Kind.TRIAL_DAY)]
    User.objects.filter(pk=me.pk).update(is_active=False)
    assert (notifying.send(account_id=me.pk, by=BY, now=DAY_BEFORE), mail.outbox) == (False, [])


def test_finding_what_is_due_asks_as_often_for_many_as_for_one(me: User) -> None:
    """Who rests in free listing is asked about in each sweep, for years."""
    swept(GRACE_ENDS)
    counted = []
    for more in (0, 3):
        for _ in range(more):
            make_trial()
        swept(GRACE_ENDS)
        with CaptureQueriesContext(connection) as asked:
            assert list(notifying.due(GRACE_ENDS)) == []
        counted.append(len(asked))
    assert counted[0] == counted[1]


def test_message_is_in_the_account_s_language(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    User.objects.filter(pk=me.pk).update(language="fr")
    said: list[tuple[str, str, str]] = []

    def from_template(prefix: str, to: User, _values: object, *, language: str, **_named: object) -> None:
        said.append((prefix, to.email, language))

    monkeypatch.setattr("lifecycle.mails.from_template", from_template)
    swept(DAY_BEFORE)
    assert said == [("lifecycle/email/trial_ends", "camille@example.org", "fr")]


def test_sweep_command_counts_and_does(me: User, settings: Any) -> None:
    settings.TIME_TRAVEL = True

    def run(*words: str) -> dict[str, Any]:
        out = StringIO()
        call_command("sweep", "--json", "--now", DAY_BEFORE.isoformat(), *words, stdout=out)
        return json.loads(out.getvalue())["notice.trial_day"]

    assert run("--dry-run") == {"due": 1, "done": 0, "held": 0, "failed": 0}
    assert (run(), len(mail.outbox)) == ({"due": 1, "done": 1, "held": 0, "failed": 0}, 1)
    assert run() == {"due": 0, "done": 0, "held": 0, "failed": 0}


def test_schedule_rings_the_task(me: User) -> None:
    assert tasks.sweep.name in {entry["task"] for entry in SCHEDULE.values()}
    done = tasks.sweep()
    assert {f"notice.{kind}": done[f"notice.{kind}"] for kind in Kind} == {
        f"notice.{kind}": int(kind is Kind.FREE_LISTING) for kind in Kind
    }
