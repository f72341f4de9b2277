"""The office looks at the journals and can't write them."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from audit.actions import record_event
from audit.actors import Actor
from audit.models import Seal
from audit.sealing import seal_all
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.audit.forge import accesses

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
PAGES = ["accessentry", "securityentry", "evententry", "seal", "expiredmonth"]


@pytest.fixture
def office() -> Client:
    return verified_client(make_staff())


@pytest.fixture
def number() -> int:
    now = datetime.now(UTC)
    record_event(by=Actor.system("t"), verb="records.file.changed", object_type="t", object_id=1, now=now)
    (number,) = accesses(1, now)
    seal_all(now)
    return number


@pytest.mark.parametrize("page", PAGES)
def test_office_reads_each_journal(page: str, office: Client, number: int) -> None:
    assert office.get(f"/admin/audit/{page}/").status_code == 200


def test_office_reads_one_entry_and_one_seal(office: Client, number: int) -> None:
    assert office.get(f"/admin/audit/accessentry/{number}/change/").status_code == 200
    seal = Seal.objects.latest("number")
    assert office.get(f"/admin/audit/seal/{seal.number}/change/").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_office_adds_nothing(page: str, office: Client) -> None:
    assert office.post(f"/admin/audit/{page}/add/", {}).status_code == 403


@pytest.mark.parametrize("verb", ["change", "delete"])
def test_office_changes_and_deletes_nothing(verb: str, office: Client, number: int) -> None:
    seal = Seal.objects.latest("number").number
    pages = [f"/admin/audit/accessentry/{number}/{verb}/", f"/admin/audit/seal/{seal}/{verb}/"]
    assert [office.post(page, {"post": "yes"}).status_code for page in pages] == [403, 403]


def test_practitioner_does_not_find_the_window() -> None:
    client = verified_client(make_practitioner())
    assert [client.get(f"/admin/audit/{page}/").status_code for page in PAGES] == [404] * 5
