"""The office's pages of the policy, the consent log and the registers (MD-13, PC-11, MD-05)."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit import supervision
from audit.actors import Actor
from audit.models import EventEntry
from consents import notices
from consents.extraction import BY, Wanted
from consents.extraction import entries as entries_of
from consents.models import ConsentEvent
from lifecycle.changes import actions, telling
from lifecycle.models import PolicyAnnouncement
from privacy.ids import new_id
from privacy.register import Register, entries
from tests.accounts.factories import WebClient, make_practitioner, make_staff, prove, verified_client
from tests.consents.factories import choose, person
from tests.consents.versions import BEGINS, PUBLISHED, prepare

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR = timedelta(hours=1)


@pytest.fixture
def dpo() -> User:
    return make_staff("dpo@example.org")


def office(dpo: User, *, fresh: bool = True) -> WebClient:
    """A client of the office at the present moment; ``fresh``: the factor was proved just now."""
    client = verified_client(dpo)
    if fresh:
        prove(client, dpo)
    return client


def listed(client: Client) -> list[tuple[int, int, int, int]]:
    rows = client.get(reverse("admin:policies")).context["rows"]
    return [(row.number, row.told, row.seen, row.accepted) for row in rows]


# ── the policy ──


def test_announcing_tells_everybody_and_the_page_counts_them(dpo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    me = make_practitioner("camille@example.org", now=PUBLISHED)
    prepare(monkeypatch)
    sent: list[int] = []
    monkeypatch.setattr("praticonnect.office_policies.tell_changes.delay", lambda: sent.append(1))
    with time_machine.travel(PUBLISHED + HOUR, tick=False):
        User.objects.filter(pk=dpo.pk).update(created_at=PUBLISHED)
        client = office(dpo)
        page = client.get(reverse("admin:policy", args=[3])).content.decode()
        assert [words in page for words in ("2 people are told by e-mail", "Announce it to everybody")] == [True, True]
        done = client.post(reverse("admin:policy_announce", args=[3]), {"sure": "on"})
        assert (done["Location"], sent, PolicyAnnouncement.objects.count()) == ("/admin/policies/3/", [1], 1)
        mail.outbox.clear()
        assert telling.send(account_id=me.pk, by=Actor.system("tests"), now=PUBLISHED + HOUR)
        assert len(mail.outbox) == 1
        page = client.get(reverse("admin:policy", args=[3])).content.decode()
        assert ["1 of 2" in page, "dpo@example.org" in page, "Announce it to everybody" in page] == [True, True, False]
        assert listed(client)[0] == (3, 1, 0, 0)


def test_announcing_wants_the_box_and_a_fresh_factor(dpo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    there = reverse("admin:policy_announce", args=[3])
    assert office(dpo, fresh=False).post(there, {"sure": "on"}).status_code in (302, 403)
    client = office(dpo)
    answer = client.post(there, {})
    assert (answer.status_code, "Tick the box" in answer.content.decode()) == (422, True)
    assert PolicyAnnouncement.objects.count() == 0
    client.post(there, {"sure": "on"})
    client.post(there, {"sure": "on"})
    assert PolicyAnnouncement.objects.count() == 1


def test_a_version_that_cannot_be_announced_says_why(dpo: User) -> None:
    client = office(dpo)
    page = client.get(reverse("admin:policy", args=[2])).content.decode()
    assert ["say what kind of change it is" in page, "Announce it to everybody" in page] == [True, False]
    assert client.get(reverse("admin:policy", args=[9])).status_code == 404
    client.post(reverse("admin:policy_announce", args=[2]), {"sure": "on"})
    assert PolicyAnnouncement.objects.count() == 0


def test_who_has_accepted_again_and_who_is_left_are_told_apart(dpo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [make_practitioner(f"p{number}@example.org", now=PUBLISHED) for number in range(3)]
    prepare(monkeypatch)
    actions.announce(number=3, by=Actor.operations("tests"), now=PUBLISHED)
    choose(person(people[0].pk), "tos_privacy", True, now=BEGINS)
    choose(person(people[1].pk), "tos_privacy", False, now=BEGINS)
    page = office(dpo).get(reverse("admin:policy", args=[3]), {"left": "unanswered"})
    found = page.context["figures"].answers
    assert (found.accepted, found.ended, found.left) == (1, 1, 1)
    assert [account.pk for account in page.context["page"].object_list] == [people[2].pk]


def test_the_list_asks_the_database_as_often_for_three_versions_as_for_two(
    dpo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = office(dpo)
    with CaptureQueriesContext(connection) as two:
        listed(client)
    prepare(monkeypatch)
    actions.announce(number=3, by=Actor.operations("tests"), now=PUBLISHED)
    with CaptureQueriesContext(connection) as three:
        assert len(listed(client)) == 3
    assert len(three) - len(two) in (0, 1)  # the office's own banner asks whether the version was seen


# ── the consent log ──


def decided(client: Client, **asked: str) -> list[tuple[str, str, str]]:
    page = client.get(reverse("admin:consent_log"), asked)
    assert page.status_code == 200
    return [(row["entry"].event.slot, row["entry"].event.action, row["account"]) for row in page.context["rows"]]


@pytest.fixture
def camille() -> User:
    me = make_practitioner("camille@example.org")
    choose(person(me.pk), "marketing_emails", True, now=timezone.now())
    choose(person(me.pk), "marketing_emails", False, now=timezone.now())
    return me


def test_the_log_is_filtered_by_key_decision_period_and_account(dpo: User, camille: User) -> None:
    other = make_practitioner("other@example.org")
    choose(person(other.pk), "marketing_emails", True, now=timezone.now() - timedelta(days=40))
    client, today = office(dpo), timezone.localdate().isoformat()
    mine = [("marketing_emails", act, "camille@example.org") for act in ("withdrawn", "given")]
    assert decided(client, slot="marketing_emails", account="camille@example.org") == mine
    assert decided(client, slot="marketing_emails", since=today) == mine
    assert decided(client, slot="marketing_emails", action="withdrawn") == mine[:1]
    assert decided(client, slot="marketing_emails", account=str(other.pk)) == [
        ("marketing_emails", "given", "other@example.org")
    ]
    assert decided(client, slot="analytics_product") == []


def test_the_log_has_a_title_for_every_switch_that_has_a_text() -> None:
    assert {text.slot for text in notices.catalogue()} == {notices.POLICY, *notices.every_slot()}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"slot": "fax"}, "fax"),
        ({"account": "nobody@example.org"}, "No account has this address now."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "This day comes before the first one."),
    ],
)
def test_a_question_that_makes_no_sense_says_why(dpo: User, asked: dict[str, str], words: str) -> None:
    for name in ("admin:consent_log", "admin:consent_log_csv"):
        page = office(dpo).get(reverse(name), asked)
        assert (page.status_code, words in page.content.decode()) == (422, True)


def test_the_log_is_taken_away_whole_in_pieces_and_journaled(
    dpo: User, camille: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "CHUNK", 2)
    answer = office(dpo).get(reverse("admin:consent_log_csv"), {"account": "camille@example.org"})
    lines = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    held = ConsentEvent.objects.filter(subject_id=camille.pk)
    assert (len(lines), {line["account"] for line in lines}) == (held.count(), {"camille@example.org"})
    assert [line["entry"] for line in lines] == [str(n) for n in range(held.count(), 0, -1)]
    detail = EventEntry.objects.get(verb="consents.extracted").detail
    assert detail == {"filters": "account"}


def test_a_cell_of_the_log_cannot_calculate(dpo: User) -> None:
    stranger = new_id()
    by = person(stranger)
    choose(by, "marketing_emails", True, now=timezone.now())
    from consents.models import EventOrigin

    EventOrigin.objects.create(event_id=ConsentEvent.objects.get(subject_id=stranger).pk, at=timezone.now(), ip=None,
                               user_agent="=1+1")  # fmt: skip
    answer = office(dpo).get(reverse("admin:consent_log_csv"), {"account": str(stranger)})
    assert "=1+1" not in b"".join(answer.streaming_content).decode().replace("'=1+1", "")  # type: ignore[attr-defined]


def test_taking_the_log_away_wants_a_fresh_factor(dpo: User, camille: User) -> None:
    answer = office(dpo, fresh=False).get(reverse("admin:consent_log_csv"))
    assert (answer.status_code, EventEntry.objects.filter(verb="consents.extracted").count()) == (302, 0)


def test_pages_of_the_log_go_on_by_key_and_ask_the_database_as_often(
    dpo: User, camille: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("praticonnect.office_consents.PAGE", 1)
    client = office(dpo)
    first = client.get(reverse("admin:consent_log"))
    with CaptureQueriesContext(connection) as one:
        second = client.get(reverse("admin:consent_log"), {"before": str(first.context["more"])})
    assert second.context["rows"][0]["entry"].event.pk < first.context["rows"][0]["entry"].event.pk
    monkeypatch.setattr("praticonnect.office_consents.PAGE", 3)
    with CaptureQueriesContext(connection) as three:
        client.get(reverse("admin:consent_log"), {"before": str(first.context["more"])})
    assert len(one) == len(three)
    assert client.get(reverse("admin:consent_log"), {"before": "x"}).status_code == 200


def test_a_page_of_an_old_period_is_read_off_the_index(dpo: User) -> None:
    """The rows of a period come in their order: nothing newer is passed over, nothing is sorted."""
    long_ago = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    for days in (0, 1, 2):
        choose(person(new_id()), "marketing_emails", True, now=long_ago + timedelta(days=days))
    wanted = Wanted(since=long_ago, until=long_ago + timedelta(days=2))
    first, more = supervision.page_of(entries_of(wanted), before=None, size=1, by=BY)
    second, end = supervision.page_of(entries_of(wanted), before=more, size=1, by=BY)
    assert ([row.at for row in (*first, *second)], end) == ([long_ago + timedelta(days=1), long_ago], None)
    with connection.cursor() as cursor:
        # so few rows are read in any way; the one without a sort has to be there
        cursor.execute("set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort = off")
    plan = entries_of(wanted)[:51].explain()
    assert ("consents_event_by_time" in plan, "Sort" in plan, "Filter" in plan) == (True, False, False)


# ── the registers ──


def test_both_registers_of_praticonnect_are_there_with_controller_and_schedule(dpo: User) -> None:
    page = office(dpo).get(reverse("admin:processing_register"))
    shown = [activities for _title, activities in page.context["registers"]]
    assert [[entry.title for entry in found] for found in shown] == [
        [entry.title for entry in entries(kind, on=timezone.localdate())]
        for kind in (Register.PRATICONNECT, Register.PROCESSOR)
    ]
    words = page.content.decode()
    assert [said in words for said in ("PratiConnect SAS", "dpo@praticonnect.com", "print.css", "PC-41")] == [True] * 4


@pytest.mark.parametrize("name", ["policies", "consent_log", "consent_log_csv", "processing_register"])
def test_the_pages_are_the_offices_alone(name: str) -> None:
    assert verified_client(make_practitioner()).get(reverse(f"admin:{name}")).status_code == 404
