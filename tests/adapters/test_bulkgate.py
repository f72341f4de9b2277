"""BulkGate's contract, and how a text message is written: GSM 7-bit, folded French, segments."""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from adapters import bulkgate, inbox, journal, outbox
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.bulkgate import Text
from adapters.content import Code, HealthText, Plain
from adapters.door import Broken, Fault, Rejected
from adapters.grounds import NoGround, necessary
from adapters.models import Egress
from adapters.outbox import Undeliverable
from adapters.states import State
from adapters.texts import write
from fakes.server import Fakes
from gdpr_requests.models import Objection
from privacy.declare import Category
from privacy.ids import new_id
from tests.adapters.calls import NOW
from tests.adapters.contract import FAILURES, fails, names
from tests.fakes.calling import ask, here

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
CODE = "adapters/sms/login_code.txt"


def words() -> Plain:
    return Plain.from_template(CODE, {"code": Code("482913")}, language="fr")


def text(**said: Any) -> Text:
    categories = frozenset({Category.CONTACT, Category.CREDENTIAL})
    return Text(**{"number": "+33612345678", "words": words(), "tag": "t-1", "categories": categories, **said})


def sent(name: str = "login_code", **said: Any) -> bulkgate.Sent:
    return bulkgate.send_text(text(**said), ground=necessary(name, subject_id=new_id()), now=NOW)


@pytest.mark.parametrize(
    ("said", "written", "unicode", "signs", "segments"),
    [
        ("Votre rendez-vous à 9 h", "Votre rendez-vous à 9 h", False, 23, 1),
        ("âêîôûëïçœÈÀ", "aeioueicoeEA", False, 12, 1),
        ("« L’été »", '" L\'été "', False, 9, 1),
        ("é è ù à ì ò Ç É", "é è ù à ì ò Ç É", False, 15, 1),
        ("10 €", "10 €", False, 5, 1),
        ("a" * 160, "a" * 160, False, 160, 1),
        ("a" * 161, "a" * 161, False, 161, 2),
        ("ê" * 306, "e" * 306, False, 306, 2),
        ("ê" * 307, "e" * 307, False, 307, 3),
        ("שלום", "שלום", True, 4, 1),
        ("ש" * 70, "ש" * 70, True, 70, 1),
        ("ש" * 71, "ש" * 71, True, 71, 2),
        ("שê", "שê", True, 2, 1),
        ("a😀", "a😀", True, 3, 1),
    ],
)
def test_a_text_is_folded_and_counted(said: str, written: str, unicode: bool, signs: int, segments: int) -> None:
    found = write(said)
    assert (found.text, found.unicode, found.signs, found.segments) == (written, unicode, signs, segments)


@pytest.mark.parametrize("said", ["", "  ", "a" * 613, "€" * 307, "ש" * 269])
def test_a_text_that_can_t_be_one_message_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="1 to 612 signs, 268 in Unicode"):
        write(said)


def test_a_text_is_asked_for_as_the_schema_has_it(fakes: Fakes) -> None:
    found = sent()
    (call,) = fakes["bulkgate"].calls
    assert (call.method, call.path, dict(call.query)) == ("POST", "/api/2.0/advanced/transactional", {})
    assert call.json() == {
        "application_id": "stand-in-bulkgate_application_id", "application_token": "stand-in-bulkgate_application_token",
        "number": "33612345678", "text": "PratiConnect : votre code est 482913. Ne le donnez à personne.", "duplicates_check": "on", "tag": "t-1",
        "channel": {"sms": {"sender_id": "gText", "sender_id_value": "PratiCo", "unicode": False}},
    }  # fmt: skip
    assert (list(fakes["bulkgate"].messages), found.segments) == ([found.message_id], 1)
    line = Egress.objects.get()
    assert (line.host, line.categories, line.ground) == ("portal.bulkgate.com", "contact,credential", "login_code")


@pytest.mark.parametrize(("trouble", "fault"), FAILURES, ids=names)
def test_each_way_to_fail_is_told_apart_and_nothing_is_sent_twice(
    fakes: Fakes, trouble: dict[str, Any], fault: type[Fault]
) -> None:
    fails(fakes["bulkgate"], trouble, fault, sent, times=1)
    assert (fakes.count, fakes["bulkgate"].messages == {}) == (1, "truncate" not in trouble)


