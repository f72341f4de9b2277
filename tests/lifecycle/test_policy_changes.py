"""A change of the policy is announced, told once to everybody, and put before them again where it is material (MD-13)."""

import threading
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.access import Act
from accounts.closing import why_closed
from accounts.models import User
from adapters.boxes.models import Outgoing
from adapters.boxes.queue import MOST_ATTEMPTS
from audit.actors import Actor
from audit.models import EventEntry
from consents.models import ConsentEvent
from consents.queries import states
from lifecycle.changes import actions, promises, queries, telling, topics
from lifecycle.changes.rules import Answer, owed, refused
from lifecycle.models import NoticeSent, PolicyAnnouncement
from lifecycle.sweeping import sweeps
from lifecycle.tasks import tell_changes
from praticonnect.database import as_owner
from privacy.refusals import Refused
from tests.accounts.factories import make_patient, make_practitioner, make_staff, verified_client
from tests.consents.factories import choose, person
from tests.consents.versions import BEGINS, DAY, NEWS, PUBLISHED, prepare, put_on_file, written
from tests.letters import deliver

pytestmark = pytest.mark.django_db(databases="__all__")
BY = Actor.system("tests")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
CHANGE = "/privacy/change/"
OPERATIONS = Actor.operations("tests")


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org", now=PUBLISHED - HOUR)


