"""Factors that are held: app, recovery codes, their back-off, their secrets, their end (PC-81)."""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import encrypt
from django.urls import reverse

from accounts import factors, queries
from accounts.models import HeldFactor, User
from audit.actors import Actor
from audit.models import SecurityEntry
from tests.accounts.factories import WebClient, give_passkey, make_practitioner, make_staff, prove, verified_client
from tests.accounts.helpers import sign_in, type_password

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
STEP, ACTIVATE, RECOVERY, LIST = (
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/recovery-codes/",
    "/accounts/security/sessions/",
)


def with_app(email: str = "camille@example.org") -> tuple[User, Authenticator]:
    user = make_practitioner(email)
    return user, factors.enrol_app(user=user, by=Actor.system("test"), now=NOON)


def enrol_by_page(client: WebClient) -> None:
    page = client.get(ACTIVATE)
    secret = page.context["form"].secret
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    moment = int(datetime.now(UTC).timestamp()) // 30
    assert client.post(ACTIVATE, {"code": format_hotp_value(hotp_value(secret, moment))})["Location"] == RECOVERY


def test_new_practitioner_sets_an_authenticator_and_the_session_rests_on_it() -> None:
    user = make_practitioner("camille@example.org")
    client = sign_in(user.email)
    enrol_by_page(client)
    page = client.get(RECOVERY)
    device = page.wsgi_request.user.otp_device
    assert isinstance(device, HeldFactor)
    assert device.held is True
    codes = re.findall(r"<code>([0-9]{4}(?:-[0-9]{4}){3})</code>", page.content.decode())
    assert (len(codes), len(set(codes))) == (10, 10)
    assert re.findall(r"<code>", client.get(RECOVERY).content.decode()) == []
    kinds = list(SecurityEntry.objects.filter(kind="factor.added", account_id=user.pk).values_list("detail", flat=True))
    assert sorted(kind["factor"] for kind in kinds) == ["recovery_codes", "totp"]


def test_secret_is_sealed_and_recovery_codes_too() -> None:
    _user, app = with_app()
    codes = Authenticator.objects.get(type="recovery_codes")
    assert not re.fullmatch(r"[A-Z2-7]{32}", app.data["secret"])
    shown, kept = codes.wrap().get_unused_codes(), json.dumps(codes.data)
    assert (len(shown), [code for code in shown if code in kept or code.replace("-", "") in kept]) == (10, [])


def test_app_code_opens_the_session_and_works_once() -> None:
    user, app = with_app()
    with time_machine.travel(NOON, tick=False) as clock:
        first, second = WebClient(), WebClient()
        assert type_password(first, user.email)["Location"] == STEP
        code = factors.code_at(app, NOON.timestamp())
        assert first.post(STEP, {"code": code}).status_code == 302
        assert first.get(LIST).status_code == 200
        type_password(second, user.email)
        assert second.post(STEP, {"code": code}).status_code == 200
        clock.shift(31)
        assert second.post(STEP, {"code": code}).status_code == 200
        clock.shift(5)
        assert second.post(STEP, {"code": factors.code_at(app, NOON.timestamp() + 36)}).status_code == 302


@pytest.mark.parametrize("seconds", [-30, 30])
def test_code_of_the_neighbouring_half_minute_is_refused(seconds: int) -> None:
    """Tolerance 0 on purpose: with one, allauth accepts a used code again (security.md 1.3)."""
    user, app = with_app()
    with time_machine.travel(NOON, tick=False):
        client = WebClient()
        type_password(client, user.email)
        assert client.post(STEP, {"code": factors.code_at(app, NOON.timestamp() + seconds)}).status_code == 200


def test_recovery_code_opens_once_for_a_practitioner() -> None:
    user, _app = with_app()
    code = queries.recovery_codes(user).wrap().get_unused_codes()[0]
    with time_machine.travel(NOON, tick=False) as clock:
        client, again = WebClient(), WebClient()
        type_password(client, user.email)
        assert client.post(STEP, {"code": code}).status_code == 302
        page = client.get(LIST)
        assert (page.status_code, page.wsgi_request.user.otp_device.held) == (200, False)
        type_password(again, user.email)
        clock.shift(5)
        assert again.post(STEP, {"code": code}).status_code == 200


@pytest.mark.parametrize("write", [str, lambda code: code.replace("-", ""), lambda code: f" {code.replace('-', ' ')} "])
def test_recovery_code_may_be_typed_with_its_groups_or_without(write: Callable[[str], str]) -> None:
    user, _app = with_app()
    client = WebClient()
    type_password(client, user.email)
    code = queries.recovery_codes(user).wrap().get_unused_codes()[3]
    assert client.post(STEP, {"code": write(code)}).status_code == 302
    assert len(queries.recovery_codes(user).wrap().get_unused_codes()) == 9


def test_eight_digit_code_made_before_still_opens() -> None:
    user, _app = with_app()
    Authenticator.objects.filter(user=user, type="recovery_codes").update(
        data={"seed": encrypt("5eed" * 20), "used_mask": 0}
    )
    code = queries.recovery_codes(user).wrap().get_unused_codes()[0]
    client = WebClient()
    type_password(client, user.email)
    assert (len(code), client.post(STEP, {"code": code}).status_code) == (8, 302)