def test_within_five_minutes_the_same_words_arrive_once(fakes: Fakes) -> None:
    fakes.at(NOW)
    fakes["bulkgate"].fail_next(close=True, after=True)
    with pytest.raises(Broken):
        sent()
    sent()
    assert len(fakes["bulkgate"].messages) == 1


SECONDS = timedelta(seconds=1)


def text_row(attempts: int) -> Outgoing:
    """A row of the outbox whose first attempt was begun now."""
    with transaction.atomic():
        row = outbox.enqueue(kind="accounts.text", payload={}, ground=GroundRef.necessary("login_code"), now=NOW)
    Outgoing.objects.filter(pk=row.pk).update(attempts=attempts)
    return row


def tried(fakes: Fakes, row: Outgoing, seconds: int) -> bulkgate.Sent:
    fakes.at(NOW + seconds * SECONDS)
    return bulkgate.send_text(text(), outgoing_id=row.pk, ground=necessary("login_code"), now=NOW + seconds * SECONDS)


@pytest.mark.parametrize(
    ("trouble", "later", "arrives"),
    [
        ({"close": True, "after": True}, 150, 1),
        ({"close": True, "after": True}, 310, None),
        ({"status": 502}, 310, None),
        ({"status": 429}, 310, 1),
        ({"status": 401}, 310, 1),
    ],
    ids=["remembered", "answer lost", "their fault", "busy", "not let in"],
)
def test_what_may_have_left_isnt_sent_after_the_duplicates_check_forgot_it(
    fakes: Fakes, trouble: dict[str, Any], later: int, arrives: int | None
) -> None:
    """Seconds after the first attempt; None: it is the office's, and nothing leaves any more."""
    row = text_row(attempts=2)
    fakes["bulkgate"].fail_next(**trouble)
    with pytest.raises(Fault):
        tried(fakes, row, 0)
    if arrives is None:
        with pytest.raises(Undeliverable, match="unclear"):
            tried(fakes, row, later)
        assert Egress.objects.count() == 1
    else:
        tried(fakes, row, later)
        assert len(fakes["bulkgate"].messages) == arrives


@pytest.mark.parametrize(
    ("attempts", "outcome", "unclear"),
    [
        (2, None, True),
        (2, {"outcome": "delivered", "status": 200}, True),
        (2, {"outcome": "broken", "bytes_out": 0}, False),
        (1, None, False),
    ],
    ids=["worker lost", "lost after the answer", "never connected", "the office tries again"],
)
def test_what_the_journal_says_of_an_earlier_attempt_decides(
    fakes: Fakes, attempts: int, outcome: dict[str, Any] | None, unclear: bool
) -> None:
    row = text_row(attempts)
    line = journal.depart(
        "bulkgate", "portal.bulkgate.com", ground=necessary("login_code"), categories=[Category.CONTACT], bytes_out=1,
        stand_in=True, now=NOW, outgoing_id=row.pk, durable=False,
    )  # fmt: skip
    if outcome:
        journal.arrive(line, **outcome)
    with pytest.raises(Undeliverable, match="unclear") if unclear else nullcontext():
        tried(fakes, row, 3600)
    assert len(fakes["bulkgate"].messages) == (0 if unclear else 1)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<html>", Broken),
        ({}, Broken),
        ({"data": {"response": []}}, Broken),
        ({"data": {"response": [{"status": "accepted"}]}}, Broken),
        ({"data": {"response": [{"status": "eaten", "message_id": "1"}]}}, Broken),
        ({"data": {"response": [{"status": "error", "code": 9, "error": "Invalid +33612345678"}]}}, Rejected),
    ],
    ids=["html", "empty", "none", "no id", "unknown", "refused"],
)
def test_an_answer_that_isn_t_a_yes_is_a_fault(fakes: Fakes, body: Any, fault: type[Fault]) -> None:
    fakes["bulkgate"].fail_next(status=200, body=body)
    with pytest.raises(fault) as raised:
        sent()
    assert "33612345678" not in str(raised.value)


