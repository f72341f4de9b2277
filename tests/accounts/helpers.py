"""What a person does at the pages of accounts, for tests."""

import re
from typing import Any

from django.core import mail

from tests.accounts.factories import PASSWORD, PROFILE, WebClient, operations_answers

LOGIN, CODE, SIGNUP = "/accounts/login/", "/accounts/code/", "/accounts/signup/"
CONFIRM_EMAIL = "/accounts/confirm-email/"


def code_in_mail(place: int = -1) -> str:
    """The six digits of a mail in the outbox."""
    found = re.search(r"^([0-9]{6})$", mail.outbox[place].body, re.MULTILINE)
    assert found, mail.outbox[place].body
    return found[1]


def type_password(client: WebClient, email: str, password: str = PASSWORD, ip: str = "203.0.113.7") -> Any:
    """The first step of a login."""
    return client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=ip)


def sign_in(email: str, ip: str = "203.0.113.7") -> WebClient:
    """A login by password and e-mailed code."""
    client = WebClient()
    assert type_password(client, email, ip=ip)["Location"] == CODE
    assert client.post(CODE, {"code": code_in_mail()}, REMOTE_ADDR=ip).status_code == 302
    return client


def signup_form(email: str, **changes: Any) -> dict[str, Any]:
    """What a practitioner fills in, the questions of other apps included."""
    return {"email": email, "password1": PASSWORD, **PROFILE, **operations_answers(), **changes}
