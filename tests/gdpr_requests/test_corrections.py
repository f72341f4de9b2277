"""Rectification: made where it can be made, linked to its request, the old value kept, recipients told (PC-61, Art. 19)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.db.utils import IntegrityError
from django.urls import reverse

from accounts.models import User
from audit.actions import record_access
from audit.actors import Actor
from care.tenancy import ALL, scope
from gdpr_requests import actions
from gdpr_requests.desk import correcting
from gdpr_requests.models import Channel, RecipientTold, Rectified, Request
from praticonnect.database import as_owner
from privacy.deadlines import Right
from privacy.ids import new_id
from privacy.refusals import Refused
from records.actions import amend, change_file, record_death
from records.models import Correction, PatientFile
from tests.accounts.factories import make_account, make_patient, make_practitioner, make_staff, verified_client
from tests.care.factories import LONG_AGO
from tests.gdpr_requests.factories import NOW, account_of, by_account, dpo_of
from tests.records.factories import link, make_consultation, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
SOON = NOW + timedelta(hours=1)


def broken() -> dict[str, Any]:
    """What the measure finds wrong."""
    found = correcting.corrections_are_made_and_old_values_kept(NOW)
    named = (
        "granted_without_a_correction", "linked_to_another_file", "old_values_lost", "corrections_without_an_event",
        "guards_missing", "recipients_not_told", "pages_missing",
    )  # fmt: skip
    wrong = {name: found.figures[name] for name in named if found.figures[name]}
    assert found.kept == (not wrong)
    return wrong


@pytest.fixture
def owner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def file(owner: User) -> PatientFile:
    return make_file(owner)


@pytest.fixture
def asked(owner: User, file: PatientFile) -> Request:
    """A patient asks the practice to correct their file."""
    patient = make_patient("ada@example.org")
    link(file, patient)
    return actions.file_request(
        right=Right.RECTIFICATION, account_id=patient.pk, file_id=file.pk, channel=Channel.PORTAL, text="My name is wrong.",
        by=account_of(patient), now=NOW,
    )  # fmt: skip


def correct(owner: User, file: PatientFile, **changes: str) -> Correction:
    """The practitioner changes the file; the entry of its history."""
    with working(owner) as by:
        change_file(file=file, changes=changes, by=by, now=SOON)
        return Correction.objects.latest("corrected_at", "pk")


def decide(owner: User, request: Request, *corrections: Any, outcome: str = "granted") -> Request:
    with working(owner) as by:
        return actions.answer(
            request_id=request.pk,
            outcome=outcome,
            text="Done.",
            corrections=[str(one) for one in corrections],
            by=by,
            now=SOON,
        )


def test_old_value_stays_in_the_history_when_a_file_is_changed(owner: User, file: PatientFile) -> None:
    first = correct(owner, file, surname="Byrne")
    with working(owner) as by:
        record_death(file=file, died_on="2026-11-01", by=by, now=SOON)
    with scope(ALL):
        assert [row.fields for row in Correction.objects.order_by("corrected_at", "pk")] == [["surname"], ["died_on"]]
    page = verified_client(owner).get(reverse("records:corrections", args=[file.pk]))
    assert [one.texts for one, _who in page.context["rows"]] == [
        [("Day of death", "nothing")], [("Surname", "Lefèvre")],
    ]  # fmt: skip
    assert first.fields == ["surname"]
    assert broken() == {}


def test_correction_is_rewritten_by_nobody(owner: User, file: PatientFile) -> None:
    row = correct(owner, file, surname="Byrne")
    with scope(ALL), pytest.raises(IntegrityError, match="stands as it was kept"):
        Correction.objects.filter(pk=row.pk).update(fields=["phone"])


def test_desk_leads_to_the_field_and_links_what_was_corrected(owner: User, file: PatientFile, asked: Request) -> None:
    client, page = verified_client(owner), reverse("gdpr:request", args=[asked.pk])
    client.post(page, {"step": "prove", "proof": "in_person"})
    assert reverse("records:identity", args=[file.pk]) in client.get(page).content.decode()
    refusal = client.post(page, {"step": "answer", "outcome": "granted", "text": "Done."})
    assert (refusal.status_code, Request.objects.get().outcome) == (422, "")
    assert "Make the correction first" in refusal.content.decode()
    form = {"surname": "Byrne", "given_names": "Ada", "birth_date": "10/12/1980"}
    assert client.post(reverse("records:identity", args=[file.pk]), form).status_code == 302
    with scope(ALL):
        made = Correction.objects.get()
    answer = {"step": "answer", "outcome": "granted", "text": "Done.", "corrections": [str(made.pk)]}
    assert client.post(page, answer).status_code == 302
    assert list(Rectified.objects.values_list("request_id", "what", "made_id")) == [(asked.pk, "record", made.pk)]
    assert broken() == {}


@pytest.mark.parametrize("outcome", ["granted", "partly"])
def test_nothing_is_granted_without_its_correction(owner: User, asked: Request, outcome: str) -> None:
    with pytest.raises(Refused) as caught, working(owner) as by:
        actions.answer(
            request_id=asked.pk,
            outcome=outcome,
            ground="" if outcome == "granted" else "accurate",
            text="Done.",
            by=by,
            now=SOON,
        )
    assert caught.value.refusal.code == "not_corrected"


def test_only_a_correction_of_that_file_since_the_request_counts(
    owner: User, file: PatientFile, asked: Request
) -> None:
    other = make_file(owner)
    stranger = correct(owner, other, surname="Elsewhere")
    with pytest.raises(Refused) as caught:
        decide(owner, asked, stranger.pk)
    assert caught.value.refusal.code == "other_correction"


def test_amended_consultation_is_a_correction_too(owner: User, file: PatientFile, asked: Request) -> None:
    row = make_consultation(file, owner, signed=True)
    with working(owner) as by:
        version = amend(consultation=row, content={"note": "as it was"}, reason="asked for", by=by, now=SOON)
    decide(owner, asked, version.pk)
    assert Rectified.objects.get().made_id == version.pk
    assert broken() == {}


def test_correction_elsewhere_is_stated(owner: User) -> None:
    request = by_account(owner, Right.RECTIFICATION)
    by = dpo_of(make_staff("dpo@example.org"))
    actions.answer(
        request_id=request.pk, outcome="granted", text="In your account.", corrections=["elsewhere"], by=by, now=SOON
    )
    assert list(Rectified.objects.values_list("what", "made_id")) == [("stated", None)]
    figures = correcting.corrections_are_made_and_old_values_kept(NOW).figures
    assert (figures["corrections_granted"], figures["made_elsewhere"], figures["median_days"]) == (1, 1, 0)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_whoever_reads_the_file_through_the_portal_is_told_and_who_asked_is_not(
    owner: User, file: PatientFile, asked: Request
) -> None:
    guardian = make_patient("guardian@example.org")
    link(file, User.objects.get(pk=asked.account_id))
    link(file, guardian, capacity="guardian", until=NOW + timedelta(days=900))
    mail.outbox.clear()
    decide(owner, asked, correct(owner, file, surname="Byrne").pk)
    assert list(RecipientTold.objects.values_list("account_id", flat=True)) == [guardian.pk]
    assert [one.subject for one in mail.outbox if one.to == ["guardian@example.org"]] == [
        "A file you can read has changed"
    ]
    assert broken() == {}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_agent_who_read_the_file_under_an_order_is_told_and_who_only_might_have_is_not(
    owner: User, file: PatientFile, asked: Request
) -> None:
    """Art. 19: what they saw went to them, also when the order is over; the message names neither patient nor request's author."""
    agent, idle = make_account("agent@example.org"), make_account("idle@example.org")
    by = Actor(agent.pk, "authority", practice_id=file.practice_id)
    record_access(by=by, subject_id=file.pk, part="identity", purpose="legal", now=NOW)
    record_access(by=Actor(idle.pk, "authority"), subject_id=new_id(), part="identity", purpose="legal", now=NOW)
    mail.outbox.clear()
    decide(owner, asked, correct(owner, file, surname="Byrne").pk)
    assert list(RecipientTold.objects.values_list("account_id", flat=True)) == [agent.pk]
    (word,) = [one for one in mail.outbox if one.to == ["agent@example.org"]]
    assert (word.subject, "/authority/" in str(word.body), "Byrne" in str(word.body)) == (
        "A file that you read under an order has changed", True, False,
    )  # fmt: skip
    assert broken() == {}


def test_measure_turns_false_when_broken_by_hand(owner: User, file: PatientFile, asked: Request) -> None:
    made = correct(owner, file, surname="Byrne")
    decide(owner, asked, made.pk)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table records_correction disable trigger user")
    assert broken() == {"guards_missing": 2}
    with scope(ALL):
        Correction.objects.filter(pk=made.pk).delete()
    assert broken() == {"guards_missing": 2, "old_values_lost": 1, "linked_to_another_file": 1}
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("alter table gdpr_requests_rectified disable trigger user")
        cursor.execute("delete from gdpr_requests_rectified")
    assert broken() == {"guards_missing": 2, "old_values_lost": 1, "granted_without_a_correction": 1}


def test_recipient_who_was_not_told_breaks_the_promise(owner: User, file: PatientFile, asked: Request) -> None:
    proxy = make_patient("proxy@example.org")
    decide(owner, asked, correct(owner, file, surname="Byrne").pk)
    link(file, proxy, capacity="guardian", until=NOW + timedelta(days=900))
    assert broken() == {"recipients_not_told": 1}


def test_own_details_are_corrected_in_place(owner: User) -> None:
    page = verified_client(owner).get(reverse("gdpr:request_new")).content.decode()
    assert reverse("accounts:profile") in page
