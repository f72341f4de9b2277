"""The office's pages on time: holds placed and lifted behind a reason, and what will leave."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AccessEntry
from care.tenancy import ALL, scope
from lifecycle.holds import queries
from lifecycle.models import Hold
from privacy.ids import new_id
from records.models import PatientFile
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.care.factories import LONG_AGO
from tests.lifecycle.test_holds import is_held, lift, place
from tests.records.factories import make_file

pytestmark = pytest.mark.django_db(databases="__all__")
REASON = {"ground": "claim", "case": "RG 26/01234", "why": "The insurer asked"}


@pytest.fixture
def office() -> Client:
    return verified_client(make_staff())


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    return make_file(practitioner)


def in_days(number: int) -> str:
    return (timezone.now() + timedelta(days=number)).date().isoformat()


def only_hold() -> Hold:
    with scope(ALL):
        return Hold.objects.get()


def test_office_places_and_lifts_a_hold_behind_a_reason(office: Client, file: PatientFile) -> None:
    said = {**REASON, "file_id": str(file.pk), "review_on": in_days(90)}
    assert office.post(reverse("admin:holds"), said).status_code == 302
    hold = only_hold()
    assert (is_held(file), hold.placed_role, hold.placed_by_id is not None) == (True, "dpo", True)
    address = reverse("admin:hold", args=[hold.pk])
    assert (office.post(address, {"why": " "}).status_code, is_held(file)) == (422, True)
    assert (office.post(address, {"why": "settled"}).status_code, is_held(file)) == (302, False)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"file_id": str(new_id())}, "file_id"), ({"why": ""}, "why"), ({"review_on": "2020-01-01"}, "__all__")],
)
def test_office_hears_what_is_wrong_beside_the_field(
    office: Client, file: PatientFile, wrong: dict[str, str], field: str
) -> None:
    said = {**REASON, "file_id": str(file.pk), "review_on": in_days(90), **wrong}
    page = office.post(reverse("admin:holds"), said)
    assert (page.status_code, list(page.context["form"].errors), is_held(file)) == (422, [field], False)


def test_hold_page_shows_case_and_reason_and_leaves_a_line(office: Client, file: PatientFile) -> None:
    hold = place(file)
    page = office.get(reverse("admin:hold", args=[hold.pk]))
    assert (page.context["told"].case, page.context["told"].why) == ("RG 26/01234", "The insurer asked")
    assert [entry.actor_role for entry in AccessEntry.objects.filter(subject_id=hold.pk, part="hold")] == ["dpo"]
    assert office.get(reverse("admin:hold", args=[new_id()])).status_code == 404


def test_list_shows_overdue_reviews_and_no_case(office: Client, file: PatientFile) -> None:
    long_ago = timezone.now() - timedelta(days=60)
    place(file, now=long_ago, review_on=(long_ago + timedelta(days=30)).date())
    lift(place(file), now=timezone.now() + timedelta(seconds=1))
    page = office.get(reverse("admin:holds"))
    assert (page.context["overdue"], len(page.context["live"]), len(page.context["lifted"])) == (1, 1, 1)
    assert "RG 26/01234" not in page.content.decode()


@pytest.mark.parametrize("name", ["holds", "future"])
def test_pages_are_closed_to_practitioners(practitioner: User, name: str) -> None:
    assert verified_client(practitioner).get(reverse(f"admin:{name}")).status_code == 404


def test_future_page_counts_by_rule_what_leaves_and_what_is_held(office: Client, practitioner: User) -> None:
    today = timezone.now().date()
    ends = [today + timedelta(days=days) for days in (10, 100, 200, 800)]
    files = [make_file(practitioner) for _ in ends]
    with scope(ALL):
        for file, end in zip(files, ends, strict=True):
            PatientFile.objects.filter(pk=file.pk).update(retain_until=end)
    place(files[2])
    page = office.get(reverse("admin:future"))
    lines = [(x.rule, x.soon, x.year, x.held) for x in page.context["lines"] if x.rule == "PC-41"]
    assert lines == [("PC-41", 1, 2, 1)]
    with scope(ALL):
        assert queries.live().count() == 1
