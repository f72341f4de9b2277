"""Signing up: the account, its profile, the questions, and an answer that tells a stranger nothing (PC-02, MD-01, MD-04)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django import forms
from django.core import mail
from django.core.cache import cache

from accounts import hooks
from accounts.models import PractitionerProfile, User
from audit.models import SecurityEntry
from tests.accounts.factories import PASSWORD, PROFILE, WebClient, make_practitioner
from tests.accounts.helpers import CONFIRM_EMAIL, SIGNUP, code_in_mail, signup_form

pytestmark = pytest.mark.django_db
RPPS = "10003456786"


@pytest.fixture
def question() -> Iterator[list[Any]]:
    """A question like those of consents: mandatory tick, nothing preselected."""
    told: list[Any] = []
    asked = hooks.SignupQuestion(
        key="test_terms",
        fields=lambda: {"test_terms": forms.BooleanField(label="I accept the test terms")},
        record=lambda user, cleaned, by, now: told.append(
            (user.email, cleaned["test_terms"], by.account_id == user.pk, by.role)
        ),
        by_operations={"test_terms": True},
    )
    hooks.signup_questions.append(asked)
    yield told
    hooks.signup_questions.remove(asked)


def sign_up(client: WebClient, email: str, **changes: Any) -> Any:
    return client.post(SIGNUP, signup_form(email, **changes))


def test_sign_up_makes_account_and_profile_and_proves_the_mailbox() -> None:
    client = WebClient()
    assert sign_up(client, "Camille@Example.org", rpps=RPPS, phone="01 42 68 53 00")["Location"] == CONFIRM_EMAIL
    user = User.objects.get(email="camille@example.org")
    assert EmailAddress.objects.get(user=user).verified is False
    assert client.post(CONFIRM_EMAIL, {"code": code_in_mail()})["Location"] == "/accounts/security/protect/"
    assert EmailAddress.objects.get(user=user).verified is True
    kept = PractitionerProfile.objects.values(*PROFILE, "rpps", "phone").get(user=user)
    assert kept == {**PROFILE, "rpps": RPPS, "phone": "+33142685300"}


def test_sign_up_session_is_verified_by_the_same_code_without_a_second_mail() -> None:
    client = WebClient()
    sign_up(client, "camille@example.org")
    client.post(CONFIRM_EMAIL, {"code": code_in_mail()})
    page = client.get("/accounts/security/protect/")
    assert (page.status_code, page.wsgi_request.user.is_verified(), len(mail.outbox)) == (200, True, 1)


def test_sign_up_with_a_wrong_code_opens_nothing() -> None:
    client = WebClient()
    sign_up(client, "camille@example.org")
    wrong = f"{(int(code_in_mail()) + 1) % 10**6:06d}"
    assert client.post(CONFIRM_EMAIL, {"code": wrong}).status_code == 200
    assert client.get("/accounts/security/")["Location"].startswith("/accounts/login/")


def test_mandatory_fields_are_marked_and_what_was_typed_is_kept(question: list[Any]) -> None:
    client = WebClient()
    page = sign_up(client, "camille@example.org", surname="", given_names="Éloïse", test_terms="").content.decode()
    assert 'value="Éloïse"' in page
    assert page.count("This field is required.") >= 2
    assert PASSWORD not in page
    assert User.objects.count() == 0
    form = client.get(SIGNUP).context["form"]
    marked = re.findall(r"field__must", client.get(SIGNUP).content.decode())
    assert len(marked) == len([field for field in form.visible_fields() if field.field.required]) + 1


def test_question_of_another_app_is_asked_unticked_and_its_answer_recorded_by_the_person(question: list[Any]) -> None:
    client = WebClient()
    assert 'name="test_terms" required id="id_test_terms">' in client.get(SIGNUP).content.decode()
    sign_up(client, "camille@example.org", test_terms="on")
    assert question == [("camille@example.org", True, True, "practitioner")]


def test_failing_answer_leaves_no_account(question: list[Any]) -> None:
    def fail(**_facts: Any) -> None:
        raise RuntimeError("the ledger is closed")

    hooks.on_practitioner_created.append(fail)
    try:
        with pytest.raises(RuntimeError, match="ledger is closed"):
            sign_up(WebClient(), "camille@example.org", test_terms="on")
    finally:
        hooks.on_practitioner_created.remove(fail)
    assert (User.objects.count(), PractitionerProfile.objects.count(), EmailAddress.objects.count()) == (0, 0, 0)


def _same_answer(client: WebClient, **form: Any) -> tuple[int, str, str]:
    cache.clear()
    response = sign_up(client, "camille@example.org", **form)
    page = client.get(response["Location"]).content.decode()
    return response.status_code, response["Location"], re.sub(r'value="[A-Za-z0-9]{64}"', "", page)


def test_sign_up_with_a_known_address_answers_like_a_new_one() -> None:
    new = _same_answer(WebClient())
    known = _same_answer(WebClient())
    assert new == known
    assert [message.subject for message in mail.outbox] == [
        "Your code to confirm this address",
        "You have an account already",
    ]


def test_sign_up_with_a_known_rpps_answers_like_a_new_one_and_makes_nothing() -> None:
    make_practitioner("first@example.org", rpps=RPPS)
    known = _same_answer(WebClient(), rpps=RPPS)
    assert User.objects.count() == 1
    mail.outbox.clear()
    PractitionerProfile.objects.update(rpps=None)
    assert _same_answer(WebClient(), rpps=RPPS) == known


def test_sign_up_is_journaled_without_values() -> None:
    sign_up(WebClient(), "camille@example.org")
    user = User.objects.get()
    rows = list(SecurityEntry.objects.filter(account_id=user.pk).values_list("kind", "outcome", "actor_id"))
    assert rows == [("account.created", "ok", user.pk)]


def test_language_of_the_page_becomes_the_language_of_the_account() -> None:
    client = WebClient()
    client.post("/language/", {"language": "fr", "next": SIGNUP})
    sign_up(client, "camille@example.org")
    assert User.objects.get().language == "fr"
