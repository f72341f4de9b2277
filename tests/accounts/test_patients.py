"""A patient's account: sign-up by the page, what is sealed, what an erasure leaves (MD-02, MD-50, PC-03)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import PatientProfile, User
from accounts.patients import actions
from audit.actors import Actor
from audit.models import AccessEntry
from consents.queries import is_live
from lifecycle.erasure.execute import execute_account
from lifecycle.erasure.finishing import finish
from lifecycle.erasure.plan import plan_for_account
from tests.accounts.factories import (
    PASSWORD,
    PATIENT,
    WebClient,
    make_account,
    make_patient,
    make_practitioner,
    verified_client,
)  # fmt: skip
from tests.accounts.helpers import CODE, CONFIRM_EMAIL, code_in_mail, sign_in
from vault.rings import dead

pytestmark = pytest.mark.django_db(databases="__all__")
SIGNUP = "/accounts/patient/signup/"
FORM = {
    "email": "eloise@example.org", "password1": PASSWORD, "given_names": "Éloïse", "surname": "Lefèvre",
    "birth_date": "29/02/1984", "sex": "female", "tos_privacy": "on",
}  # fmt: skip


def actor_of(user: User) -> Actor:
    return Actor(account_id=user.pk, role="patient")


def test_signup_makes_a_patient_with_contract_and_verified_mailbox() -> None:
    client = WebClient()
    assert client.post(SIGNUP, FORM)["Location"] == CONFIRM_EMAIL
    assert client.post(CONFIRM_EMAIL, {"code": code_in_mail()}).status_code == 302
    user = User.objects.get(email="eloise@example.org")
    said = actions.identity_of(user, by=actor_of(user), now=timezone.now())
    assert {name: said[name] for name in PATIENT} == PATIENT
    assert is_live(user.pk, "tos_privacy", now=timezone.now())
    assert not is_live(user.pk, "health_data_processing", now=timezone.now())
    assert client.get(reverse("patient:home")).status_code == 200


@pytest.mark.parametrize(
    "missing", ["email", "password1", "given_names", "surname", "birth_date", "sex", "tos_privacy"]
)
def test_signup_names_the_field_left_out_and_keeps_the_rest(missing: str) -> None:
    page = WebClient().post(SIGNUP, {**FORM, missing: ""})
    assert list(page.context["form"].errors) == [missing]
    assert missing == "surname" or 'value="Lefèvre"' in page.content.decode()
    assert User.objects.count() == 0


def test_signup_of_a_known_address_looks_the_same() -> None:
    make_account("eloise@example.org")
    assert WebClient().post(SIGNUP, FORM)["Location"] == CONFIRM_EMAIL
    assert PatientProfile.objects.count() == 0


def test_sign_in_is_two_steps_and_leads_home() -> None:
    user = make_patient("eloise@example.org")
    client = WebClient()
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer["Location"] == CODE
    assert client.post(CODE, {"code": code_in_mail()})["Location"] == reverse("patient:home")


def test_practitioner_opens_a_patients_side_of_their_own() -> None:
    user = make_practitioner("camille@example.org")
    client = verified_client(user)
    assert client.get("/patient/").status_code == 404
    page = client.post(reverse("accounts:patient_start"), {**FORM, "next": "/patient/code/"})
    assert page["Location"] == "/patient/code/"
    assert client.get("/patient/").wsgi_request.actor.role == "patient"  # type: ignore[attr-defined]
    assert client.get("/practitioner/").wsgi_request.actor.role == "practitioner"  # type: ignore[attr-defined]


def test_identity_page_changes_and_journals_names_of_fields() -> None:
    user = make_patient("eloise@example.org")
    client = verified_client(user)
    url = reverse("accounts:patient_identity")
    typed = {**FORM, "phone": "01 23 45 67 89", "address": "3 rue des Lilas, Paris", "payer_number": "MUT-77"}
    assert client.get(url).context["form"]["birth_date"].value() == "29/02/1984"
    assert client.post(url, typed)["Location"] == url
    said = actions.identity_of(user, by=actor_of(user), now=timezone.now())
    assert (said["phone"], said["payer_number"]) == ("+33123456789", "MUT-77")
    assert list(AccessEntry.objects.filter(subject_id=user.pk).order_by("pk").values_list("action", flat=True)) == [
        "create", "open", "change", "open",
    ]  # fmt: skip


@pytest.mark.parametrize("typed", ["31/02/1984", "1984", "01/01/2990", "01/01/1700"])
def test_birth_date_that_no_calendar_has_is_refused(typed: str) -> None:
    page = verified_client(make_patient()).post(reverse("accounts:patient_identity"), {**FORM, "birth_date": typed})
    assert list(page.context["form"].errors) == ["birth_date"]


def test_second_patients_side_keeps_the_first() -> None:
    user = make_patient()
    row = actions.become_patient(user=user, profile={"surname": "Autre"}, by=actor_of(user), now=timezone.now())
    assert actions.open_profile(row, by=actor_of(user), now=timezone.now()).read(row, "surname") == "Lefèvre"


def test_erasure_of_the_account_destroys_its_key_and_links() -> None:
    user, now = make_patient("eloise@example.org"), timezone.now()
    done = execute_account(user.pk, plan_for_account(user.pk, now).sha256, by=Actor.operations("test"), now=now)
    finish(done.erasure_id, by=Actor.operations("test"), now=now)
    assert (PatientProfile.objects.count(), dead([user.pk])) == (0, [user.pk])


def test_sign_in_reaches_no_practitioners_page() -> None:
    make_patient("eloise@example.org")
    assert sign_in("eloise@example.org").get("/practitioner/").status_code == 404
