"""Commands of accounts: the same account as the page, and codes for demos only."""

import io
import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from accounts import factors
from accounts.models import PractitionerProfile, User
from audit.actors import Actor
from tests.accounts.factories import PASSWORD, WebClient, give_passkey, make_practitioner
from tests.accounts.helpers import CODE, CONFIRM_EMAIL, SIGNUP, code_in_mail, signup_form, type_password

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NOON = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = PASSWORD) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    out = StringIO()
    call_command("signup_practitioner", *arguments, "--password-stdin", stdout=out)
    return out.getvalue()


def everything_of(user: User) -> dict[str, Any]:
    """What page and command must make alike."""
    from care.queries import practices_of
    from consents.queries import states

    profile = PractitionerProfile.objects.values("rpps", "jurisdiction", "surname").get(user=user)
    consents = {key: state.position for key, state in states(user.pk, datetime.now(UTC)).items()}
    return {
        **profile,
        "verified": EmailAddress.objects.get(user=user).verified,
        "consents": consents,
        "practices": len(practices_of(user)),
    }


def test_command_makes_the_account_that_the_page_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    client = WebClient()
    client.post(SIGNUP, signup_form("page@example.org"))
    client.post(CONFIRM_EMAIL, {"code": code_in_mail()})
    command(monkeypatch, "command@example.org", "--surname", "Roux", "--given-names", "Camille")
    page, made = User.objects.get(email="page@example.org"), User.objects.get(email="command@example.org")
    assert everything_of(made) == everything_of(page)
    assert made.check_password(PASSWORD) is True


def test_command_prints_json_and_takes_number_and_jurisdiction(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(
        command(monkeypatch, "Noa.Levy@example.org", "--rpps", "10003456786", "--jurisdiction", "IL", "--json")
    )
    user = User.objects.get()
    assert told == {
        "id": str(user.pk), "email": "noa.levy@example.org", "surname": "Levy", "given_names": "Noa", "rpps": "10003456786", "jurisdiction": "IL",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "password", "words"),
    [
        (["not an address"], PASSWORD, "email: "),
        (["a@example.org"], "short", "password1: Your password has 5 characters"),
        (["a@example.org", "--rpps", "123"], PASSWORD, "rpps: An RPPS number has 11 digits"),
        (["known@example.org"], PASSWORD, "has an account already"),
        (["a@example.org", "--rpps", "10003456786"], PASSWORD, "belongs to another account"),
    ],
)
def test_command_refuses_in_one_line_and_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], password: str, words: str
) -> None:
    make_practitioner("known@example.org", rpps="10003456786")
    with pytest.raises(CommandError, match=words) as refused:
        command(monkeypatch, *arguments, password=password)
    assert (refused.value.returncode, "\n" in str(refused.value), User.objects.count()) == (2, False, 1)


def login_code(email: str) -> str:
    out = StringIO()
    call_command("login_code", email, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_code_of_the_app_opens_the_login_at_once(settings: object) -> None:
    settings.DEMO = True
    user = make_practitioner("camille@example.org")
    factors.enrol_app(user=user, by=Actor.system("test"), now=NOON)
    with time_machine.travel(NOON, tick=False):
        client = WebClient()
        type_password(client, user.email)
        assert client.post("/accounts/2fa/authenticate/", {"code": login_code(user.email)}).status_code == 302


def test_used_code_of_the_app_is_not_given_again(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = True
    user = make_practitioner("camille@example.org")
    app = factors.enrol_app(user=user, by=Actor.system("test"), now=NOON)
    with time_machine.travel(NOON, tick=False) as clock:
        monkeypatch.setattr("time.sleep", clock.shift)
        used = login_code(user.email)
        assert app.wrap().validate_code(used) is True
        fresh = login_code(user.email)
        assert (fresh != used, app.wrap().validate_code(fresh)) == (True, True)


def test_code_by_mail_is_issued_for_the_login_that_waits(settings: object) -> None:
    settings.DEMO = True
    user = make_practitioner("camille@example.org")
    with pytest.raises(SystemExit) as nothing:
        login_code(user.email)
    assert nothing.value.code == 1
    client = WebClient()
    type_password(client, user.email)
    assert client.post(CODE, {"code": login_code(user.email)}).status_code == 302


def test_passkey_has_no_code(settings: object) -> None:
    settings.DEMO = True
    user = make_practitioner()
    give_passkey(user)
    with pytest.raises(SystemExit):
        login_code(user.email)


def test_codes_are_refused_in_production(settings: object) -> None:
    settings.DEMO = False
    make_practitioner("camille@example.org")
    with pytest.raises(CommandError, match="demo and test installations"):
        login_code("camille@example.org")


def test_unknown_account_is_said(settings: object) -> None:
    settings.DEMO = True
    with pytest.raises(CommandError, match=r"no account with the address nobody@example\.org"):
        login_code("nobody@example.org")
