"""The code of a sign-in by phone: for who proved a number and asks for it, by the machinery of the mailed one (MD-50, PC-99)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from accounts import actions, hooks, promises
from accounts.credentials import cuts
from accounts.credentials.lost_promises import _still_there
from accounts.journal import CHANGE_KINDS
from accounts.models import DeliveredCodeDevice, TextNumber, TextSent, User
from accounts.texts import actions as number
from accounts.texts import queries, rules, sending
from adapters import outbox
from adapters.models import Egress, Outgoing
from adapters.texts import write
from audit.models import SecurityEntry
from tests.accounts.factories import WebClient, give_passkey, make_practitioner
from tests.accounts.helpers import CODE, LOGIN, code_in_mail, type_password
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.letters import deliver
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")
PHONE = "+33612345678"
NIGHT = datetime.fromisoformat("2026-11-18T02:30:00+01:00")
BUTTON = "Send the code to my phone instead (… 78)"
BY_PHONE = {"resend": "phone"}


@pytest.fixture
def user() -> User:
    user = make_practitioner("camille@example.org")
    TextNumber.objects.create(user=user, number=PHONE, asked_at=NIGHT, proved_at=NIGHT)
    return user


@pytest.fixture
def phone(fakes: Any) -> Any:  # noqa: F811 - a fixture
    """The stand-in's phone."""
    return fakes["bulkgate"]


@pytest.fixture
def clock() -> Iterator[Any]:
    """In the night, when nothing else would wake anybody."""
    with time_machine.travel(NIGHT, tick=False) as clock:
        yield clock


@pytest.fixture
def client(user: User, clock: Any) -> WebClient:
    """Whose password was right, half a minute and more ago."""
    client = WebClient()
    assert type_password(client, user.email)["Location"] == CODE
    clock.shift(31)
    return client


def work() -> None:
    """Send the texts that are due at this moment."""
    now = datetime.now().astimezone()
    for row in Outgoing.objects.filter(kind=sending.KIND, state="waiting", due_at__lte=now).order_by("pk"):
        row.attempts += 1
        row.save(update_fields=["attempts"])
        outbox.finish(row, outbox.attempt(row, now=now), now=now)


def page(client: WebClient) -> str:
    return client.get(CODE).content.decode()


def code_on(phone: Any) -> str:
    """The six digits of the newest text."""
    (found,) = re.findall(r"\b[0-9]{6}\b", list(phone.messages.values())[-1].text)
    return str(found)


def typed(client: WebClient, code: str) -> int:
    return int(client.post(CODE, {"code": code}).status_code)


def ends() -> list[tuple[str, str]]:
    """What became of each text."""
    return list(Outgoing.objects.filter(kind=sending.KIND).order_by("pk").values_list("state", "problem"))


def journal(kind: str) -> list[Any]:
    return [one.detail for one in SecurityEntry.objects.filter(kind=kind).order_by("pk")]


def test_code_goes_to_the_phone_at_once_and_opens_the_session(client: WebClient, phone: Any) -> None:
    assert BUTTON in page(client)
    assert client.post(CODE, BY_PHONE)["Location"] == CODE
    work()
    (message,) = phone.messages.values()
    assert (message.number, message.text) == (
        PHONE.removeprefix("+"), f"PratiConnect: your code is {code_on(phone)}. Give it to nobody.",
    )  # fmt: skip
    assert typed(client, code_on(phone)) == 302
    seen = client.get("/accounts/security/")
    assert (seen.status_code, seen.wsgi_request.user.is_verified()) == (200, True)
    assert [journal(kind)[-1] for kind in ("factor.code_sent", "factor.used", "login.ok")] == [
        {"channel": "phone"}, {"factor": "phone_code"}, {"factor": "phone_code"},
    ]  # fmt: skip


