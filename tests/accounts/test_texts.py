"""Text messages: a number counts once proved, and what goes there is true, by day, on record, and on its ground (PC-34, PC-99)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts import hooks
from accounts.models import TextNumber, TextSent, User
from accounts.texts import actions, rules, sending
from adapters import outbox
from adapters.models import Egress, Incoming, Outgoing
from adapters.texts import write
from audit.models import EventEntry
from fakes.server import Fakes
from gdpr_requests.desk import texting
from privacy.refusals import Refused
from tests.accounts.factories import make_practitioner, verified_client
from tests.accounts.factories import prove as prove_it
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")
NUMBER = "+33612345678"
NOW = datetime.fromisoformat("2026-11-18T11:00:00+00:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def user() -> User:
    return make_practitioner("camille@example.org")


@pytest.fixture
def phone(fakes: Fakes) -> Any:  # noqa: F811 - a fixture
    """The stand-in's phone."""
    return fakes["bulkgate"]


def work(now: datetime = NOW) -> int:
    """Send the text messages that are due; returns how many were tried."""
    rows = list(Outgoing.objects.filter(kind=sending.KIND, state="waiting", due_at__lte=now).order_by("pk"))
    for row in rows:
        outbox.finish(row, outbox.attempt(row, now=now), now=now)
    return len(rows)


def texts(phone: Any) -> list[str]:
    return [one.text for one in phone.messages.values()]


def code_of(phone: Any) -> str:
    found = re.match(r"[0-9]{6}", texts(phone)[-1])
    assert found
    return found[0]


def ask(user: User, now: datetime = NOW, number: str = NUMBER) -> None:
    actions.ask(user=user, number=number, by=actor_of(user), now=now)


def prove(user: User, code: str, now: datetime = NOW) -> str:
    """What stands in the way; "" when it was taken."""
    try:
        actions.prove(user=user, code=code, by=actor_of(user), now=now)
    except Refused as refused:
        return refused.refusal.code
    return ""


def proved(user: User, phone: Any, now: datetime = NOW) -> None:
    ask(user, now)
    assert (work(now), prove(user, code_of(phone), now)) == (1, "")


def tell(user: User, kind: str = "deletion_withdrawn", now: datetime = NOW, **how: Any) -> None:
    sending.tell(user, kind, {}, now=now, **how)


def test_a_number_counts_once_its_code_came_back(user: User, phone: Any) -> None:
    ask(user)
    tell(user)
    assert (work(), len(texts(phone)), TextNumber.objects.get().proved_at) == (1, 1, None)
    code = code_of(phone)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert [prove(user, wrong), prove(user, code), prove(user, code)] == ["wrong_code", "", "no_code"]
    tell(user)
    assert (work(), len(texts(phone)), TextNumber.objects.get().proved_at) == (1, 2, NOW)


def test_a_code_lasts_ten_minutes_and_five_tries(user: User, phone: Any) -> None:
    ask(user)
    work()
    code = code_of(phone)
    assert prove(user, code, NOW + rules.CODE_LIFE) == "no_code"
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert [prove(user, wrong) for _try in range(6)] == ["wrong_code"] * 5 + ["no_code"]
    assert prove(user, code) == "no_code"


def test_codes_are_few_and_far_between(user: User, phone: Any) -> None:
    for number in range(rules.MOST_A_DAY):
        ask(user, NOW + number * MINUTE)
        work(NOW + number * MINUTE)
    codes = []
    for moment in (NOW + 4.5 * MINUTE, NOW + 10 * MINUTE):
        with pytest.raises(Refused) as refused:
            ask(user, moment)
        codes.append(refused.value.refusal.code)
    actions.remove(user=user, by=actor_of(user), now=NOW)
    with pytest.raises(Refused):
        ask(user, NOW + 11 * MINUTE)
    ask(user, NOW + rules.DAY + 5 * MINUTE)
    assert (codes, len(texts(phone))) == (["too_soon", "too_many"], 5)


def test_without_a_service_no_number_is_taken(user: User) -> None:
    with pytest.raises(Refused) as refused:
        ask(user)
    assert (refused.value.refusal.code, TextNumber.objects.exists()) == ("no_way", False)


@pytest.mark.parametrize(
    ("hour", "due"),
    [
        ("2026-11-18T00:00+01:00", "2026-11-18T08:00+01:00"),
        ("2026-11-18T07:59+01:00", "2026-11-18T08:00+01:00"),
        ("2026-11-18T08:00+01:00", "2026-11-18T08:00+01:00"),
        ("2026-11-18T19:59+01:00", "2026-11-18T19:59+01:00"),
        ("2026-11-18T20:00+01:00", "2026-11-19T08:00+01:00"),
        ("2026-10-24T23:00+02:00", "2026-10-25T08:00+01:00"),
        ("2026-12-31T22:00+00:00", "2027-01-01T08:00+01:00"),
    ],
)
def test_what_can_wait_comes_by_day(hour: str, due: str) -> None:
    assert rules.waking(datetime.fromisoformat(hour)) == datetime.fromisoformat(due)


def test_a_number_taken_away_gets_nothing_that_waited(user: User, phone: Any) -> None:
    proved(user, phone)
    tell(user)
    actions.remove(user=user, by=actor_of(user), now=NOW)
    work()
    assert list(Outgoing.objects.filter(kind=sending.KIND).order_by("pk").values_list("state", "problem")) == [
        ("done", ""),
        ("dropped", "no_number"),
    ]


