"""The patient decides who else looks in: people of trust at any age, guardians from 15 on."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from care.models import PortalLink
from care.tenancy import ALL, scope
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.records.factories import link, make_file

pytestmark = pytest.mark.django_db(databases="__all__")
LATER = timezone.now() + timedelta(days=400)


def decided(capacity: str, years: int, parts: list[str]) -> tuple[list[str], bool]:
    """A patient of that age leaves these parts: what the other then sees, and whether the link still lives."""
    patient, now = make_patient(), timezone.now()
    file = make_file(make_practitioner(), birth_date=(now - timedelta(days=365.25 * years + 2)).date().isoformat())
    own = link(file, patient)
    other = link(file, make_patient(), capacity=capacity, until=LATER, scope=["documents", "consultations"])
    url = reverse("patient:relatives", args=[own.pk])
    assert verified_client(patient).post(url, {"link": other.pk, "parts": parts}).status_code == 302
    with scope(ALL):
        row = PortalLink.objects.get(pk=other.pk)
        return row.scope, PortalLink.objects.live(timezone.now()).filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("capacity", "years", "parts", "left"),
    [
        ("guardian", 14, ["documents"], (["documents", "consultations"], True)),
        ("guardian", 15, ["documents"], (["documents"], True)),
        ("guardian", 16, [], (["documents", "consultations"], False)),
        ("proxy", 14, [], (["documents", "consultations"], False)),
        ("proxy", 40, ["documents", "questionnaire"], (["documents"], True)),
    ],
)
def test_patient_narrows_or_ends(capacity: str, years: int, parts: list[str], left: tuple[list[str], bool]) -> None:
    assert decided(capacity, years, parts) == left


def test_proxy_decides_nothing() -> None:
    file, proxy = make_file(make_practitioner()), make_patient()
    own, row = link(file, make_patient()), link(file, proxy, capacity="proxy", until=LATER)
    client, url = verified_client(proxy), reverse("patient:relatives", args=[row.pk])
    assert client.get(url).status_code == 404
    assert client.post(url, {"link": own.pk}).status_code == 404
    assert verified_client(proxy).get(reverse("patient:relatives", args=[own.pk])).status_code == 404
