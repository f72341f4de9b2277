"""Resend's contract: what is asked of it, what it may answer, and what its events have to prove."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from adapters import inbox, resend
from adapters.content import HealthText, Plain
from adapters.door import Broken, Busy, Fault, Rejected
from adapters.grounds import NoGround, necessary
from adapters.models import Egress
from adapters.resend import Mail
from fakes.server import Fakes
from privacy.declare import Category
from privacy.ids import new_id
from tests.adapters.calls import NOW
from tests.adapters.contract import FAILURES, fails, names
from tests.fakes.calling import ask, here

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
SUBJECT = "account/email/login_code_subject.txt"
IN_CLEAR = "HEALTH-SEED migraine"


def words() -> Plain:
    return Plain.from_template(SUBJECT, {}, language="en")


def mail(**said: Any) -> Mail:
    return Mail(**{"to": "ada@example.org", "subject": words(), "text": words(), **said})


def sent(key: str = "k-1", **said: Any) -> str:
    return resend.send_message(mail(**said), key=key, ground=necessary("account_message", subject_id=new_id()), now=NOW)


def joined(email: str = "ada@example.org") -> str:
    return resend.join(email, ground=necessary("account_message"), now=NOW)


def left(contact: str) -> None:
    resend.leave(contact, ground=necessary("account_message"), now=NOW)


def listed() -> list[resend.Contact]:
    return resend.contacts(ground=necessary("account_message"), now=NOW)


def test_a_mail_is_asked_for_as_the_schema_has_it(fakes: Fakes) -> None:
    found = sent(headers={"List-Unsubscribe": "<https://x.example/>"})
    (call,) = fakes["resend"].calls
    assert (call.method, call.path, dict(call.query), call.headers["idempotency-key"]) == ("POST", "/emails", {}, "k-1")
    assert call.json() == {
        "from": "PratiConnect <bonjour@praticonnect.com>", "to": ["ada@example.org"], "subject": str(words()), "text": str(words()),
        "headers": {"List-Unsubscribe": "<https://x.example/>"},
    }  # fmt: skip
    assert list(fakes["resend"].mails) == [found]
    line = Egress.objects.get()
    assert (line.host, line.categories, line.ground) == ("api.resend.com", "contact", "account_message")


def test_the_same_key_sends_once_even_when_the_answer_is_lost(fakes: Fakes) -> None:
    fakes["resend"].fail_next(close=True, after=True)
    found = sent()
    assert (sent(), fakes.count, len(fakes["resend"].mails)) == (found, 3, 1)


def test_the_same_key_with_other_words_is_refused(fakes: Fakes) -> None:
    sent()
    with pytest.raises(Rejected) as refused:
        sent(to="eve@example.org")
    assert (refused.value.status, refused.value.code) == (409, "invalid_idempotent_request")


def test_a_mail_that_is_being_sent_is_waited_for(fakes: Fakes) -> None:
    fakes["resend"].fail_next(
        status=409, body={"statusCode": 409, "message": "", "name": "concurrent_idempotent_requests"}
    )
    with pytest.raises(Busy):
        sent()


@pytest.mark.parametrize(("trouble", "fault"), FAILURES, ids=names)
def test_each_way_to_fail_is_told_apart(fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]) -> None:
    fails(fakes["resend"], trouble, fault, sent)
    assert (fakes["resend"].mails == {}) is ("truncate" not in trouble)


@pytest.mark.parametrize("body", ["<html>", "{}", '{"id": 7}', "[]", '{"id": ""}'])
def test_an_answer_that_is_no_answer_breaks(fakes: Fakes, body: str) -> None:
    fakes["resend"].fail_next(status=200, body=body)
    with pytest.raises(Broken):
        sent()


def test_a_wrong_credential_is_said(fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS["resend"]["credentials"]["RESEND_API_KEY"] = "another"
    with pytest.raises(Rejected) as refused:
        sent()
    assert (refused.value.status, refused.value.code) == (403, "invalid_api_key")


def test_switched_off_nothing_leaves(fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS["resend"]["off"] = True
    for call in (sent, joined, listed, lambda: left("x")):
        with pytest.raises(Fault):
            call()
    assert fakes.count == 0


@pytest.mark.parametrize("where", ["subject", "text"])
@pytest.mark.parametrize("said", [IN_CLEAR, HealthText(IN_CLEAR)], ids=["text", "health"])
def test_words_that_no_template_made_leave_nothing(fakes: Fakes, where: str, said: object) -> None:
    with pytest.raises(TypeError):
        sent(**{where: said})
    with pytest.raises(NoGround):
        sent(categories=frozenset({Category.CONTACT, Category.HEALTH}))
    assert fakes.count == 0


def test_joining_twice_is_joining_once_and_brings_back_who_left(fakes: Fakes) -> None:
    first = joined()
    fakes["resend"].contacts[first].unsubscribed = True
    assert joined() == first
    assert [(one.email, one.unsubscribed) for one in listed()] == [("ada@example.org", False)]


def test_an_address_it_knows_already_is_found(fakes: Fakes) -> None:
    first = joined()
    fakes["resend"].fail_next(status=409, body={"name": "validation_error"})
    assert joined() == first


def test_leaving_twice_is_leaving_once(fakes: Fakes) -> None:
    first = joined()
    left(first)
    left(first)
    assert (listed(), fakes["resend"].contacts) == ([], {})


def test_long_lists_are_read_to_their_end(fakes: Fakes) -> None:
    there = [
        fakes["resend"].contacts.setdefault(str(n), resend.Contact(str(n), f"p{n}@example.org", False))
        for n in range(201)
    ]
    assert listed() == there
    assert fakes.count == 3


def came(fakes: Fakes, **changed: Any) -> int:
    """The status of an event that is brought to the product, with its headers or body changed."""
    notice = fakes["resend"].tell("email.delivered", {"email_id": "m"}, event=changed.pop("event", ""))
    headers = {name: value for name, value in {**notice.headers, **changed.pop("headers", {})}.items() if value}
    kind = headers.pop("Content-Type")
    body = changed.pop("body", notice.body)
    return Client().post(notice.path, body, content_type=kind, headers=headers).status_code


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"body": b'{"type": "email.bounced"}'}, 401),
        ({"headers": {"svix-id": "other"}}, 401),
        ({"headers": {"svix-signature": ""}}, 401),
        ({"headers": {"svix-signature": "v1,AAAA"}}, 401),
        ({"headers": {"svix-timestamp": ""}}, 401),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
    ],
    ids=["good", "body", "id", "unsigned", "wrong", "no moment", "type"],
)
def test_an_event_has_to_prove_its_sender(fakes: Fakes, changed: dict[str, Any], status: int) -> None:
    assert came(fakes, **changed) == status
    assert inbox.Incoming.objects.count() == (1 if status == 200 else 0)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_event_of_another_time_is_refused(fakes: Fakes, minutes: int) -> None:
    fakes.at(timezone.now() + timedelta(minutes=minutes))
    assert came(fakes) == 401


def test_an_event_that_comes_twice_is_kept_once(fakes: Fakes) -> None:
    assert [came(fakes, event="msg_same") for _time in range(2)] == [200, 200]
    assert [(one.kind, json.loads(one.body or "")["data"]) for one in inbox.Incoming.objects.all()] == [
        ("email.delivered", {"email_id": "m"})
    ]


def test_another_secret_proves_nothing(fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS["resend"]["credentials"]["RESEND_WEBHOOK_SECRET"] = "whsec_b3RoZXI="
    assert came(fakes) == 401
    settings.ADAPTERS["resend"]["credentials"]["RESEND_WEBHOOK_SECRET"] = ""
    assert came(fakes) == 401


def test_people_read_their_mail_and_say_what_happens(fakes: Fakes) -> None:
    provider, found = fakes["resend"], sent()
    status, shown = ask(fakes, "GET", "/resend/mailbox", host=here(fakes))
    assert (status, "ada@example.org" in shown, f"/resend/mail/{found}" in shown) == (200, True, True)
    assert str(words()) in ask(fakes, "GET", f"/resend/mail/{found}", host=here(fakes))[1]
    assert ask(fakes, "POST", f"/resend/mail/{found}/bounced", host=here(fakes))[0] == 303
    (notice,) = provider.notices
    assert json.loads(notice.body)["data"]["bounce"]["type"] == "Permanent"


def test_a_mail_program_s_button_is_there_with_both_headers_only(fakes: Fakes) -> None:
    one = {"List-Unsubscribe": "<http://localhost:8000/stop/>"}
    both = {**one, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    shown = [
        ask(fakes, "GET", f"/resend/mail/{sent(key=str(n), headers=heads)}", host=here(fakes))[1]
        for n, heads in enumerate(({}, one, both))
    ]
    assert ['action="http://localhost:8000/stop/"' in page for page in shown] == [False, False, True]
    assert 'name="List-Unsubscribe" value="One-Click"' in shown[2]