def test_who_answered_stop_gets_codes_only(user: User, phone: Any) -> None:
    proved(user, phone)
    texting.refuse_texts(number=NUMBER, by=actor_of(user), now=NOW)
    tell(user)
    work()
    ask(user, NOW + MINUTE)
    work(NOW + MINUTE)
    assert list(Outgoing.objects.filter(kind=sending.KIND).order_by("pk").values_list("state", "problem")) == [
        ("done", ""), ("dropped", "texts_refused"), ("done", ""),
    ]  # fmt: skip


def test_who_answered_stop_reads_it_and_may_have_messages_again(user: User, phone: Any) -> None:
    with time_machine.travel(NOW, tick=False):
        proved(user, phone)
        client, page = verified_client(user, now=NOW), reverse("accounts:texts")
        prove_it(client, user)
        said = "STOP was answered from this number"
        assert said not in client.get(page).content.decode()
        texting.refuse_texts(number=NUMBER, by=actor_of(user), now=NOW)
        assert said in client.get(page).content.decode()
        assert client.post(page, {"act": "again"}).status_code == 302
        assert said not in client.get(page).content.decode()
        assert list(EventEntry.objects.filter(verb__startswith="gdpr.texts").order_by("pk").values_list("verb", flat=True)) == [
            "gdpr.texts.refused", "gdpr.texts.taken_again",
        ]  # fmt: skip
    tell(user)
    work()
    assert Outgoing.objects.filter(kind=sending.KIND).latest("pk").state == "done"


def test_nobody_has_messages_come_to_a_number_that_isn_t_proved(user: User, phone: Any) -> None:
    texting.refuse_texts(number=NUMBER, by=actor_of(user), now=NOW)
    ask(user)
    with pytest.raises(Refused, match="Prove the number first"):
        actions.take_again(user=user, by=actor_of(user), now=NOW)
    assert texting.refuses_texts(NUMBER)


def test_the_dead_are_texted_nothing(user: User, phone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    proved(user, phone)
    tell(user)
    sending.say_goodbye(user, NOW)
    monkeypatch.setattr(hooks, "silences", [lambda account_id: account_id == user.pk])
    before = len(texts(phone))
    assert (work(), len(texts(phone))) == (2, before)
    left = Outgoing.objects.filter(kind=sending.KIND).order_by("pk").values_list("state", "problem")
    assert list(left) == [("done", ""), ("dropped", "holder_died"), ("dropped", "holder_died")]


def test_a_code_goes_to_the_number_it_was_made_for_and_in_time(user: User, phone: Any) -> None:
    """The first waits while the number is changed; the last until its ten minutes are over."""
    other = "+33698765432"
    ask(user)
    ask(user, NOW + MINUTE, number=other)
    work(NOW + MINUTE)
    ask(user, NOW + 2 * MINUTE, number=other)
    work(NOW + 12 * MINUTE)
    assert list(Outgoing.objects.filter(kind=sending.KIND).order_by("pk").values_list("state", "problem")) == [
        ("dropped", "code_over"), ("done", ""), ("dropped", "code_over"),
    ]  # fmt: skip
    assert len(texts(phone)) == 1


@pytest.mark.parametrize(
    ("reports", "state"),
    [(["delivered"], "delivered"), (["undelivered"], "lost"), (["undelivered", "delivered"], "delivered"), (["delivered", "undelivered"], "delivered")],
)  # fmt: skip
def test_what_became_of_a_message_is_noted_in_any_order(user: User, phone: Any, reports: list[str], state: str) -> None:
    ask(user)
    work()
    (message,) = phone.messages.values()
    for number, status in enumerate(reports):
        notice = phone.report(message, status)
        texting.heard(
            Incoming(subprocessor="bulkgate", event_id=str(number), kind="reports", body=notice.body.decode()), NOW
        )
    assert TextSent.objects.get().state == state
    assert NUMBER not in str(TextSent.objects.values().get())


def test_its_line_names_ground_and_data_and_its_words_fit_one_segment(user: User, phone: Any) -> None:
    proved(user, phone)
    tell(user)
    work()
    assert list(Egress.objects.order_by("pk").values_list("ground", "categories")) == [
        ("login_code", "contact,credential"),
        ("deletion_notice", "contact"),
    ]
    assert [write(text).segments for text in texts(phone)] == [1, 1]


def test_the_last_word_outlives_the_account_and_holds_its_number_until_it_left(user: User, phone: Any) -> None:
    proved(user, phone)
    sending.say_goodbye(user, NOW)
    Outgoing.objects.filter(subject_id=user.pk).delete()
    TextNumber.objects.all().delete()
    assert work() == 1
    row = Outgoing.objects.get(kind=sending.KIND)
    assert (row.state, row.payload, "your account was deleted" in texts(phone)[-1]) == ("done", None, True)


def test_page_takes_a_number_and_its_code_and_says_what_is_wrong(user: User, phone: Any, now: datetime) -> None:
    page = reverse("accounts:texts")
    with time_machine.travel(NOW, tick=False):
        client = verified_client(user, now=NOW)
        prove_it(client, user)
        wrong = client.post(page, {"act": "number", "number": "01 42 68 53 00"})
        assert (wrong.status_code, "Give a mobile number" in wrong.content.decode()) == (422, True)
        assert client.post(page, {"act": "number", "number": "06 12 34 56 78"}).status_code == 302
        work()
        assert "was sent to +33612345678" in client.get(page).content.decode()
        assert client.post(page, {"act": "code", "code": "12"}).status_code == 422
        code = code_of(phone)
        assert client.post(page, {"act": "code", "code": f"{code[:3]} {code[3:]}"}).status_code == 302
        shown = client.get(page).content.decode()
        assert ("Forget this number" in shown, "a code for this number" in shown) == (True, True)
        assert client.post(page, {"act": "remove"}).status_code == 302
    assert not TextNumber.objects.exists()
