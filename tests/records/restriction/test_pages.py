"""The pages of a restriction, clicked: restricted, read for a claim, told, lifted (PC-63)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from care.tenancy import ALL, scope
from records.models import PatientFile, RestrictedOpening, Restriction
from tests.accounts.factories import make_practitioner, prove, verified_client
from tests.care.factories import LONG_AGO
from tests.records.factories import make_consultation, make_document, make_file, make_measure

pytestmark = pytest.mark.django_db(databases="__all__", transaction=False)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    file = make_file(practitioner, allergies="Penicillin")
    make_consultation(file, practitioner, signed=True, note="Pain since Monday")
    make_measure(file, practitioner, value="62")
    make_document(file, practitioner, title="Blood test")
    return file


@pytest.fixture
def client(practitioner: User) -> Client:
    client = verified_client(practitioner)
    prove(client, practitioner)
    return client


def url(name: str, *arguments: object) -> str:
    return reverse(f"records:{name}", args=arguments)


def only() -> Restriction:
    with scope(ALL):
        return Restriction.objects.get()


def begin(client: Client, file: PatientFile) -> Restriction:
    said = {"act": "restrict", "ground": "accuracy", "note": "The allergy is disputed"}
    assert client.post(url("restriction", file.pk), said).status_code == 302
    return only()


def words(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def test_restricted_file_says_since_when_and_why_and_shows_nothing(client: Client, file: PatientFile) -> None:
    begin(client, file)
    answer = client.get(url("file", file.pk))
    page = words(answer)
    assert (answer.status_code, "LEFÈVRE" in page, "Penicillin" in page) == (403, False, False)
    assert "something in it is wrong" in page
    assert "No name is shown" in words(client.get(url("restricted")))
    assert url("restriction", file.pk) in words(client.get(url("restricted")))
    assert "The allergy is disputed" in words(client.get(url("restriction", file.pk)))


def test_it_is_read_for_a_claim_with_a_reason_for_half_an_hour(
    client: Client, file: PatientFile, practitioner: User
) -> None:
    begin(client, file)
    refused = client.post(url("restricted_ask", file.pk), {"ground": "claims", "why": " "})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["why"])
    answer = client.post(url("restricted_ask", file.pk), {"ground": "claims", "why": "Case 26/0123"})
    with scope(ALL):
        opening = RestrictedOpening.objects.get()
    assert answer["Location"] == url("restricted_read", file.pk, opening.pk)
    page = words(client.get(answer["Location"]))
    assert [found in page for found in ("LEFÈVRE", "Penicillin", "Pain since Monday", "62", "Blood test")] == [True] * 5
    with scope(ALL):
        paper = file.documents.get()
    sent = client.get(url("restricted_document", file.pk, opening.pk, paper.pk))
    assert (sent.status_code, sent["Content-Disposition"].startswith("attachment")) == (200, True)
    with time_machine.travel(timezone.now() + timedelta(minutes=25), tick=False):
        assert client.get(answer["Location"]).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        fresh = verified_client(practitioner)
        assert fresh.get(answer["Location"]).status_code == 404


def test_colleague_of_another_practice_finds_none_of_it(client: Client, file: PatientFile) -> None:
    begin(client, file)
    client.post(url("restricted_ask", file.pk), {"ground": "claims", "why": "Case"})
    with scope(ALL):
        opening = RestrictedOpening.objects.get()
    other = make_practitioner("other@example.org", now=LONG_AGO)
    stranger = verified_client(other)
    prove(stranger, other)
    for name, more in (("restriction", ()), ("restricted_ask", ()), ("restricted_read", (opening.pk,)), ("file", ())):
        assert stranger.get(url(name, file.pk, *more)).status_code == 404


def test_it_is_told_then_lifted_and_back_in_the_list(client: Client, file: PatientFile) -> None:
    row = begin(client, file)
    address = url("restriction", file.pk)
    lift = {"act": "lift", "restriction": row.pk, "why": "The birth date was checked"}
    assert (client.post(address, lift).status_code, only().is_live) == (422, True)
    assert client.post(address, {"act": "tell", "restriction": row.pk, "how": "wish"}).status_code == 302
    assert client.post(address, {**lift, "why": ""}).status_code == 422
    assert (client.post(address, lift).status_code, only().is_live) == (302, False)
    assert "LEFÈVRE" in words(client.get(url("patients")))


def test_grave_acts_ask_for_a_fresh_factor(file: PatientFile, practitioner: User) -> None:
    stale = verified_client(practitioner)
    said = {"act": "restrict", "ground": "accuracy"}
    answer = stale.post(url("restriction", file.pk), said)
    with scope(ALL):
        assert (answer.status_code, Restriction.objects.count()) == (302, 0)


def test_what_was_typed_meanwhile_comes_back_to_be_copied(
    client: Client, file: PatientFile, practitioner: User
) -> None:
    """A draft that was open in the browser when the file was restricted: nothing is saved, nothing typed is lost."""
    draft = make_consultation(file, practitioner, note="Begun")
    begin(client, file)
    typed = {"note": "Slept well\nat last", "started_at": "2026-01-05T10:00", "kind": "first", "revision": "1"}
    answer = client.post(url("consultation", file.pk, draft.pk), typed)
    page = words(answer)
    assert (answer.status_code, "It wasn't saved" in page.replace("&#x27;", "'")) == (403, True)
    assert ("Slept well" in page, "at last" in page, "Begun" in page) == (True, True, False)
    saved = client.post(url("draft", file.pk, draft.pk), typed, headers={"X-Requested-With": "autosave"})
    assert (saved.status_code, "is restricted" in saved.json()["message"]) == (403, True)
    assert "It wasn't saved" not in words(client.get(url("consultation", file.pk, draft.pk)))
