"""Emergency access: an hour by the clock, a reason, a notice at once, a review afterwards (MD-42)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care import promises
from care.actions import join_practice
from care.models import EmergencyAccess, Role
from care.queries import practice_of
from care.tenancy import ALL, scope
from privacy.refusals import Refused
from records import emergency
from records.models import PatientFile
from tests.accounts.factories import WebClient, make_practitioner, prove, verified_client
from tests.care.factories import as_owner, held_client, let_in, make_member
from tests.records.factories import make_consultation, make_file
from tests.records.restriction.helpers import restrict

pytestmark = pytest.mark.django_db(databases="__all__")
WHO = {"surname": "Lefèvre", "birth_date": "29/02/1984", "kind": "life", "why": "Zyklamen: found unconscious"}


@pytest.fixture
def owner() -> User:
    return make_practitioner("chief@example.org")


@pytest.fixture
def file(owner: User) -> PatientFile:
    row = make_file(owner, now=timezone.now(), medical_history="Akelei")
    make_consultation(row, owner, at=timezone.now(), signed=True)
    return row


@pytest.fixture
def colleague(owner: User) -> User:
    """A practitioner of the same practice who doesn't treat the patient."""
    user = make_practitioner("colleague@example.org")
    with scope(ALL):
        from care.models import Membership

        Membership.objects.filter(user=user).update(until_at=timezone.now())
        join_practice(
            practice=practice_of(owner), user=user, role=Role.PRACTITIONER, by=as_owner(owner), now=timezone.now()
        )
    return user


def fresh(user: User) -> WebClient:
    client = held_client(user)
    prove(client, user)
    return client


def by_hand(user: User, file: PatientFile, role: str = "practitioner", **change: object) -> EmergencyAccess:
    """The action, in the practice's scope."""
    given = {"kind": "life", "why": "found unconscious", "now": timezone.now(), **change}
    with scope([file.practice_id]):
        return emergency.open_in_emergency(
            file_id=file.pk, by=Actor(user.pk, role, practice_id=file.practice_id), **given
        )


def test_colleague_opens_a_file_for_an_hour_and_the_one_in_charge_is_told(
    owner: User, colleague: User, file: PatientFile
) -> None:
    client = fresh(colleague)
    page = reverse("records:file", args=[file.pk])
    assert client.get(page).status_code == 404
    mail.outbox.clear()
    assert client.post(reverse("records:emergency"), WHO)["Location"] == page
    (message,) = mail.outbox
    assert message.to == [owner.email]
    assert [
        word for word in ("Lefèvre", "LEFÈVRE", "Zyklamen", "Akelei") if word in message.body + message.subject
    ] == []
    shown = client.get(page).content.decode()
    assert ("Akelei" in shown, "notice--danger" in shown) == (True, True)
    with scope(ALL):
        row = EmergencyAccess.objects.get()
    assert (row.until - row.opened_at, row.review_by - row.opened_at) == (timedelta(hours=1), timedelta(hours=72))
    lines = AccessEntry.objects.filter(actor_id=colleague.pk, subject_id=file.pk).order_by("pk")
    assert [(one.actor_role, one.part) for one in lines] == [("emergency", "emergency"), ("emergency", "file")]
    assert [one.request_id.startswith(f"emergency:{row.pk}") for one in lines] == [True, True]


def test_emergency_reads_and_never_writes(colleague: User, file: PatientFile) -> None:
    by_hand(colleague, file)
    client = fresh(colleague)
    assert client.get(reverse("records:measures", args=[file.pk])).status_code == 200
    closed = {
        name: client.post(reverse(f"records:{name}", args=[file.pk])).status_code
        for name in (
            "measures",
            "consultation_new",
            "identity",
            "medical",
            "death",
            "close",
            "documents",
            "team_access",
        )
    }
    assert set(closed.values()) == {403}


def test_hour_ends_by_the_clock(colleague: User, file: PatientFile) -> None:
    by_hand(colleague, file, now=timezone.now() - timedelta(minutes=60))
    assert fresh(colleague).get(reverse("records:file", args=[file.pk])).status_code == 404
    row = by_hand(colleague, file)
    with scope([file.practice_id]):
        last = row.until - timedelta(microseconds=1)
        assert emergency.running_for(colleague, file.pk, last) == row
        assert emergency.running_for(colleague, file.pk, row.until) is None


