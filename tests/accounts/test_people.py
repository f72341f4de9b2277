"""Accounts and profiles: one person, one account, numbers checked (MD-04, MD-57, PC-02)."""

from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from accounts.identifiers import clean_adeli, clean_phone, clean_rpps
from accounts.models import PractitionerProfile, User
from tests.accounts.factories import make_account, make_practitioner, verified_client

RPPS = "10003456786"


@pytest.mark.django_db
def test_account_address_is_kept_in_lower_case(now: datetime) -> None:
    user = User.objects.create_user("Camille.ROUX@Example.org", "x", now=now)
    assert user.email == "camille.roux@example.org"
    assert User.objects.get_by_natural_key("CAMILLE.roux@example.org") == user


@pytest.mark.django_db
def test_account_address_in_capitals_is_kept_in_small_letters_and_belongs_to_one() -> None:
    user, other = make_account("a@example.org"), make_account("b@example.org")
    User.objects.filter(pk=user.pk).update(email="A@Example.org")
    assert User.objects.get(email__iexact="a@EXAMPLE.org").email == "a@example.org"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=other.pk).update(email="A@example.ORG")


@pytest.mark.django_db
def test_rpps_belongs_to_one_account() -> None:
    make_practitioner(rpps=RPPS)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_practitioner(rpps=RPPS)
    assert PractitionerProfile.objects.count() == 1


@pytest.mark.django_db
def test_verified_client_has_a_verified_session() -> None:
    user = make_practitioner()
    client = verified_client(user)
    assert client.session["otp_device_id"].startswith("accounts.deliveredcodedevice/")


@given(st.text("0123456789", min_size=10, max_size=10))
def test_rpps_with_its_check_digit_is_accepted_and_any_other_is_not(body: str) -> None:
    right = body + luhn.calc_check_digit(body)
    assert clean_rpps(f" {right[:3]} {right[3:]} ") == right
    for digit in "0123456789":
        if digit != right[-1]:
            with pytest.raises(ValidationError, match="One digit"):
                clean_rpps(body + digit)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1000345678", "has 11 digits; you typed 10"),
        ("1000345678A", "has 11 digits"),
        ("１０００３４５６７８４", "has 11 digits"),
    ],
)
def test_rpps_of_another_shape_is_refused_with_what_to_do(typed: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        clean_rpps(typed)


def test_rpps_test_number_passes_only_when_settings_name_it(settings: object) -> None:
    with pytest.raises(ValidationError):
        clean_rpps("10003456785")
    settings.ACCOUNTS_TEST_IDENTIFIERS = ["10003456785"]
    assert clean_rpps("10003456785") == "10003456785"


@pytest.mark.parametrize(("typed", "kept"), [("75 1 12345 6", "751123456"), ("2a1234567", "2A1234567")])
def test_adeli_is_kept_compact(typed: str, kept: str) -> None:
    assert clean_adeli(typed) == kept


@pytest.mark.parametrize("typed", ["75123456", "7512345678", "2C1234567", "75123456X"])
def test_adeli_of_another_shape_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="9 characters"):
        clean_adeli(typed)


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("01 42 68 53 00", "FR", "+33142685300"),
        ("+972 2-670-5555", "FR", "+97226705555"),
        ("02-670-5555", "IL", "+97226705555"),
    ],
)
def test_phone_is_kept_in_international_form(typed: str, region: str, kept: str) -> None:
    assert clean_phone(typed, region) == kept


@pytest.mark.parametrize("typed", ["12", "abc", "+33 1 42", ""])
def test_phone_that_cannot_be_dialled_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="not complete"):
        clean_phone(typed, "FR")
