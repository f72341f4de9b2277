"""Practitioners are told once of a change of subprocessors, see it on their pages, and can object while it isn't in force (PC-90)."""

from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
import time_machine
from django.core import mail

from accounts.models import User
from audit.actors import Actor
from gdpr_requests.integrations import actions
from gdpr_requests.integrations.queries import objections
from gdpr_requests.models import Request
from lifecycle.changes import register, telling
from lifecycle.changes.promises import every_practitioner_is_told_of_a_change_of_subprocessors as told_promise
from lifecycle.changes.topics import OF_REGISTER
from lifecycle.models import NoticeSent
from privacy.deadlines import Right
from privacy.refusals import Refused
from subprocessors.queries import coming
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.consents.factories import person
from tests.letters import deliver
from tests.subprocessors.versions import BEGINS, TOLD, announced, prepare

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("tests")
SECOND, HOUR, DAYS = timedelta(seconds=1), timedelta(hours=1), timedelta(days=3)
CHANGE = "/practitioner/settings/gdpr/subprocessors/"


@pytest.fixture
def me(monkeypatch: pytest.MonkeyPatch) -> User:
    """A practitioner, and a change that was announced after they came."""
    account = make_practitioner("camille@example.org", now=TOLD - HOUR)
    prepare(monkeypatch)
    announced()
    mail.outbox.clear()
    return account


def swept(now: Any = TOLD + HOUR, *, dry_run: bool = False) -> tuple[int, int, int]:
    found = telling.sweep(by=BY, now=now, dry_run=dry_run)["notice.register"]
    return found.due, found.done, found.failed


def objected(account: User, *, asked: int = 2, now: Any = TOLD + HOUR) -> Request:
    return actions.object_to(account_id=account.pk, asked=asked, text="Not BulkGate.", by=person(account.pk), now=now)


def code(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def test_practitioners_are_told_once_and_patients_are_not(me: User) -> None:
    make_patient("eloise@example.org", now=TOLD - HOUR)
    late = make_practitioner("late@example.org", now=BEGINS)
    mail.outbox.clear()
    assert (swept(dry_run=True), swept(), swept()) == ((1, 0, 0), (1, 1, 0), (0, 0, 0))
    assert [(one.to, one.subject) for one in mail.outbox] == [
        (["camille@example.org"], "Who processes data for us changes on 24 December 2026")
    ]
    assert [words in mail.outbox[0].body for words in (CHANGE, "until 23 December 2026", "dpo@praticonnect.com")] == [
        True
    ] * 3
    assert list(NoticeSent.objects.filter(kind__startswith="register").values_list("kind", "account_id")) == [
        ("register.2.email", me.pk)
    ]
    assert not telling.send(account_id=late.pk, by=BY, now=TOLD + HOUR, topic=OF_REGISTER)


def test_a_mail_that_is_refused_is_tried_again(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*args: Any, **kwargs: Any) -> None:
        raise SMTPException

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuses)
        assert (swept(), deliver(), NoticeSent.objects.count()) == ((1, 1, 0), 1, 0)
    assert (swept(), deliver(), NoticeSent.objects.count()) == ((0, 0, 0), 1, 1)


def test_from_its_day_on_nobody_is_told_any_more(me: User) -> None:
    assert swept(BEGINS) == (0, 0, 0)


def test_the_promise_breaks_when_somebody_waits_or_was_told_twice(me: User) -> None:
    assert [told_promise(when).kept for when in (TOLD + HOUR, TOLD + DAYS)] == [True, False]
    swept()
    assert not told_promise(TOLD + DAYS).kept
    deliver()
    assert told_promise(TOLD + DAYS).kept
    NoticeSent.objects.create(account_id=me.pk, phase_since=TOLD, kind="register.2.email", sent_at=TOLD)
    assert told_promise(TOLD + DAYS).figures["told_twice"] == 1


def test_the_banner_stands_until_it_was_seen_or_the_change_is_in_force(me: User) -> None:
    patient = make_patient("eloise@example.org", now=TOLD - HOUR)
    assert [bool(register.unseen(me, when)) for when in (TOLD - SECOND, TOLD, BEGINS - SECOND, BEGINS)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert register.unseen(patient, TOLD) is None
    for _twice in range(2):
        actions.see(account_id=me.pk, asked=2, by=person(me.pk), now=TOLD)
    assert register.unseen(me, TOLD) is None
    assert NoticeSent.objects.filter(kind="register.2.site").count() == 1


def test_an_objection_is_a_request_of_that_change(me: User) -> None:
    filed, found = objected(me), coming(TOLD + HOUR)
    assert found is not None
    assert (Right(filed.right), filed.account_id, list(objections(found.announcement))) == (
        Right.SUBPROCESSORS,
        me.pk,
        [filed],
    )
    assert code(lambda: objected(me)) == "again"
    assert register.unseen(me, TOLD + HOUR) is None


def test_objecting_ends_with_the_last_second_of_the_window(me: User) -> None:
    assert code(lambda: objected(me, asked=3)) == "changed"
    assert code(lambda: objected(me, now=BEGINS)) == "over"
    assert code(lambda: objected(me, now=TOLD - SECOND)) == "over"
    last = objected(me, now=BEGINS - SECOND)
    found = coming(BEGINS - SECOND)
    assert found is not None
    assert list(objections(found.announcement)) == [last]


def test_the_page_shows_the_change_and_takes_the_objection(me: User) -> None:
    with time_machine.travel(TOLD + HOUR, tick=False):
        client = verified_client(me)
        shown = client.get(CHANGE)
        bare = client.post(CHANGE, {"asked": "2", "said": "object", "text": ""})
        done = client.post(CHANGE, {"asked": "2", "said": "object", "text": "Not BulkGate."})
        after = client.get(CHANGE).content.decode()
    assert [title for title, _lines in shown.context["sections"]] == ["BulkGate", "Newcomer", "Amazon Web Services"]
    assert (bare.status_code, list(bare.context["form"].errors)) == (422, ["text"])
    filed = Request.objects.get(right=Right.SUBPROCESSORS.value)
    assert done["Location"] == f"/practitioner/settings/gdpr/requests/{filed.pk}/"
    assert f"your objection has the number {filed.number}" in after


def test_seeing_it_takes_the_banner_away(me: User) -> None:
    words = "You can object until 23 December 2026."
    with time_machine.travel(TOLD + HOUR, tick=False):
        client = verified_client(me)
        before = client.get("/practitioner/settings/gdpr/").content.decode()
        assert client.post(CHANGE, {"asked": "2", "said": "seen"})["Location"] == CHANGE
        after = client.get("/practitioner/settings/gdpr/").content.decode()
    assert (words in before, words in after) == (True, False)


def test_without_a_change_the_page_leads_to_the_register() -> None:
    me = make_practitioner("camille@example.org", now=TOLD - HOUR)
    with time_machine.travel(TOLD, tick=False):
        client = verified_client(me)
        answers = client.get(CHANGE), client.post(CHANGE, {"asked": "2", "said": "seen"})
    assert [answer["Location"] for answer in answers] == ["/privacy/subprocessors/"] * 2
