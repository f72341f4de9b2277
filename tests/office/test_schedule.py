"""The office's pages on the schedule: propose, see before and after, approve (NEW-05)."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from care.tenancy import ALL, scope
from lifecycle.models import ScheduleVersion
from lifecycle.tasks import redate
from privacy.clocks import Period
from privacy.schedule import in_force
from records.models import PatientFile
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.care.factories import LONG_AGO
from tests.lifecycle.schedule.helpers import medical, text_of
from tests.records.factories import make_file

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def office() -> Client:
    staff = make_staff()
    client = verified_client(staff)
    prove(client, staff)
    return client


@pytest.fixture
def practitioner() -> User:
    return make_practitioner(now=LONG_AGO)


def end_of(file: PatientFile) -> date:
    with scope(ALL):
        return PatientFile.objects.get(pk=file.pk).retain_until


def test_office_proposes_sees_the_change_and_approves_it(
    office: Client,
    practitioner: User,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redate, "delay", redate)
    file = make_file(practitioner)
    answer = office.post(reverse("admin:schedule"), {"text": text_of(PC_41=medical(15))})
    address = reverse("admin:schedule_version", args=[2])
    assert (answer.status_code, answer["Location"]) == (302, address)
    page = office.get(address)
    assert (page.context["told"].earlier, page.context["version"].shortens) == (1, True)
    assert "15 years" in page.content.decode()
    assert (in_force().number, end_of(file)) == (1, date(2046, 11, 18))
    with django_capture_on_commit_callbacks(execute=True):
        assert office.post(reverse("admin:schedule_approve", args=[2])).status_code == 302
    assert (in_force().number, end_of(file)) == (2, date(2041, 11, 18))
    steps = ScheduleVersion.objects.order_by("at").values_list("step", "actor_role")
    assert list(steps) == [("proposed", "dpo"), ("approved", "dpo")]


def test_office_hears_each_fault_beside_the_field(office: Client) -> None:
    page = office.post(reverse("admin:schedule"), {"text": text_of(PC_41={"length": {"years": 3}})})
    assert page.status_code == 422
    assert page.context["form"].errors["text"][0] == "PC-41, anchor: missing; this rule counts from last_consultation"
    assert ScheduleVersion.objects.count() == 0


def test_proposal_that_became_stale_shows_no_approval(office: Client) -> None:
    for years in (25, 30):
        office.post(reverse("admin:schedule"), {"text": text_of(PC_41=medical(years))})
    office.post(reverse("admin:schedule_approve", args=[2]))
    page = office.get(reverse("admin:schedule_version", args=[3]))
    assert (page.context["told"], page.context["version"].is_open) == (None, False)
    office.post(reverse("admin:schedule_approve", args=[3]))
    assert in_force().number == 2
    assert office.get(reverse("admin:schedule_version", args=[9])).status_code == 404


def test_list_shows_rules_versions_and_what_still_waits(office: Client, practitioner: User) -> None:
    make_file(practitioner)
    office.post(reverse("admin:schedule"), {"text": text_of(PC_41=medical(25))})
    assert office.get(reverse("admin:schedule")).context["waiting"] == 0
    office.post(reverse("admin:schedule_approve", args=[2]))
    page = office.get(reverse("admin:schedule"))
    assert (page.context["number"], page.context["waiting"]) == (2, 1)
    assert "25 years" in page.content.decode()


def test_approval_needs_a_fresh_factor_and_a_post(office: Client) -> None:
    office.post(reverse("admin:schedule"), {"text": text_of(PC_41=medical(25))})
    stale = verified_client(make_staff("other@example.org"))
    assert stale.post(reverse("admin:schedule_approve", args=[2])).status_code == 302
    assert office.get(reverse("admin:schedule_approve", args=[2])).status_code == 405
    assert in_force().number == 1


@pytest.mark.parametrize("name", ["admin:schedule", "admin:schedule_version", "admin:schedule_approve"])
def test_practitioners_see_nothing_of_it(practitioner: User, name: str) -> None:
    address = reverse(name, args=[] if name == "admin:schedule" else [2])
    assert verified_client(practitioner).post(address).status_code in (302, 403, 404)


def test_privacy_centre_tells_the_lengths_in_force(office: Client, practitioner: User) -> None:
    office.post(reverse("admin:schedule"), {"text": text_of(PC_41=medical(25))})
    office.post(reverse("admin:schedule_approve", args=[2]))
    client = verified_client(practitioner)
    register = client.get(reverse("gdpr:register"))
    assert "25 years" in register.content.decode()
    assert {line.rule.length for line in register.context["schedule"] if line.rule.id == "PC-41"} == {Period(years=25)}
    assert client.get(reverse("gdpr:overview")).context["years"] == 25