def test_emergency_needs_a_fresh_factor_a_reason_and_one_file(colleague: User, file: PatientFile) -> None:
    stale = held_client(colleague)
    assert "confirm" in stale.post(reverse("records:emergency"), WHO)["Location"]
    client = fresh(colleague)
    assert client.post(reverse("records:emergency"), {**WHO, "why": " "}).status_code == 422
    nobody = client.post(reverse("records:emergency"), {**WHO, "birth_date": "01/03/1984"})
    assert (nobody.status_code, "No file fits" in nobody.content.decode()) == (422, True)
    with scope(ALL):
        assert EmergencyAccess.objects.count() == 0


def test_staff_have_it_and_assistants_do_not(owner: User, file: PatientFile) -> None:
    assert fresh(make_member(owner)).post(reverse("records:emergency"), WHO).status_code == 403
    staff = fresh(make_member(owner, "staff"))
    assert staff.post(reverse("records:emergency"), WHO).status_code == 302
    assert "Akelei" in staff.get(reverse("records:file", args=[file.pk])).content.decode()


def test_stranger_opens_nothing_in_an_emergency(file: PatientFile) -> None:
    stranger = make_practitioner()
    assert fresh(stranger).post(reverse("records:emergency"), WHO).status_code == 422
    with pytest.raises(PatientFile.DoesNotExist):
        by_hand(stranger, file)


def test_restricted_file_opens_in_no_emergency(colleague: User, file: PatientFile) -> None:
    """PC-63: neither a new hour nor the one that runs; the page says what it says of no file at all."""
    client = fresh(colleague)
    client.post(reverse("records:emergency"), WHO)
    page = reverse("records:file", args=[file.pk])
    assert client.get(page).status_code == 200
    restrict(file, now=timezone.now())
    assert client.get(page).status_code == 404
    again = client.post(reverse("records:emergency"), WHO)
    assert (again.status_code, "No file fits" in again.content.decode()) == (422, True)
    with scope([file.practice_id]):
        assert list(emergency.files_of_colleagues(colleague, timezone.now())) == []
    with pytest.raises(PatientFile.DoesNotExist):
        by_hand(colleague, file)


def test_one_in_charge_needs_none_and_one_hour_at_a_time(owner: User, colleague: User, file: PatientFile) -> None:
    with pytest.raises(Refused, match="You treat this patient"):
        by_hand(owner, file)
    by_hand(colleague, file)
    with pytest.raises(Refused, match="open to you already"):
        by_hand(colleague, file)


def test_owner_reviews_once_and_nobody_their_own(owner: User, colleague: User, file: PatientFile) -> None:
    row = by_hand(colleague, file, why="Zyklamen")
    client = verified_client(owner)
    place = reverse("records:emergency_review", args=[row.pk])
    assert "Zyklamen" in client.get(place).content.decode()
    assert client.post(place, {"verdict": "justified"}).status_code == 302
    assert client.post(place, {"verdict": "unjustified"}).status_code == 422
    assert verified_client(colleague).get(place).status_code == 403
    assert "it was justified" in client.get(reverse("records:emergencies")).content.decode()
    with scope(ALL):
        row.refresh_from_db()
        assert (row.verdict, row.reviewed_role, row.reviewed_by_id) == ("justified", "practitioner", owner.pk)
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("update care_emergencyaccess set until = until + interval '1 day'")


def test_emergency_promise_is_kept_and_breaks(colleague: User, file: PatientFile) -> None:
    now = timezone.now()
    row = by_hand(colleague, file, now=now)
    assert promises.emergencies_have_a_reason_an_end_and_a_review(now).kept is True
    overdue = promises.emergencies_have_a_reason_an_end_and_a_review(row.review_by + timedelta(seconds=1))
    assert (overdue.kept, overdue.figures["reviews_overdue"]) == (False, 1)
    from audit.actions import record_access

    record_access(
        by=Actor(colleague.pk, "emergency"), subject_id=file.pk, part="file", purpose="care", now=row.until
    )  # fmt: skip
    late = promises.emergencies_have_a_reason_an_end_and_a_review(now)
    assert (late.kept, late.figures["openings_outside_an_hour"]) == (False, 1)


def test_consent_of_the_patient_comes_before_an_emergency(owner: User, file: PatientFile) -> None:
    staff = make_member(owner, "staff")
    by_hand(staff, file, role="staff")
    let_in(owner, file.pk)
    fresh(staff).get(reverse("records:file", args=[file.pk]))
    last = AccessEntry.objects.filter(actor_id=staff.pk).latest("pk")
    assert (last.actor_role, last.part) == ("staff", "file")