def test_distributed_guessing_of_app_codes_is_bounded_in_the_database() -> None:
    """30 addresses, three guesses each, within nine seconds; the cache, where allauth counts, is flushed each time."""
    from django.core.cache import cache

    user, _app = with_app()
    with time_machine.travel(NOON, tick=False) as clock:
        for attacker in range(30):
            cache.clear()
            client, ip = WebClient(), f"198.{51 + attacker}.100.7"
            type_password(client, user.email, ip=ip)
            for _guess in range(3):
                client.post(STEP, {"code": "000000"}, REMOTE_ADDR=ip)
            clock.shift(0.3)
    counted = HeldFactor.objects.filter(user=user).order_by("pk")[0].throttling_failure_count
    assert counted == 4
    assert SecurityEntry.objects.filter(kind="factor.failed", account_id=user.pk).count() == 4


def test_removing_the_app_makes_its_session_unverified() -> None:
    user, app = with_app()
    with time_machine.travel(NOON, tick=False):
        client = WebClient()
        type_password(client, user.email)
        client.post(STEP, {"code": factors.code_at(app, NOON.timestamp())})
        assert client.get(LIST).status_code == 200
        app.delete()
        assert client.get(LIST)["Location"] == "/accounts/security/confirm/"
    assert HeldFactor.objects.filter(user=user, authenticator__type="totp").count() == 0


def test_staff_cannot_remove_the_last_factor_they_hold() -> None:
    user = make_staff()
    client = verified_client(user)
    prove(client, user)
    key = Authenticator.objects.get(user=user)
    assert client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")["Location"] == "/accounts/2fa/webauthn/"
    assert Authenticator.objects.filter(pk=key.pk).count() == 1
    give_passkey(user)
    client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")
    assert Authenticator.objects.filter(pk=key.pk).count() == 0


def test_factor_of_somebody_else_cannot_be_removed() -> None:
    key = give_passkey(make_practitioner()).authenticator
    user = make_practitioner()
    client = verified_client(user)
    prove(client, user)
    assert client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).count() == 1


GRAVE = [
    ACTIVATE,
    RECOVERY,
    "/accounts/2fa/totp/deactivate/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/webauthn/keys/1/remove/",
    "/accounts/2fa/webauthn/keys/1/edit/",
    "/accounts/password/change/",
    "/accounts/password/set/",
    "/accounts/email/",
]


@pytest.mark.parametrize("path", GRAVE)
def test_grave_page_asks_a_fresh_proof_and_keeps_nothing_of_what_is_posted(path: str) -> None:
    client = verified_client(make_practitioner())
    assert client.get(path)["Location"].startswith("/accounts/security/confirm/")
    answer = client.post(
        path, {"code": "123456", "name": "posted and kept?", "email": "posted@example.org", "action_add": ""}
    )
    assert answer["Location"].startswith("/accounts/security/confirm/")
    assert "posted" not in str(dict(client.session.items()))


def test_holder_of_an_app_steps_up_with_it() -> None:
    user, app = with_app()
    with time_machine.travel(NOON, tick=False) as clock:
        client = WebClient()
        type_password(client, user.email)
        client.post(STEP, {"code": factors.code_at(app, NOON.timestamp())})
        clock.shift(600)
        ask = client.get("/accounts/password/change/")["Location"]
        page = client.get(ask)["Location"]
        assert page.startswith("/accounts/2fa/reauthenticate/?next=")
        before = client.session.session_key
        answer = client.post(page, {"code": factors.code_at(app, NOON.timestamp() + 600)})
        assert answer["Location"] == "/accounts/password/change/"
        assert client.session.session_key != before
        assert client.get("/accounts/password/change/").status_code == 200


def test_passkey_belongs_to_one_fixed_name(settings: object, client: WebClient) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PASSKEY_DOMAIN = "praticonnect.example"
    options = client.get(
        "/accounts/2fa/webauthn/login/", headers={"accept": "application/json", "host": "evil.example"}
    ).json()["request_options"]
    assert (options["publicKey"]["rpId"], options["publicKey"]["userVerification"]) == (
        "praticonnect.example",
        "required",
    )


def device_says(identifier: str, data: str, attestation: str) -> str:
    """An answer of the right shape, with these bytes in it."""
    response = {"clientDataJSON": data, "attestationObject": attestation}
    return json.dumps({"id": identifier, "rawId": identifier, "response": response, "type": "public-key"})


CLIENT_DATA = b64encode(b'{"type": "webauthn.create", "challenge": "YQ", "origin": "https://x.example"}').decode()
CREDENTIALS = (
    None, "", "{}", "no json", "[]", "7", device_says("%", "a", "a"), device_says("YQ", "YQ", "YQ"),
    *(device_says("YQ", CLIENT_DATA, attestation) for attestation in ("YQ", "", "oQ==", "GQ==", "/w==")),
)  # fmt: skip


@pytest.mark.parametrize("sent", CREDENTIALS)
def test_passkey_form_without_a_whole_credential_says_so(sent: str | None) -> None:
    """The device answered nothing, or something else: the form comes back, nothing is added."""
    user = make_practitioner("camille@example.org")
    client = verified_client(user)
    prove(client, user)
    page = reverse("mfa_add_webauthn")
    client.get(page)
    answer = client.post(page, {} if sent is None else {"credential": sent})
    assert (answer.status_code < 500, bool(answer.context["form"].errors)) == (True, True)
    assert Authenticator.objects.filter(user=user).count() == 0
