"""What a thief of the dump reads about who the practitioners are: nothing, listed in the directory or not (PC-80)."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.signing import b64_decode
from django.db import connection
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.credentials.cuts import cut
from accounts.models import PractitionerProfile, TextNumber, User
from adapters.inbox import take
from adapters.models import Outgoing, Proof
from care.models import Practice
from care.models.staff import TeamRole
from care.team.actions import invite
from care.tenancy import ALL, scope
from subprocessors.models import CalendarLink
from tests.accounts.factories import WebClient, make_account, make_practitioner, prove, verified_client
from tests.accounts.helpers import CONFIRM_EMAIL, SIGNUP, code_in_mail, signup_form, type_password
from tests.directory.factories import address_of, choose_listing
from tests.records.factories import actor_of
from tests.records.orders import enter
from tests.security.searching import dumped, found, places
from tests.security.test_leaks import real_places
from vault.rest_fields import AtRest, at_rest_fields

pytestmark = [pytest.mark.database, pytest.mark.django_db(transaction=True, databases="__all__")]
__all__ = ["real_places"]
EMAIL, NEW_EMAIL, TYPED = "kwz.estragon@leaks.example", "kwz.fenouil@leaks.example", "kwz.cerfeuil@leaks.example"
PROFILE = {
    "surname": "Kwzlaurier", "given_names": "Kwzbasile", "rpps": "10003456786", "adeli": "759876543",
    "qualifications": "Kwzdiplome de Sorbonne", "phone": "+33298990142", "address_line": "12 rue Kwzoseille",
    "postal_code": "Kwz98765", "city": "Kwzville",
}  # fmt: skip
COLUMNS = [field for model in apps.get_models() for field in at_rest_fields(model)]


@pytest.fixture
def leaver(real_places: None) -> User:
    """Somebody who signed up at the page, proved the mailbox, is listed with the telephone and changes the address."""
    client = WebClient()
    assert client.post(SIGNUP, signup_form(EMAIL, **PROFILE)).status_code == 302
    assert client.post(CONFIRM_EMAIL, {"code": code_in_mail()}).status_code == 302
    user = User.objects.get(email=EMAIL)
    choose_listing(user, True)
    mine = verified_client(user)
    prove(mine, user)
    assert mine.post(reverse("directory:mine"), {"shows_phone": "on"}).status_code == 302
    assert mine.post(reverse("account_email"), {"action_add": "", "email": NEW_EMAIL}).status_code == 302
    for name in ("accounts:profile", "accounts:security", "gdpr:overview"):
        assert mine.get(reverse(name)).status_code == 200
    return user


def try_to_enter() -> None:
    """A sign-in left half done, one with an address nobody has, and a password that was lost."""
    assert type_password(WebClient(), EMAIL).status_code == 302
    assert type_password(WebClient(), TYPED).status_code == 200
    assert WebClient().post(reverse("account_reset_password"), {"email": EMAIL}).status_code == 302


def test_nothing_of_a_practitioner_s_identity_stands_in_clear(
    leaver: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    try_to_enter()
    shown = WebClient().get(address_of(leaver)).content.decode()
    words = {**PROFILE, "email": EMAIL, "changed to": NEW_EMAIL, "typed": TYPED, "practice": "Kwzbasile Kwzlaurier"}
    assert [PROFILE[name] in shown for name in ("surname", "city", "address_line")] == [True] * 3
    assert Practice.objects.get(memberships__user=leaver).name == "Practice of Kwzbasile Kwzlaurier"
    kept = PractitionerProfile.objects.values(*PROFILE).get(user=leaver)
    assert kept == PROFILE
    haystacks = {name: content for name, content in places(tmp_path, caplog.text).items() if name != "mails"}
    assert EMAIL.encode() in haystacks["sessions"]  # while a sign-in waits for its code; opened, as the house can
    haystacks["sessions"] = b"\n".join(as_stored())
    assert str(leaver.pk).encode() in haystacks["dump"]
    assert mail.outbox
    assert found(words.items(), haystacks) == []


def as_stored() -> Iterator[bytes]:
    """Each session's payload as a thief unpacks it: base64, mostly compressed, and signed but not secret."""
    for stored in Session.objects.values_list("session_data", flat=True):
        payload = stored.rsplit(":", 2)[0]
        data = b64_decode(payload.removeprefix(".").encode())
        yield zlib.decompress(data) if payload.startswith(".") else data


@pytest.mark.parametrize("serializer", ["sealed", "django's own"])
def test_a_session_says_nothing_as_it_is_stored(serializer: str, real_places: None, settings: Any) -> None:
    if serializer != "sealed":
        settings.SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
    session = SessionStore()
    session["login"] = {"email": EMAIL}
    session.save()
    assert (EMAIL.encode() in b"".join(as_stored())) == (serializer != "sealed")
    assert SessionStore(session.session_key)["login"] == {"email": EMAIL}


def test_a_session_in_clear_of_before_is_an_empty_one(real_places: None, settings: Any) -> None:
    with override_settings(SESSION_SERIALIZER="django.contrib.sessions.serializers.JSONSerializer"):
        session = SessionStore()
        session["login"] = {"email": EMAIL}
        session.save()
    assert dict(SessionStore(session.session_key).items()) == {}


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: f"{field.model._meta.label}.{field.name}")
def test_a_clear_copy_in_any_identity_column_is_found(field: AtRest, real_places: None, tmp_path: Path) -> None:
    owner = make_practitioner()
    table, token = field.model._meta.db_table, "Kwzplanted01"
    with scope(ALL), connection.cursor() as cursor:
        invite(
            practice=Practice.objects.get(memberships__user=owner), email="kwz.team@leaks.example",
            role=TeamRole.ASSISTANT, by=actor_of(owner), now=timezone.now(),
        )  # fmt: skip
        cut(user=make_account(), lost=["all"], said="office", reason="called", by=actor_of(owner), now=timezone.now())
        enter(owner)
        Outgoing.objects.create(
            kind="trial",
            ground="necessity",
            necessity="login_code",
            payload="{}",
            queued_at=timezone.now(),
            due_at=timezone.now(),
        )
        TextNumber.objects.create(user=owner, number="+33612345678", asked_at=timezone.now())
        take(subprocessor="viva", event_id="one", kind="trial", body="{}", now=timezone.now())
        CalendarLink.objects.create(
            account=owner, linked_at=timezone.now(), refresh_token="r", access_token="a", access_until=timezone.now()
        )
        if field.model is Proof:  # evidence: what is in it was in it from the beginning
            add = f'insert into "{table}" (at, dossier_id, what, sha256, size, leaf, "{field.column}")'
            cursor.execute(f"{add} values (now(), gen_random_uuid(), 'signed', '', 1, '', %s)", [token])
        else:
            one = f'where ctid = (select min(ctid) from "{table}")'
            cursor.execute(f'update "{table}" set "{field.column}" = %s {one}', [token])
    assert {hit[1:] for hit in found([("planted", token)], {"dump": dumped(tmp_path / "dump.sql")})} >= {
        ("dump", "text")
    }
