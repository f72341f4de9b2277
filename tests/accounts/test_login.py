"""Signing in: two steps always, bound, single use, throttled per account (MD-50, PC-81)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from accounts import actions
from accounts.models import DeliveredCodeDevice
from audit.actors import Actor
from tests.accounts.factories import PASSWORD, WebClient, make_practitioner
from tests.accounts.helpers import CODE, LOGIN, code_in_mail, sign_in, type_password

pytestmark = pytest.mark.django_db
SECURITY = "/accounts/security/"


def test_password_alone_opens_nothing() -> None:
    make_practitioner("camille@example.org")
    client = WebClient()
    assert type_password(client, "camille@example.org")["Location"] == CODE
    assert client.get(SECURITY)["Location"] == f"{LOGIN}?next={SECURITY}"


def test_password_and_emailed_code_open_a_verified_session() -> None:
    make_practitioner("camille@example.org")
    client = sign_in("Camille@Example.org")
    page = client.get(SECURITY)
    assert (page.status_code, page.wsgi_request.user.is_verified()) == (200, True)


def test_code_mail_names_controller_and_dpo(settings: object) -> None:
    make_practitioner("camille@example.org")
    sign_in("camille@example.org")
    assert mail.outbox[-1].to == ["camille@example.org"]
    assert f"{settings.CONTROLLER['name']}, {settings.CONTROLLER['address']}" in mail.outbox[-1].body
    assert settings.CONTROLLER["dpo_email"] in mail.outbox[-1].body


def test_code_is_not_kept_in_clear() -> None:
    user = make_practitioner("camille@example.org")
    client = WebClient()
    type_password(client, user.email)
    code, device = code_in_mail(), DeliveredCodeDevice.objects.get(user=user)
    assert code not in str(dict(client.session.items()))
    assert code not in str([getattr(device, field.name) for field in device._meta.concrete_fields])


def test_code_works_once() -> None:
    user = make_practitioner("camille@example.org")
    sign_in(user.email)
    code = code_in_mail()
    client = WebClient()
    type_password(client, user.email)
    page = client.post(CODE, {"code": code})
    assert (page.status_code, "not accepted" in page.content.decode()) == (200, True)


def test_code_belongs_to_its_own_login() -> None:
    user = make_practitioner("camille@example.org")
    first, second = WebClient(), WebClient()
    with time_machine.travel(datetime(2026, 11, 18, 11, 0, tzinfo=UTC)) as clock:
        type_password(first, user.email)
        stolen = code_in_mail()
        clock.shift(31)
        type_password(second, user.email)
        fresh = code_in_mail()
        assert second.post(CODE, {"code": stolen}).status_code == 200
        clock.shift(5)
        assert first.post(CODE, {"code": fresh}).status_code == 200
        clock.shift(5)
        assert second.post(CODE, {"code": fresh}).status_code == 302


def test_code_dies_after_five_minutes() -> None:
    user = make_practitioner("camille@example.org")
    client = WebClient()
    with time_machine.travel(datetime(2026, 11, 18, 11, 0, tzinfo=UTC), tick=False) as clock:
        type_password(client, user.email)
        clock.shift(300)
        assert client.post(CODE, {"code": code_in_mail()}).status_code == 200


def test_new_code_is_sent_only_after_thirty_seconds() -> None:
    user = make_practitioner("camille@example.org")
    client = WebClient()
    with time_machine.travel(datetime(2026, 11, 18, 11, 0, tzinfo=UTC), tick=False) as clock:
        type_password(client, user.email)
        client.post(CODE, {"resend": "1"})
        assert len(mail.outbox) == 1
        clock.shift(31)
        client.post(CODE, {"resend": "1"})
        assert len(mail.outbox) == 2
        assert client.post(CODE, {"code": code_in_mail()}).status_code == 302


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "required"), ("12345", "six digits"), ("12345a", "six digits"), ("１２３４５６", "six digits")],
)
def test_code_of_another_shape_is_refused_without_being_weighed(typed: str, words: str) -> None:
    user = make_practitioner("camille@example.org")
    client = WebClient()
    type_password(client, user.email)
    page = client.post(CODE, {"code": typed})
    assert words in page.content.decode()
    assert DeliveredCodeDevice.objects.get(user=user).throttling_failure_count == 0


def test_distributed_guessing_is_bounded_per_account() -> None:
    """30 logins from 30 addresses, three guesses each, within nine seconds (security.md 1.2)."""
    user = make_practitioner("camille@example.org")
    with time_machine.travel(datetime(2026, 11, 18, 11, 0, tzinfo=UTC), tick=False) as clock:
        for attacker in range(30):
            client, ip = WebClient(), f"198.{51 + attacker}.100.7"
            type_password(client, user.email, ip=ip)
            for _guess in range(3):
                client.post(CODE, {"code": "000000"}, REMOTE_ADDR=ip)
            clock.shift(0.3)
        weighed = DeliveredCodeDevice.objects.get(user=user).throttling_failure_count
    assert weighed == 4
    assert len([message for message in mail.outbox if message.subject == "Your code to sign in"]) == 1


def test_guesses_in_a_day_stay_below_twenty(now: datetime) -> None:
    """The best an attacker can do: the next guess in the very second in which the wait ends."""
    user = make_practitioner()
    by, weighed = Actor.system("attack"), 0
    with time_machine.travel(now, tick=False) as clock:
        actions.send_code(user=user, attempt="a", by=by, now=now)
        moment = now
        while moment < now + timedelta(days=1):
            actions.check_code(user=user, attempt="a", code="000000", by=by, now=moment)
            weighed += 1
            allowed, why = DeliveredCodeDevice.objects.get(user=user).verify_is_allowed()
            assert (allowed, why["failure_count"]) == (False, weighed)
            moment = why["locked_until"]
            clock.move_to(moment)
    assert weighed == 17


def test_wrong_password_and_unknown_address_get_the_same_answer() -> None:
    make_practitioner("camille@example.org")
    known = type_password(WebClient(), "camille@example.org", "wrong horse battery")
    unknown = type_password(WebClient(), "nobody@example.org", "wrong horse battery", ip="198.51.100.9")

    def words(page: object) -> str:
        import re

        text = page.content.decode().replace("camille@example.org", "X").replace("nobody@example.org", "X")
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", text)

    assert (known.status_code, words(known)) == (unknown.status_code, words(unknown))


def test_signed_in_person_who_opens_the_login_page_goes_on() -> None:
    make_practitioner("camille@example.org")
    client = sign_in("camille@example.org")
    assert client.get(LOGIN)["Location"] == "/practitioner/"


def test_closed_account_does_not_open() -> None:
    user = make_practitioner("camille@example.org")
    user.is_active = False
    user.save()
    assert type_password(WebClient(), user.email, PASSWORD)["Location"] == "/accounts/inactive/"
