"""Withdrawing closes the patient's account: said before, waited for, carried out, and the practices' files stay (MD-12)."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.models import PatientProfile, User
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import ALL, scope
from consents.actions import Control
from consents.models import ConsentEvent
from consents.patients import decide_by_link, wishes
from lifecycle.deletion import patient_promises, patients
from lifecycle.deletion.actions import request_deletion
from lifecycle.deletion.executing import execute_due
from lifecycle.deletion.queries import standing_at
from lifecycle.deletion.rules import State
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, ErasureCertificate
from privacy.ids import new_id
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.refusals import Refused
from records.models import PatientFile
from tests.accounts.factories import WebClient, make_account, make_patient, make_practitioner, prove, verified_client
from tests.records.factories import link, make_file

pytestmark = pytest.mark.django_db(databases="__all__")
TAB, CONFIRM = reverse("lifecycle:closing"), reverse("lifecycle:closing_confirm")
BUTTON = Control("button", "none", "Validate")


@pytest.fixture
def patient() -> User:
    return make_patient("eloise@example.org")


@pytest.fixture
def client(patient: User) -> WebClient:
    found = verified_client(patient)
    prove(found, patient)
    return found


@pytest.fixture
def own(patient: User) -> PortalLink:
    """Their own file, with two consents given."""
    row = link(make_file(make_practitioner()), patient)
    agree(row, TELECONSULTATION)
    agree(row, RECORDING)
    return row


def agree(row: PortalLink, key: str) -> None:
    by = Actor(account_id=row.account_id, role="patient")
    with scope(ALL):
        decide_by_link(link=row, key=key, on=True, by=by, language="en", now=timezone.now(), control=BUTTON)


def on(row: PortalLink) -> set[str]:
    with scope(ALL):
        held = wishes([row.patient_id], timezone.now())[row.patient_id]
    return {key for key, wish in held.items() if wish.state.on}


def close(client: WebClient) -> Any:
    """Read the plan on the confirmation, and press its button."""
    page = client.get(CONFIRM).content.decode()
    found = re.search(r'name="plan" value="([0-9a-f]{64})"', page)
    assert found is not None
    return client.post(CONFIRM, {"plan": found[1]})


def end_of(user: User) -> datetime:
    end = standing_at(user.pk, timezone.now()).execute_at
    assert end is not None
    return end


def test_page_says_what_goes_what_each_practice_keeps_and_until_when(client: WebClient, own: PortalLink) -> None:
    with scope(ALL):
        file = PatientFile.objects.get(pk=own.patient_id)
    page = client.get(TAB)
    text = page.content.decode()
    assert [one.file.retain_until for one in page.context["files"]] == [file.retain_until]
    assert [
        words in text for words in ("What goes", "What each practice keeps", "R1112-7", str(file.retain_until.year))
    ] == [True] * 4
    assert (on(own), DeletionEvent.objects.count()) == ({TELECONSULTATION, RECORDING}, 0)


def test_confirming_needs_a_fresh_factor(patient: User, own: PortalLink) -> None:
    assert verified_client(patient).get(CONFIRM).status_code == 302


def test_closing_takes_every_consent_back_and_waits(client: WebClient, patient: User, own: PortalLink) -> None:
    assert close(client)["Location"] == TAB
    assert (on(own), standing_at(patient.pk, timezone.now()).state) == (set(), State.PENDING)
    acts = ConsentEvent.objects.filter(subject_id=own.patient_id, action="withdrawn")
    assert {(act.control, act.actor_role) for act in acts} == {("closing", "patient")}
    page = client.get(reverse("patient:home")).content.decode()
    assert [reverse("lifecycle:closing_withdraw") in page, reverse("lifecycle:deletion_withdraw") in page] == [
        True,
        False,
    ]


def test_a_plan_that_was_not_read_closes_nothing(client: WebClient, patient: User, own: PortalLink) -> None:
    assert client.post(CONFIRM, {"plan": "0" * 64}).status_code == 409
    assert (on(own), DeletionEvent.objects.count()) == ({TELECONSULTATION, RECORDING}, 0)


def test_closing_twice_changes_nothing_more(client: WebClient, patient: User, own: PortalLink) -> None:
    close(client)
    plan = plan_for_account(patient.pk, timezone.now()).sha256
    client.post(CONFIRM, {"plan": plan})
    assert DeletionEvent.objects.count() == 1


def test_keeping_the_account_leaves_the_consents_off(client: WebClient, patient: User, own: PortalLink) -> None:
    close(client)
    assert client.post(reverse("lifecycle:closing_withdraw"))["Location"] == TAB
    assert (standing_at(patient.pk, timezone.now()).state, on(own)) == (State.NONE, set())
    agree(own, TELECONSULTATION)
    assert on(own) == {TELECONSULTATION}


def test_message_leads_to_the_patients_own_page(
    client: WebClient, patient: User, own: PortalLink, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        close(client)
    [message] = mail.outbox
    assert [TAB in message.body, "Your consents have ended" in message.body, "directory" in message.body] == [
        True,
        True,
        False,
    ]


def test_at_its_instant_the_account_is_closed_and_the_file_stays(
    client: WebClient, patient: User, own: PortalLink
) -> None:
    close(client)
    end = end_of(patient)
    with time_machine.travel(end, tick=False):
        assert verified_client(patient, now=end).get(reverse("patient:home")).status_code in (302, 403)
    execute_due(account_id=patient.pk, by=Actor.system("sweep"), now=end)
    with scope(ALL):
        assert PatientFile.objects.get(pk=own.patient_id).leaving_at is None
        assert not PortalLink.objects.filter(account=patient).exists()
    assert not PatientProfile.objects.filter(pk=patient.pk).exists()
    assert ConsentEvent.objects.filter(subject_id=own.patient_id).count() == 4
    assert patient_promises.withdrawal_closes_the_account(end).kept


def test_an_account_that_is_a_practitioners_too_is_sent_to_its_own_page() -> None:
    user = make_practitioner()
    from accounts.patients.actions import become_patient

    become_patient(
        user=user, profile={"surname": "A"}, by=Actor(account_id=user.pk, role="patient"), now=timezone.now()
    )
    client = verified_client(user)
    prove(client, user)
    assert [client.get(url)["Location"] for url in (TAB, CONFIRM)] == [reverse("lifecycle:deletion")] * 2


def test_an_account_that_is_neither_is_not_deleted_this_way() -> None:
    user = make_account()
    plan = plan_for_account(user.pk, timezone.now()).sha256
    with pytest.raises(Refused, match="a practitioner's or a patient's"):
        request_deletion(user=user, plan_sha256=plan, by=Actor(account_id=user.pk, role="account"), now=timezone.now())


def measured() -> tuple[bool | None, Any]:
    found = patient_promises.withdrawal_closes_the_account(timezone.now())
    return found.kept, found.figures


def test_md_12_holds_tries_a_closing_and_leaves_no_trace(patient: User, own: PortalLink) -> None:
    kept, figures = measured()
    assert (kept, figures["closings_tried"]) == (True, 1), figures
    assert (on(own), DeletionEvent.objects.count()) == ({TELECONSULTATION, RECORDING}, 0)


def test_md_12_breaks_on_a_withdrawal_that_closed_nothing(patient: User, own: PortalLink) -> None:
    event = ConsentEvent.objects.filter(subject_id=own.patient_id).latest("number")
    event.pk, event.number, event.action, event.control = new_id(), event.number + 1, "withdrawn", patients.CLOSING
    event.save(force_insert=True)
    kept, figures = measured()
    assert (kept, figures["withdrawals_that_closed_nothing"]) == (False, 1)


def test_md_12_breaks_when_a_consent_stays_on(own: PortalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patients, "decide_by_link", lambda **_said: None)
    kept, figures = measured()
    assert (kept, figures["consents_left_on"]) == (False, 2)


def test_md_12_breaks_when_nothing_is_closed_at_the_end(own: PortalLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient_promises, "why_closed", lambda user_id, act, now: None)
    kept, figures = measured()
    assert (kept, figures["accounts_not_closed"]) == (False, 1)


def test_md_12_breaks_when_a_closed_account_has_a_way_in(client: WebClient, patient: User, own: PortalLink) -> None:
    close(client)
    end = end_of(patient)
    execute_due(account_id=patient.pk, by=Actor.system("sweep"), now=end)
    link(PatientFile(pk=own.patient_id, practice_id=own.practice_id), patient)
    found = patient_promises.withdrawal_closes_the_account(end + timedelta(seconds=1))
    assert (found.kept, found.figures["ways_into_closed_accounts"]) == (False, 1)
    assert ErasureCertificate.objects.count() <= 1
