"""The office's page of emergency openings: overdue ones red, the reason read and never the file (MD-42)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.actors import Actor
from audit.models import AccessEntry
from care.models import EmergencyAccess
from care.tenancy import ALL, scope
from records.emergency import open_in_emergency
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.care.factories import make_member
from tests.records.factories import make_file

pytestmark = pytest.mark.django_db(databases="__all__")


def test_officer_reads_the_reason_and_reviews() -> None:
    owner, officer = make_practitioner(), make_staff()
    file, staff, opened = make_file(owner, now=timezone.now()), make_member(owner, "staff"), timezone.now()
    with scope(ALL):
        row = open_in_emergency(
            file_id=file.pk, kind="life", why="Zyklamen", by=Actor(staff.pk, "staff"), now=opened - timedelta(hours=80)
        )
    client = verified_client(officer)
    listed = client.get(reverse("admin:emergencies")).content.decode()
    assert ("1 review is overdue" in listed, "Zyklamen" in listed) == (True, False)
    place = reverse("admin:emergency_review", args=[row.pk])
    assert "confirm" in client.get(place)["Location"]
    prove(client, officer)
    assert "Zyklamen" in client.get(place).content.decode()
    assert client.post(place, {"verdict": "unjustified"}).status_code == 302
    with scope(ALL):
        found = EmergencyAccess.objects.get()
    assert (found.verdict, found.reviewed_role, found.reviewed_by_id) == ("unjustified", "dpo", officer.pk)
    parts = AccessEntry.objects.filter(actor_role="dpo").values_list("part", flat=True).distinct()
    assert list(parts) == ["emergency_reason"]
    assert "overdue" not in client.get(reverse("admin:emergencies")).content.decode().replace("are overdue", "")
