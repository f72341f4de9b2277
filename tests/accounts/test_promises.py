"""Each promise of accounts is kept on sound data, and turns false when its fact is broken by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.db import connection

from accounts import promises
from accounts.models import DeliveredCodeDevice, HeldFactor, PractitionerProfile, User
from audit.actions import record_event
from audit.actors import Actor
from tests.accounts.factories import email_device, give_passkey, make_practitioner, make_staff, verified_client

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def today() -> datetime:
    return datetime.now(UTC)


def test_practitioner_with_a_wrong_number_breaks_md_04(today: datetime) -> None:
    make_practitioner(rpps="10003456786", phone="+33142685300")
    assert promises.practitioners_are_identified_by_checked_data(today).kept is True
    PractitionerProfile.objects.update(rpps="10003456785")
    assert promises.practitioners_are_identified_by_checked_data(today).kept is False


def test_practitioner_without_address_breaks_pc_02(today: datetime) -> None:
    user = make_practitioner()
    PractitionerProfile.objects.update(address_line="")
    found = promises.practitioners_are_identified_by_checked_data(today)
    assert (found.kept, found.figures["unsound_profiles"]) == (False, [str(user.pk)])


def test_field_without_its_mark_breaks_md_01(today: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert promises.account_forms_mark_their_mandatory_fields(today).kept is True
    monkeypatch.setattr("django.forms.boundfield.BoundField.as_field_group", lambda field: str(field))
    assert promises.account_forms_mark_their_mandatory_fields(today).kept is False


def test_practitioner_session_without_second_factor_breaks_pc_81(today: datetime) -> None:
    client = verified_client(make_practitioner())
    found = promises.second_factor_is_always_there(today)
    assert (found.kept, found.figures["live_sessions"]) == (True, 1)
    session = client.session
    del session["otp_device_id"]
    session.save()
    found = promises.second_factor_is_always_there(today)
    assert (found.kept, found.figures["sessions_without_second_factor"]) == (False, 1)


def test_device_of_somebody_else_proves_no_session(today: datetime) -> None:
    client = verified_client(make_practitioner())
    session = client.session
    session["otp_device_id"] = email_device(make_practitioner()).persistent_id
    session.save()
    assert promises.second_factor_is_always_there(today).kept is False


def test_staff_session_by_mailed_code_breaks_pc_81(today: datetime) -> None:
    user = make_staff()
    client = verified_client(user)
    assert promises.second_factor_is_always_there(today).kept is True
    session = client.session
    session["otp_device_id"] = email_device(user).persistent_id
    session.save()
    found = promises.second_factor_is_always_there(today)
    assert (found.kept, found.figures["staff_sessions_past_their_factor"]) == (False, 1)


def test_authenticator_without_its_verdict_row_breaks_pc_81(today: datetime) -> None:
    give_passkey(make_practitioner())
    assert promises.second_factor_is_always_there(today).kept is True
    HeldFactor.objects.all().delete()
    assert promises.second_factor_is_always_there(today).kept is False


def test_staff_who_signed_in_and_hold_nothing_break_pc_81(today: datetime) -> None:
    user = make_staff()
    verified_client(user)
    User.objects.update(last_login=today)
    assert promises.active_staff_hold_a_factor(today).kept is True
    Authenticator.objects.all().delete()
    assert promises.active_staff_hold_a_factor(today).kept is True
    assert promises.active_staff_hold_a_factor(today + timedelta(hours=1, seconds=1)).kept is False


@pytest.mark.parametrize("change", [{"valid_until": timedelta(minutes=30)}, {"code_mac": b"123456"}])
def test_code_that_lives_long_or_is_readable_breaks_md_50(today: datetime, change: dict[str, Any]) -> None:
    device = email_device(make_practitioner())
    device.issue("attempt", today)
    device.save()
    assert promises.mailed_codes_are_short_lived_single_and_not_kept(today).kept is True
    values = {key: today + value if isinstance(value, timedelta) else value for key, value in change.items()}
    DeliveredCodeDevice.objects.update(**values)
    assert promises.mailed_codes_are_short_lived_single_and_not_kept(today).kept is False


def test_holder_signed_in_by_mail_breaks_md_50(today: datetime) -> None:
    user = make_practitioner()
    verified_client(user)
    DeliveredCodeDevice.objects.update(last_used_at=today)
    give_passkey(user)
    assert promises.mailed_codes_are_short_lived_single_and_not_kept(today).kept is True
    Authenticator.objects.update(created_at=today - timedelta(days=1))
    assert promises.mailed_codes_are_short_lived_single_and_not_kept(today).kept is False


def test_weaker_rule_breaks_md_54(today: datetime, settings: object) -> None:
    make_practitioner()
    assert promises.password_rule_is_in_force(today).kept is True
    settings.AUTH_PASSWORD_VALIDATORS = settings.AUTH_PASSWORD_VALIDATORS[:1]
    found = promises.password_rule_is_in_force(today)
    assert (found.kept, found.figures["examples_misjudged"]) == (False, ["runs", "breached"])


def test_other_hash_breaks_md_54(today: datetime, settings: object) -> None:
    make_practitioner()
    settings.PASSWORD_HASHERS = [*settings.PASSWORD_HASHERS, "django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.update(password=make_password("x", hasher="md5"))
    assert promises.password_rule_is_in_force(today).kept is False


def test_sign_in_past_the_forced_change_breaks_md_54(today: datetime) -> None:
    make_practitioner()
    User.objects.update(compromised_at=today, last_login=today - timedelta(hours=1))
    assert promises.password_rule_is_in_force(today).kept is True
    User.objects.update(last_login=today + timedelta(hours=1))
    assert promises.password_rule_is_in_force(today).kept is False


def test_change_on_the_web_without_an_author_breaks_md_57(today: datetime) -> None:
    make_practitioner()
    assert promises.one_account_is_one_person(today).kept is True
    record_event(by=Actor(None, "anonymous"), verb="records.file.changed", object_type="test", object_id="1", now=today)
    assert promises.one_account_is_one_person(today).kept is False


def test_two_accounts_with_one_address_break_md_57(today: datetime) -> None:
    make_practitioner("a@example.org")
    other = make_practitioner()
    from praticonnect.database import as_owner

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user DROP CONSTRAINT accounts_user_email_key")
    User.objects.filter(pk=other.pk).update(email="A@example.org")
    assert promises.one_account_is_one_person(today).kept is False