def test_a_wrong_credential_is_said(fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS["bulkgate"]["credentials"]["BULKGATE_APPLICATION_TOKEN"] = "another"
    with pytest.raises(Rejected) as refused:
        sent()
    assert (refused.value.status, refused.value.code) == (401, "401")


@pytest.mark.parametrize("number", ["0612345678", "+0612345678", "33612345678", "+336 12", "", "+33612345678;+33"])
def test_a_number_that_is_none_leaves_nothing(fakes: Fakes, number: str) -> None:
    with pytest.raises(ValueError, match="written as"):
        sent(number=number)
    assert fakes.count == 0


def test_health_never_leaves_in_a_text(fakes: Fakes) -> None:
    for said in ("migraine", HealthText("migraine")):
        with pytest.raises(TypeError):
            sent(words=said)
    with pytest.raises(NoGround):
        sent(categories=frozenset({Category.CONTACT, Category.HEALTH}))
    with pytest.raises(NoGround):
        sent("account_message")
    assert fakes.count == 0


def test_switched_off_nothing_leaves(fakes: Fakes, settings: Any) -> None:
    settings.ADAPTERS["bulkgate"]["off"] = True
    with pytest.raises(Fault):
        sent()
    assert fakes.count == 0


def brought(fakes: Fakes, path: str = "", body: bytes | None = None) -> int:
    """The status of a report that is brought to the product."""
    provider = fakes["bulkgate"]
    one = provider.messages[sent().message_id]
    notice = provider.report(one, "delivered")
    answer = Client().post(path or notice.path, notice.body if body is None else body, content_type="application/json")
    return answer.status_code


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", None, 200),
        ("/hooks/bulkgate/reports/other", None, 401),
        ("/hooks/bulkgate/reports/", None, 401),
        ("/hooks/bulkgate/", None, 401),
        ("", b"{}", 400),
        ("", b"[1]", 400),
        ("", b"[", 400),
    ],
)
def test_a_report_has_to_know_the_secret_address(fakes: Fakes, path: str, body: bytes | None, status: int) -> None:
    assert brought(fakes, path, body) == status
    assert [one.kind for one in inbox.Incoming.objects.all()] == (["reports"] if status == 200 else [])


def test_people_see_the_phone_and_answer(fakes: Fakes) -> None:
    found = sent().message_id
    assert "482913" in ask(fakes, "GET", "/bulkgate/phone", host=here(fakes))[1]
    assert ask(fakes, "POST", f"/bulkgate/message/{found}/stop", host=here(fakes))[0] == 303
    assert json.loads(fakes["bulkgate"].notices[0].body)[0]["message"] == "STOP"


def applied(fakes: Fakes) -> list[str]:
    """Bring the newest notice to the product, and apply what came."""
    notice = fakes["bulkgate"].notices[-1]
    assert Client().post(notice.path, notice.body, content_type="application/json").status_code == 200
    while row := inbox.Incoming.claim(timezone.now()):
        inbox.finish(row, inbox.attempt(row, now=timezone.now()), now=timezone.now())
    return list(inbox.Incoming.objects.values_list("state", flat=True))


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Arrêt", "הסר"])
def test_who_answers_stop_gets_no_reminder_and_still_the_codes_they_ask_for(fakes: Fakes, word: str) -> None:
    reminder = {"name": "appointment_reminder", "categories": frozenset({Category.CONTACT, Category.APPOINTMENT})}
    one = fakes["bulkgate"].messages[sent(**reminder).message_id]
    fakes["bulkgate"].reply(one, word)
    assert applied(fakes) == [State.DONE]
    with pytest.raises(NoGround):
        sent(**reminder)
    assert fakes.count == 1
    sent()
    sent(**reminder, number="+33612345679")
    assert fakes.count == 3
    assert [bytes(row.address_key).find(b"336") for row in Objection.objects.filter(kind="texts")] == [-1]


@pytest.mark.parametrize("word", ["", "merci", "je ne veux pas stopper"])
def test_another_answer_stops_nothing(fakes: Fakes, word: str) -> None:
    fakes["bulkgate"].reply(fakes["bulkgate"].messages[sent().message_id], word)
    assert (applied(fakes), Objection.objects.count()) == ([State.DONE], 0)
