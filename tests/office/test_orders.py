"""The office's pages of orders: entered with their document, the link sent and the code shown once, ended (MD-43)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AccessEntry
from care.tenancy import ALL, scope
from privacy.clocks import legal_day
from records.models import AuthorityOrder, OrderedFile
from tests.accounts.factories import WebClient, make_practitioner, make_staff, prove, verified_client
from tests.records.factories import make_file, png
from tests.records.orders import confirmed, enter

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def owner() -> User:
    return make_practitioner("owner@example.org")


@pytest.fixture
def office() -> WebClient:
    staff = make_staff("dpo@example.org")
    client = verified_client(staff)
    prove(client, staff)
    return client


def typed(**other: Any) -> dict[str, Any]:
    today = legal_day(timezone.now())
    return {
        "authority": "court", "ground": "cpc_138", "reference": "RG 26/01234", "issued_on": str(today),
        "paper": SimpleUploadedFile("order.png", png()), "why": "A claim for damages", "practitioner": "owner@example.org",
        "whom": "Madame Lefèvre", "numbers": "", "parts": ["identity", "consultations"],
        "until_on": str(today + timedelta(days=9)), "agent": "Maître Petit, greffe", "email": "greffe@justice.example", **other,
    }  # fmt: skip


def test_officer_enters_an_order_and_the_owner_is_asked(owner: User, office: WebClient) -> None:
    file = make_file(owner)
    mail.outbox.clear()
    answer = office.post(reverse("admin:order_enter"), typed(numbers=str(file.pk)))
    with scope(ALL):
        row, named = AuthorityOrder.objects.get(), OrderedFile.objects.get()
    assert (answer["Location"], named.file_id) == (reverse("admin:order", args=[row.pk]), file.pk)
    assert [(one.to, "RG 26" in one.body, one.subject) for one in mail.outbox if "order" in one.subject] == [
        ([owner.email], False, "An authority's order waits for your decision")
    ]
    page = office.get(answer["Location"]).content.decode()
    assert ("RG 26/01234" in page, "Greffe" in page, "waits for the practice" in page, "LEFÈVRE" in page) == (
        True, False, True, False,
    )  # fmt: skip
    assert set(AccessEntry.objects.filter(actor_role="dpo").values_list("part", flat=True)) <= {"order", "file"}
    assert office.get(reverse("admin:order_paper", args=[row.pk]))["Content-Disposition"].startswith("attachment")
    assert "waits for the practice" in office.get(reverse("admin:orders")).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"practitioner": "nobody@example.org"}, "Nobody with this address owns a practice here"),
        ({"numbers": "12"}, "is no number of a file"),
        ({"numbers": "019a0000-0000-7000-8000-000000000000"}, "This practice has no file"),
        ({"parts": []}, "Tick at least one part"),
        ({"until_on": "2099-01-01"}, "The access ends within thirty days"),
        ({"issued_on": "2099-01-01"}, "This day is in the future"),
        ({"silent_until": "2099-01-01", "silent_why": "x"}, "Choose a day from today to a year from now"),
        ({"paper": SimpleUploadedFile("order.txt", b"words")}, "PDF"),
    ],
)
def test_wrong_entries_are_named_and_nothing_is_kept(
    wrong: dict[str, Any], words: str, owner: User, office: WebClient
) -> None:
    answer = office.post(reverse("admin:order_enter"), typed(**wrong))
    page = answer.content.decode()
    assert (answer.status_code, words in page, "RG 26/01234" in page) == (422, True, True)
    with scope(ALL):
        assert AuthorityOrder.objects.count() == 0


def test_code_is_shown_once_and_never_kept(owner: User, office: WebClient) -> None:
    place = reverse("admin:order", args=[confirmed(owner, make_file(owner)).pk])
    shown = office.post(place, {"act": "link"})
    code = shown.context["code"]
    assert (len(code), code in shown.content.decode(), code in office.get(place).content.decode()) == (8, True, False)
    with scope(ALL):
        assert code not in str(AuthorityOrder.objects.values().get())


def test_no_link_before_the_practice_confirmed(owner: User, office: WebClient) -> None:
    answer = office.post(reverse("admin:order", args=[enter(owner, make_file(owner)).pk]), {"act": "link"})
    assert (answer.context["code"], "no link goes out" in answer.content.decode()) == ("", True)


def test_officer_ends_an_order_with_a_reason(owner: User, office: WebClient) -> None:
    row = confirmed(owner, make_file(owner))
    place = reverse("admin:order", args=[row.pk])
    assert office.post(place, {"act": "end", "why": ""}).status_code == 422
    assert office.post(place, {"act": "end", "why": "Withdrawn by the court"}).status_code == 302
    with scope(ALL):
        assert AuthorityOrder.objects.get().ended_role == "dpo"


def test_pages_ask_for_a_fresh_factor(owner: User) -> None:
    client = verified_client(make_staff("dpo@example.org"))
    for place in (reverse("admin:order_enter"), reverse("admin:order", args=[enter(owner).pk])):
        assert "confirm" in client.get(place)["Location"]
