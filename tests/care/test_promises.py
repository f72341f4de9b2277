"""The promises of the team, each broken by hand (MD-40 to MD-42)."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actions import record_access
from audit.actors import Actor
from care import promises
from care.models import AgreementText, StaffConsent
from care.roles import HostAdministrator, Way
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from tests.accounts.factories import make_practitioner, make_staff
from tests.care.factories import held_client, let_in, make_member
from tests.records.factories import make_file

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def owner() -> User:
    return make_practitioner()


def saw(member: User, role: str, subject_id: object, part: str = "consultations") -> None:
    """A line in the journal that no page would have written."""
    record_access(
        by=Actor(member.pk, role), subject_id=subject_id, part=part, purpose="care", now=timezone.now()
    )  # fmt: skip


def test_team_at_work_keeps_the_promises(owner: User) -> None:
    file = make_file(owner, now=timezone.now())
    let_in(owner, file.pk)
    client = held_client(make_member(owner))
    assert client.get(reverse("records:consultations", args=[file.pk])).status_code == 200
    now = timezone.now()
    limits, signed = (
        promises.each_recipient_has_its_limits(now),
        promises.nobody_of_the_team_saw_anything_before_signing(now),
    )
    read = promises.the_team_reads_records_of_who_agreed(now)
    assert (limits.kept, signed.kept, read.kept) == (True, True, True)
    assert (signed.figures["signatures"], read.figures["readings_by_the_team"]) == (1, 1)


def test_content_opened_by_a_technical_provider_breaks_md_40(owner: User) -> None:
    saw(make_member(owner, "technician"), "technician", make_file(owner).pk)
    found = promises.each_recipient_has_its_limits(timezone.now())
    assert (found.kept, found.figures["openings_by_technical_providers"]) == (False, 1)


def test_content_opened_by_a_host_administrator_breaks_md_40(owner: User) -> None:
    saw(make_staff("host@example.org"), "host", make_file(owner).pk)
    found = promises.each_recipient_has_its_limits(timezone.now())
    assert (found.kept, found.figures["openings_by_host_administrators"]) == (False, 1)


def test_a_login_past_the_walls_breaks_md_40() -> None:
    assert promises.each_recipient_has_its_limits(timezone.now()).kept is True
    with as_owner():
        found = promises.each_recipient_has_its_limits(timezone.now())
    assert (found.kept, found.figures["database_login_passes_row_security"]) == (False, True)


def test_host_administrator_with_a_way_in_breaks_md_40(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostAdministrator, "ways", frozenset({Way.CARE}))
    found = promises.each_recipient_has_its_limits(timezone.now())
    assert (found.kept, found.figures["roles_of_machines_with_content"]) == (False, ["host"])


def test_opening_before_the_signature_breaks_md_41(owner: User) -> None:
    saw(make_member(owner, signed=False), "assistant", make_file(owner).pk, "list")
    found = promises.nobody_of_the_team_saw_anything_before_signing(timezone.now())
    assert (found.kept, found.figures["openings_before_a_signature"]) == (False, 1)


def test_changed_wording_breaks_md_41(monkeypatch: pytest.MonkeyPatch) -> None:
    assert promises.nobody_of_the_team_saw_anything_before_signing(timezone.now()).kept is True
    assert AgreementText.objects.count() == 2
    monkeypatch.setattr(promises, "tampered", lambda: ["2026-05-14.en.md"])
    assert promises.nobody_of_the_team_saw_anything_before_signing(timezone.now()).kept is False


def test_reading_without_a_consent_breaks_md_42(owner: User) -> None:
    file, member = make_file(owner), make_member(owner)
    saw(member, "assistant", file.pk, "identity")
    assert promises.the_team_reads_records_of_who_agreed(timezone.now()).kept is True
    saw(member, "assistant", file.pk)
    found = promises.the_team_reads_records_of_who_agreed(timezone.now())
    assert (found.kept, found.figures["readings_without_a_consent"]) == (False, 1)


def test_reading_after_the_withdrawal_breaks_md_42(owner: User) -> None:
    file, member, now = make_file(owner), make_member(owner), timezone.now()
    let_in(owner, file.pk, now=now - timedelta(days=2))
    saw(member, "assistant", file.pk)
    assert promises.the_team_reads_records_of_who_agreed(now).kept is True
    with scope(ALL):
        StaffConsent.objects.update(ended_at=now - timedelta(days=1), ended_by=owner, ended_role="practitioner")
    assert promises.the_team_reads_records_of_who_agreed(now).kept is False