@pytest.fixture
def version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 3, material, on file."""
    prepare(monkeypatch)


def announced(number: int = 3, **fields: Any) -> PolicyAnnouncement:
    return actions.announce(number=number, by=OPERATIONS, **{"now": PUBLISHED, **fields})


def swept(now: Any = PUBLISHED + HOUR, **fields: Any) -> tuple[int, int, int]:
    found = telling.sweep(by=BY, now=now, **{"dry_run": False, **fields})["notice.policy"]
    return found.due, found.done, found.failed


def answered(account: User, said: Answer, *, now: Any = BEGINS, asked: int = 3) -> None:
    actions.answer(
        account_id=account.pk, said=said, asked=asked, language="en", label="I accept", by=person(account.pk), now=now
    )


def refusal(call: Any) -> str:
    with pytest.raises(Refused) as refused_:
        call()
    return refused_.value.refusal.code


# ── announcing ──


def test_a_version_is_announced_once_with_its_journal_line(version: None) -> None:
    row = announced()
    assert (row.number, row.effective_on, row.material, row.actor_role) == (3, DAY, True, "operations")
    assert EventEntry.objects.filter(verb="lifecycle.policy_announced", object_id=str(row.pk)).count() == 1
    assert refusal(announced) == "announced"


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ((), "language"),
        (({"language": "en"},), "language"),
        (({"language": "en"}, {"language": "fr", "change": "minor"}), "apart"),
        (({"language": "en", "change": ""}, {"language": "fr", "change": ""}), "undeclared"),
        (({"language": "en", "news": ""}, {"language": "fr"}), "undeclared"),
    ],
)
def test_a_version_that_isnt_whole_is_not_announced(
    monkeypatch: pytest.MonkeyPatch, texts: tuple[dict[str, Any], ...], code: str
) -> None:
    put_on_file(monkeypatch, *(written(**text) for text in texts))
    assert refusal(announced) == code


def test_a_former_version_is_not_announced(monkeypatch: pytest.MonkeyPatch, version: None) -> None:
    prepare(monkeypatch, number=4, day=DAY + timedelta(days=1))
    assert refusal(lambda: announced(now=BEGINS + timedelta(days=1))) == "former"


def test_announcements_refuse_every_change_even_from_the_owner(version: None) -> None:
    announced()
    with (
        as_owner(),
        pytest.raises(DatabaseError, match="refused: evidence only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("update lifecycle_policyannouncement set material = false")


# ── telling ──


def test_everybody_with_an_account_is_told_once_in_their_language(me: User, version: None) -> None:
    patient, staff = make_patient("eloise@example.org", now=PUBLISHED), make_staff("dpo@example.org")
    User.objects.filter(pk=patient.pk).update(language="fr")
    User.objects.filter(pk=staff.pk).update(created_at=PUBLISHED)
    announced()
    mail.outbox.clear()
    assert (swept(dry_run=True), len(mail.outbox)) == ((3, 0, 0), 0)
    assert (swept(), swept()) == ((3, 3, 0), (0, 0, 0))
    told = {one.to[0]: (one.subject, NEWS["fr"] in one.body, NEWS["en"] in one.body) for one in mail.outbox}
    assert told["camille@example.org"] == ("The privacy policy changes on 10 December 2026", False, True)
    assert told["eloise@example.org"][1:] == (True, False)
    assert set(told) == {"camille@example.org", "eloise@example.org", "dpo@example.org"}
    assert sorted(NoticeSent.objects.values_list("kind", "account_id")) == sorted(
        ("policy.3.email", user.pk) for user in (me, patient, staff)
    )


def test_a_notice_names_the_controller_and_the_way_to_both_pages(me: User, version: None) -> None:
    announced()
    mail.outbox.clear()
    swept()
    body = mail.outbox[0].body
    assert [
        words in body
        for words in ("dpo@praticonnect.com", CHANGE, "first=2&second=3", "your export", "123 Avenue de la Santé")
    ] == [True] * 5


def test_who_came_after_the_version_or_is_gone_is_not_told(version: None) -> None:
    make_practitioner("late@example.org", now=BEGINS)
    gone = make_practitioner("gone@example.org", now=PUBLISHED)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    announced()
    assert swept(now=BEGINS + HOUR) == (0, 0, 0)


def test_nothing_is_told_of_a_version_that_isnt_announced_or_is_former(
    monkeypatch: pytest.MonkeyPatch, me: User, version: None
) -> None:
    assert swept() == (0, 0, 0)
    announced()
    prepare(monkeypatch, number=4, day=DAY + timedelta(days=1))
    assert swept(now=BEGINS + timedelta(days=2)) == (0, 0, 0)


def test_two_versions_are_told_of_one_after_the_other(monkeypatch: pytest.MonkeyPatch, me: User, version: None) -> None:
    prepare(monkeypatch, number=4, day=DAY + timedelta(days=9))
    announced()
    announced(4)
    assert [swept(), swept(), swept()] == [(1, 1, 0), (1, 1, 0), (0, 0, 0)]
    deliver()
    assert sorted(NoticeSent.objects.values_list("kind", flat=True)) == ["policy.3.email", "policy.4.email"]


def test_a_refused_mail_is_recorded_nowhere_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, me: User, version: None
) -> None:
    announced()
    with monkeypatch.context() as broken:
        broken.setattr("adapters.mail.EmailMessage.send", lambda self: (_ for _ in ()).throw(SMTPException("no")))
        assert (swept(), deliver(), NoticeSent.objects.count()) == ((1, 1, 0), 1, 0)
    assert (swept(), deliver(), NoticeSent.objects.count()) == ((0, 0, 0), 1, 1)


def test_a_day_without_mail_leaves_nobody_untold(me: User, version: None) -> None:
    """Every attempt failed for hours: the message is asked for anew, once."""
    announced()
    assert swept() == (1, 1, 0)
    Outgoing.objects.update(state="failed", attempts=MOST_ATTEMPTS, ended_at=PUBLISHED + 6 * HOUR)
    assert [swept(PUBLISHED + hours * HOUR) for hours in (7, 31, 32)] == [(0, 0, 0), (1, 1, 0), (0, 0, 0)]
    assert (deliver(), NoticeSent.objects.count()) == (1, 1)


def test_a_worker_killed_half_way_leaves_nobody_out_and_tells_nobody_twice(
    monkeypatch: pytest.MonkeyPatch, me: User, version: None
) -> None:
    for number in range(4):
        make_patient(f"patient{number}@example.org", now=PUBLISHED)
    announced()
    mail.outbox.clear()
    real, calls = topics.mails.change, []

    def dies_at_the_third(notice: Any, **said: Any) -> None:
        calls.append(notice.user.pk)
        if len(calls) == 3:
            raise KeyboardInterrupt
        real(notice, **said)

    with monkeypatch.context() as dying:
        dying.setattr(topics.mails, "change", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            swept()
    assert (len(mail.outbox), NoticeSent.objects.count()) == (2, 2)
    assert tell_changes() == 3
    assert sorted(one.to[0] for one in mail.outbox) == sorted(User.objects.values_list("email", flat=True))


def test_the_sweep_of_the_house_tells(version: None) -> None:
    assert telling.sweep in sweeps


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_two_workers_at_once_tell_once(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    me = make_practitioner("camille@example.org", now=PUBLISHED)
    announced()
    mail.outbox.clear()
    gate = threading.Barrier(2)

    def work() -> None:
        gate.wait()
        telling.send(account_id=me.pk, by=BY, now=PUBLISHED + HOUR)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(mail.outbox), NoticeSent.objects.filter(kind="policy.3.email").count()) == (1, 1)


# ── the site ──


def test_the_site_says_so_until_it_was_seen(me: User, version: None) -> None:
    announced()
    client = verified_client(me)
    with time_machine.travel(PUBLISHED + HOUR, tick=False):
        client = verified_client(me, now=PUBLISHED + HOUR)
        assert "Version 3 is in force from 10 December 2026" in client.get("/practitioner/").content.decode()
        page = client.get(CHANGE)
        assert [words in page.content.decode() for words in (NEWS["en"], "I have seen it", "I accept")] == [
            True,
            True,
            False,
        ]
        assert client.post(CHANGE, {"said": "seen", "asked": "3"}).status_code == 302
        client.post(CHANGE, {"said": "seen", "asked": "3"})
        assert "Version 3 is in force from" not in client.get("/practitioner/").content.decode()
    assert list(NoticeSent.objects.values_list("kind", "account_id")) == [("policy.3.site", me.pk)]


def test_a_visitor_and_somebody_with_nothing_to_see_go_elsewhere(me: User) -> None:
    assert Client().get(CHANGE)["Location"].startswith("/accounts/login/")
    assert verified_client(me).get(CHANGE)["Location"] == "/privacy/"


# ── accepting again ──


def test_a_material_change_is_put_before_the_person_from_its_first_second_on(me: User, version: None) -> None:
    announced()
    for moment, led in ((BEGINS - SECOND, False), (BEGINS, True)):
        with time_machine.travel(moment, tick=False):
            answer = verified_client(me, now=moment).get("/practitioner/patients/?q=a")
            assert (answer.status_code == 302) is led
    assert answer["Location"] == f"{CHANGE}?next=%2Fpractitioner%2Fpatients%2F%3Fq%3Da"


def test_rights_and_what_is_being_sent_are_never_held_up(me: User, version: None) -> None:
    announced()
    with time_machine.travel(BEGINS, tick=False):
        client = verified_client(me, now=BEGINS)
        assert client.get(reverse("gdpr:overview")).status_code == 200
        assert client.get(reverse("lifecycle:deletion")).status_code == 200
        assert client.get(reverse("records:today"), headers={"hx-request": "true"}).status_code == 200
        assert client.post(reverse("records:new"), {}).status_code != 302


def test_accepting_is_an_entry_of_the_ledger_and_opens_everything(me: User, version: None) -> None:
    announced()
    with time_machine.travel(BEGINS, tick=False):
        client = verified_client(me, now=BEGINS)
        page = client.get(CHANGE, {"next": "/practitioner/patients/"}).content.decode()
        assert ["I accept this version" in page, "I don't accept it" in page] == [True, True]
        done = client.post(CHANGE, {"said": "accept", "asked": "3", "next": "/practitioner/patients/"})
        assert (done["Location"], client.get(done["Location"]).status_code) == ("/practitioner/patients/", 200)
    entry = ConsentEvent.objects.filter(subject_id=me.pk, key="tos_privacy").latest("number")
    assert (entry.action, entry.policy_number, entry.control_label) == ("renewed", 3, "I accept this version")


def test_a_second_click_on_accept_writes_nothing_more(me: User, version: None) -> None:
    announced()
    answered(me, Answer.ACCEPT)
    assert refusal(lambda: answered(me, Answer.ACCEPT)) == "nothing"
    assert ConsentEvent.objects.filter(subject_id=me.pk, key="tos_privacy").count() == 2
    assert NoticeSent.objects.filter(kind="policy.3.site").count() == 1


def test_refusing_closes_care_keeps_rights_and_can_be_undone(me: User, version: None) -> None:
    announced()
    answered(me, Answer.REFUSE)
    assert states(me.pk, BEGINS)["tos_privacy"].on is False
    with time_machine.travel(BEGINS + HOUR, tick=False):
        client = verified_client(me, now=BEGINS + HOUR)
        assert client.get("/practitioner/patients/").status_code == 403
        opened = [reverse(name) for name in ("gdpr:overview", "gdpr:export", "lifecycle:deletion", "consents:switches")]
        assert [client.get(address).status_code for address in opened] == [200] * 4
        page = client.get(CHANGE).content.decode()
        assert ["I accept this version" in page, "I don't accept it" in page] == [True, False]
        client.post(CHANGE, {"said": "accept", "asked": "3"})
        assert client.get("/practitioner/patients/").status_code == 200


def test_a_patient_is_asked_in_the_portal_and_keeps_the_privacy_pages(version: None) -> None:
    patient = make_patient("eloise@example.org", now=PUBLISHED)
    announced()
    with time_machine.travel(BEGINS, tick=False):
        client = verified_client(patient, now=BEGINS)
        assert client.get(reverse("patient:home"))["Location"].startswith(CHANGE)
        assert client.get(reverse("patient_privacy:overview")).status_code == 200
        client.post(CHANGE, {"said": "refuse", "asked": "3"})
        assert client.get(reverse("patient:home")).status_code == 403
        client.post(CHANGE, {"said": "accept", "asked": "3"})
        assert client.get(reverse("patient:home")).status_code == 200


def test_a_minor_change_and_one_that_isnt_announced_ask_nobody(monkeypatch: pytest.MonkeyPatch, me: User) -> None:
    prepare(monkeypatch, change="minor")
    assert not queries.owes_answer(me.pk, BEGINS)
    announced()
    assert not queries.owes_answer(me.pk, BEGINS)
    prepare(monkeypatch, number=4, day=DAY + timedelta(days=1))
    assert not queries.owes_answer(me.pk, BEGINS + timedelta(days=2))


def test_an_answer_to_another_version_than_the_page_showed_is_refused(me: User, version: None) -> None:
    announced()
    assert refusal(lambda: answered(me, Answer.ACCEPT, asked=2)) == "changed"
    assert refusal(lambda: answered(me, Answer.REFUSE, now=BEGINS - SECOND)) == "nothing"
    assert ConsentEvent.objects.filter(subject_id=me.pk, key="tos_privacy").count() == 1


def test_an_answer_that_cannot_be_read_says_so(me: User, version: None) -> None:
    announced()
    with time_machine.travel(BEGINS, tick=False):
        answer = verified_client(me, now=BEGINS).post(CHANGE, {"said": "maybe", "asked": "3"})
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (400, True)


def test_who_ended_the_contract_before_owes_nothing_and_is_closed_nothing(me: User, version: None) -> None:
    announced()
    choose(person(me.pk), "tos_privacy", False, now=BEGINS - HOUR)
    assert not queries.owes_answer(me.pk, BEGINS)
    assert why_closed(me.pk, Act.CARE, now=BEGINS) is None


def test_a_refusal_still_counts_when_a_later_version_is_in_force(
    monkeypatch: pytest.MonkeyPatch, me: User, version: None
) -> None:
    announced()
    answered(me, Answer.REFUSE)
    prepare(monkeypatch, number=4, day=DAY + timedelta(days=1), change="minor")
    later = BEGINS + timedelta(days=3)
    assert why_closed(me.pk, Act.CARE, now=later) is not None
    answered(me, Answer.ACCEPT, now=later)
    assert (why_closed(me.pk, Act.CARE, now=later), queries.accepted_number(me.pk, later)) == (None, 4)


def test_an_answer_to_a_material_version_is_still_owed_under_a_minor_one(
    monkeypatch: pytest.MonkeyPatch, me: User, version: None
) -> None:
    announced()
    prepare(monkeypatch, number=4, day=DAY + timedelta(days=1), change="minor")
    later = BEGINS + timedelta(days=3)
    with time_machine.travel(later, tick=False):
        page = verified_client(me, now=later).get(CHANGE)
        assert (page.context["old"].number, page.context["new"].number) == (2, 4)
    answered(me, Answer.ACCEPT, now=later)
    assert not queries.owes_answer(me.pk, later)


def test_the_rules_of_owing_and_refusing_are_blind_to_other_keys(me: User) -> None:
    facts = queries.facts(me.pk, BEGINS)
    assert (owed(facts, [3]), owed(facts, []), refused(facts, [3])) == (3, 0, 0)
    assert (owed([], [3]), refused([], [3])) == (0, 0)


# ── the promise ──


def test_md_13_is_kept_while_everybody_is_told_in_time(me: User, version: None) -> None:
    announced()
    swept()
    assert promises.everybody_is_told_of_a_change(BEGINS).figures["told_by_email"] == 0
    deliver()
    found = promises.everybody_is_told_of_a_change(BEGINS)
    assert (found.kept, found.figures["announced"], found.figures["told_by_email"]) == (True, 1, 1)
    assert promises.a_material_change_is_put_before_people_again(BEGINS).kept


def test_md_13_breaks_when_somebody_is_left_out(me: User, version: None) -> None:
    announced()
    found = promises.everybody_is_told_of_a_change(PUBLISHED + promises.PATIENCE + SECOND)
    assert (found.kept, found.figures["left_untold"]) == (False, 1)


def test_md_13_breaks_when_a_version_came_into_force_unannounced(me: User, version: None) -> None:
    assert promises.everybody_is_told_of_a_change(BEGINS - SECOND).kept
    found = promises.everybody_is_told_of_a_change(BEGINS)
    assert (found.kept, found.figures["in_force_without_announcement"]) == (False, [3])


def test_md_13_breaks_when_it_was_announced_too_late(me: User, version: None) -> None:
    announced(now=BEGINS)
    swept(now=BEGINS)
    found = promises.everybody_is_told_of_a_change(BEGINS + HOUR)
    assert (found.kept, found.figures["announced_too_late"]) == (False, [3])


def test_md_13_breaks_when_a_version_doesnt_say_what_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_file(monkeypatch, *(written(language, change="") for language in ("en", "fr")))
    assert promises.everybody_is_told_of_a_change(PUBLISHED).figures["without_kind_of_change"] == [3]


def test_md_13_breaks_when_refusing_closes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "reasons", [])
    assert not promises.a_material_change_is_put_before_people_again(PUBLISHED).kept


def test_the_table_refuses_a_second_notice_of_one_version_and_channel(me: User) -> None:
    row = {"account_id": me.pk, "phase_since": BEGINS, "kind": "policy.3.email", "sent_at": PUBLISHED}
    NoticeSent.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        NoticeSent.objects.create(**row)