def test_its_line_and_its_row_name_ground_and_data_and_neither_number_nor_code(
    client: WebClient, phone: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        client.post(CODE, BY_PHONE)
        work()
    line = Egress.objects.get(subprocessor="bulkgate")
    assert (line.ground, line.categories) == ("login_code", "contact,credential")
    row = TextSent.objects.get()
    assert (row.kind, row.segments, row.get_kind_display()) == ("login_code", 1, "a code to sign in")
    kept = [*SecurityEntry.objects.values(), *Egress.objects.values(), *TextSent.objects.values(), *Outgoing.objects.values()]  # fmt: skip
    said = caplog.text + str(kept)
    assert [word in said for word in (PHONE, PHONE[3:], code_on(phone), "login_code")] == [False, False, False, True]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_words_fit_one_segment_of_seven_bits(language: str) -> None:
    words = sending.Plain.from_template("accounts/texts/login_code.txt", {"code": sending.Code("482913")}, language=language)  # fmt: skip
    assert (write(str(words)).segments, write(str(words)).unicode) == (1, False)


def test_page_shows_two_digits_and_no_more_and_where_the_code_went(client: WebClient, phone: Any) -> None:
    before = page(client)
    client.post(CODE, BY_PHONE)
    after = page(client)
    assert [PHONE[-4:] in shown or PHONE[3:6] in shown for shown in (before, after)] == [False, False]
    assert [words in after for words in ("number that ends in 78", "Send a new code by e-mail", "We sent a six-digit code to camille")] == [
        True, True, False,
    ]  # fmt: skip


# ── single use, five minutes, throttled per account, the newest counts ──


def test_code_works_once_and_a_wrong_one_doubles_the_wait(
    client: WebClient, phone: Any, user: User, clock: Any
) -> None:
    client.post(CODE, BY_PHONE)
    work()
    code = code_on(phone)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert (typed(client, wrong), typed(client, code)) == (200, 200)  # right, but weighed too soon
    assert DeliveredCodeDevice.objects.get(user=user).throttling_failure_count == 1
    assert journal("factor.failed") == [{"factor": "phone_code"}]
    clock.shift(2)
    assert typed(client, code) == 302
    again = WebClient()
    clock.shift(31)
    type_password(again, user.email)
    assert typed(again, code) == 200


def test_code_dies_after_five_minutes_and_leaves_no_later(client: WebClient, phone: Any, clock: Any) -> None:
    client.post(CODE, BY_PHONE)
    clock.shift(299)
    work()
    clock.shift(1)
    assert typed(client, code_on(phone)) == 200
    client.post(CODE, BY_PHONE)
    clock.shift(300)
    work()
    assert ends() == [("done", ""), ("dropped", "code_over")]


def test_newest_code_replaces_the_one_before_whichever_way_it_went(client: WebClient, phone: Any, clock: Any) -> None:
    mailed = code_in_mail()
    client.post(CODE, BY_PHONE)
    work()
    texted = code_on(phone)
    assert typed(client, mailed) == 200
    clock.shift(31)
    client.post(CODE, {"resend": "1"})
    clock.shift(2)
    assert typed(client, texted) == 200
    clock.shift(3)
    assert typed(client, code_in_mail()) == 302


def test_text_that_waits_is_dropped_once_a_newer_code_is_made(client: WebClient, phone: Any, clock: Any) -> None:
    client.post(CODE, BY_PHONE)
    clock.shift(31)
    client.post(CODE, BY_PHONE)
    work()
    assert (ends(), len(phone.messages)) == ([("dropped", "code_over"), ("done", "")], 1)


def test_second_code_within_half_a_minute_is_not_sent_by_any_way(client: WebClient, phone: Any) -> None:
    client.post(CODE, BY_PHONE)
    sent = client.post(CODE, BY_PHONE, follow=True).content.decode()
    client.post(CODE, {"resend": "1"})
    deliver()
    work()
    assert (len(phone.messages), len(journal("factor.code_sent")), "You can ask for another one from" in sent) == (1, 2, True)  # fmt: skip


def test_turn_to_the_phone_needs_no_wait_but_once(user: User, phone: Any, clock: Any) -> None:
    client, other = WebClient(), WebClient()
    type_password(client, user.email)
    type_password(other, user.email)
    for post in (other, client, client):
        post.post(CODE, BY_PHONE)
    client.post(CODE, {"resend": "1"})
    assert journal("factor.code_sent") == [{"channel": "email"}, {"channel": "phone"}]
    work()
    assert (typed(other, code_on(phone)), clock.shift(2), typed(client, code_on(phone))) == (200, None, 302)


def test_ten_a_day_go_to_the_phone_and_the_next_by_mail(client: WebClient, phone: Any, user: User, clock: Any) -> None:
    for _text in range(rules.MOST_LOGINS_A_DAY):
        client.post(CODE, BY_PHONE)
        work()
        clock.shift(31)
    assert BUTTON not in page(client)
    assert "goes by e-mail" in client.post(CODE, BY_PHONE, follow=True).content.decode()
    work()
    assert (len(phone.messages), journal("factor.code_sent")[-1]) == (rules.MOST_LOGINS_A_DAY, {"channel": "email"})
    assert typed(client, code_in_mail()) == 302
    assert queries.number_for_codes(user.pk, NIGHT + timedelta(days=2)) is not None


# ── where there is no way ──


@pytest.mark.parametrize("why", ["no number", "not proved", "switched off"])
def test_without_a_way_there_is_no_button_and_the_code_goes_by_mail(
    client: WebClient, phone: Any, settings: Any, why: str
) -> None:
    if why == "no number":
        TextNumber.objects.all().delete()
    elif why == "not proved":
        TextNumber.objects.update(proved_at=None)
    else:
        settings.ADAPTERS = {**settings.ADAPTERS, "bulkgate": {"off": True, "credentials": {}}}
    assert "to my phone" not in page(client)
    said = client.post(CODE, BY_PHONE, follow=True).content.decode()
    assert ("goes by e-mail" in said, ends(), typed(client, code_in_mail())) == (True, [], 302)


def test_number_forgotten_meanwhile_gets_no_code(client: WebClient, phone: Any, user: User, clock: Any) -> None:
    client.post(CODE, BY_PHONE)
    number.remove(user=user, by=actor_of(user), now=NIGHT)
    work()
    assert (ends(), len(phone.messages)) == ([("dropped", "no_number")], 0)
    shown = page(client)
    assert ("We sent a six-digit code to your phone. It works" in shown, "Send a new code by e-mail" in shown) == (
        True,
        True,
    )
    clock.shift(31)
    client.post(CODE, {"resend": "1"})
    assert typed(client, code_in_mail()) == 302


def test_nobody_learns_of_a_number_before_the_password_was_right(user: User, phone: Any, clock: Any) -> None:
    stranger = WebClient()

    def seen() -> list[str]:
        answers = [type_password(stranger, user.email, "wrong horse battery"), stranger.get(LOGIN), stranger.get(CODE)]
        return [re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", one.content.decode()) for one in answers]

    with_number = seen()
    assert stranger.post(CODE, BY_PHONE)["Location"].startswith(LOGIN)
    TextNumber.objects.all().delete()
    assert (with_number, Outgoing.objects.filter(kind=sending.KIND).exists()) == (seen(), False)


def test_who_holds_a_factor_is_sent_no_code(client: WebClient, phone: Any, user: User) -> None:
    give_passkey(user)
    assert client.post(CODE, BY_PHONE)["Location"] == LOGIN
    assert ends() == []


# ── a number is a way in, and is treated as one ──


def test_proof_of_a_number_is_told_by_mail_and_counts_as_a_changed_factor(phone: Any, clock: Any) -> None:
    user, told = make_practitioner("ines@example.org"), []
    by = actor_of(user)
    number.ask(user=user, number=PHONE, by=by, now=NIGHT)
    work()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks, "on_credentials_changed", [lambda **said: told.append(said)])
        number.prove(user=user, code=code_on(phone), by=by, now=NIGHT)
    assert (told, "texts.proved" in CHANGE_KINDS) == ([{"account_id": user.pk, "by": by, "now": NIGHT}], True)
    assert (mail.outbox[-1].subject, "/accounts/lost/" in mail.outbox[-1].body, "78" in mail.outbox[-1].body) == (
        "A telephone number was added to your account", True, False,
    )  # fmt: skip


def test_lost_credentials_take_the_number_along(user: User, clock: Any) -> None:
    at = NIGHT + timedelta(hours=1)
    row = cuts.cut(user=user, lost=["codes"], said="owner", by=actor_of(user), now=at)
    assert (TextNumber.objects.exists(), journal("texts.removed"), _still_there(row)) == (False, [{}], 0)
    TextNumber.objects.create(user=user, number=PHONE, asked_at=NIGHT, proved_at=NIGHT)
    assert _still_there(row) == 1


def test_code_by_phone_is_measured_like_the_mailed_one(user: User, phone: Any) -> None:
    actions.send_code(user=user, attempt="a", by=actor_of(user), now=NIGHT, channel=actions.Channel.PHONE)
    found = promises.mailed_codes_are_short_lived_single_and_not_kept(NIGHT)
    assert (found.kept, found.figures["codes_waiting_by_phone"]) == (True, 1)
    DeliveredCodeDevice.objects.update(valid_until=NIGHT + timedelta(minutes=6))
    assert promises.mailed_codes_are_short_lived_single_and_not_kept(NIGHT).kept is False
