"""The pages of the desk: the public form, the link, the tab, the office, the register (PC-61, PC-67, PC-68, MD-32, MD-33)."""

import csv
import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from care.queries import practice_of
from gdpr_requests.desk import identity, links
from gdpr_requests.models import IdentityDocument, Request
from praticonnect.office_register import as_cell
from privacy.deadlines import Right
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.gdpr_requests.factories import by_account, by_letter
from tests.records.factories import png
from vault.queries import with_key

pytestmark = pytest.mark.django_db(databases="__all__")
TYPED = {"name": "Ada", "email": "ada@example.org", "right": "15", "text": "What do you hold?"}


@pytest.fixture
def office() -> Client:
    return verified_client(make_staff("dpo@example.org"))


@pytest.fixture
def practitioner() -> User:
    return make_practitioner("camille@example.org")


def test_form_gives_a_number_and_the_way_to_it() -> None:
    answer = Client().post(reverse("gdpr:contact"), TYPED)
    page = Client().get(answer["Location"])
    assert Request.objects.get().number in page.content.decode()
    assert "What do you hold?" in page.content.decode()


def test_form_keeps_what_was_typed_and_names_what_is_missing() -> None:
    page = Client().post(reverse("gdpr:contact"), {**TYPED, "email": "ada"})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["email"])
    assert "What do you hold?" in page.content.decode()


def test_form_makes_the_sixth_message_wait() -> None:
    codes = [Client().post(reverse("gdpr:contact"), TYPED).status_code for _n in range(6)]
    assert (codes, Request.objects.count()) == ([302] * 5 + [429], 5)


def test_link_of_another_or_of_an_account_opens_nothing(practitioner: User) -> None:
    tokens = [links.token_of(by_account(practitioner).pk), "forged:token"]
    assert [Client().get(reverse("gdpr:follow", args=[token])).status_code for token in tokens] == [404, 404]


def test_identity_document_is_sealed_checked_and_destroyed(office: Client) -> None:
    request = by_letter(Right.ERASURE)
    page = reverse("admin:request", args=[request.pk])
    office.post(page, {"step": "ask_identity", "text": "Two people have this name."})
    send = reverse("gdpr:follow_paper", args=[links.token_of(request.pk)])
    refused = Client().post(send, {"paper": SimpleUploadedFile("a.html", b"<html>")})
    assert (refused.status_code, IdentityDocument.objects.count()) == (422, 0)
    assert Client().post(send, {"paper": SimpleUploadedFile("id.png", png())}).status_code == 302
    row = IdentityDocument.objects.get()
    with default_storage.open(row.storage_name) as stored:
        assert png() not in stored.read()
    assert office.get(reverse("admin:request_paper", args=[request.pk])).content == png()
    office.post(page, {"step": "accept"})
    row.refresh_from_db()
    request.refresh_from_db()
    assert (row.accepted, row.storage_name, request.proof) == (True, "", "document")
    assert (with_key([row.pk]), identity.stored()) == (set(), [])


def test_practitioner_files_follows_and_withdraws(practitioner: User) -> None:
    client = verified_client(practitioner)
    place = client.post(reverse("gdpr:request_new"), {"right": "16", "text": "My name is wrong."})["Location"]
    assert "My name is wrong." in client.get(place).content.decode()
    client.post(place, {"step": "withdraw"})
    assert Request.objects.get().state == "withdrawn"
    assert Request.objects.get().number in client.get(reverse("gdpr:requests")).content.decode()


def test_practitioner_answers_what_is_put_to_the_practice(practitioner: User) -> None:
    request = by_letter(Right.RECTIFICATION, practice_id=practice_of(practitioner).pk)
    client, page = verified_client(practitioner), reverse("gdpr:request", args=[request.pk])
    wrong = client.post(
        page, {"step": "answer", "outcome": "granted", "text": "Corrected.", "corrections": ["elsewhere"]}
    )
    assert (wrong.status_code, "Corrected." in wrong.content.decode()) == (422, True)
    client.post(page, {"step": "prove", "proof": "in_person"})
    client.post(page, {"step": "answer", "outcome": "granted", "text": "Corrected.", "corrections": ["elsewhere"]})
    request.refresh_from_db()
    assert (request.state, request.outcome) == ("answered", "granted")


def test_stranger_finds_no_request(practitioner: User) -> None:
    request = by_account(practitioner)
    client = verified_client(make_practitioner("noe@example.org"))
    assert client.get(reverse("gdpr:request", args=[request.pk])).status_code == 404


def test_letter_is_entered_with_its_day_of_receipt(office: Client) -> None:
    today = timezone.localdate()
    typed = {
        "channel": "post", "received_on": today.isoformat(), "name": "Ada", "address": "1 rue Haute, Paris",
        "language": "fr", "right": "17", "data_class": "ordinary", "text": "Erase me.",
    }  # fmt: skip
    assert office.post(reverse("admin:request_enter"), typed).status_code == 302
    request = Request.objects.get()
    assert (request.channel, timezone.localdate(request.received_at)) == ("post", today)


def test_register_has_each_request_and_no_formula(office: Client) -> None:
    by_letter()
    rows = list(csv.DictReader(io.StringIO(office.get(reverse("admin:request_register_csv")).content.decode())))
    assert [(row["number"], row["due"]) for row in rows] == [("2026-00001", "2026-12-18")]
    assert [as_cell(text) for text in ("=1+1", "@x", "plain")] == ["'=1+1", "'@x", "plain"]
    assert "2026-00001" in office.get(reverse("admin:request_register")).content.decode()


@pytest.mark.parametrize("name", ["admin:desk", "gdpr:requests"])
def test_list_costs_the_same_queries_for_one_and_three(name: str, office: Client, practitioner: User) -> None:
    client = office if name.startswith("admin") else verified_client(practitioner)
    counts: list[Any] = []
    for more in (1, 2):
        for _n in range(more):
            by_letter(practice_id=practice_of(practitioner).pk)
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(name)).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
