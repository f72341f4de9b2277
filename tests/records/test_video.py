"""Before a video visit: without the two things that come first it is refused with every other way; then the devices are tried (MD-02, MD-11)."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from audit.actors import Actor
from care.models import PortalLink
from care.tenancy import ALL, scope
from consents.actions import Control
from consents.patients import decide_by_link
from privacy.browser import FEATURES, permissions_policy
from privacy.patient_keys import TELECONSULTATION
from records.models import PatientFile
from records.portal import content, promises, visits
from records.portal.visits import OTHER_WAYS, NoVideo, why_not_teleconsult
from records.restriction.actions import restrict
from tests.accounts.factories import WebClient, make_patient, make_practitioner, verified_client
from tests.records.factories import link, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def practitioner() -> User:
    return make_practitioner()


@pytest.fixture
def patient() -> User:
    return make_patient()


@pytest.fixture
def client(patient: User) -> WebClient:
    return verified_client(patient)


@pytest.fixture
def own(practitioner: User, patient: User) -> PortalLink:
    return link(make_file(practitioner), patient)


def agree(row: PortalLink, *, on: bool = True) -> None:
    by = Actor(account_id=row.account_id, role="patient")
    with scope(ALL):
        decide_by_link(
            link=row, key=TELECONSULTATION, on=on, by=by, language="en", now=timezone.now(),
            control=Control("button", "none", "Validate"),
        )  # fmt: skip


def answer_questions(row: PortalLink, practitioner: User) -> None:
    with working(practitioner) as by:
        file = PatientFile.objects.get(pk=row.patient_id)
        content.hand_in(file=file, link=row, answers={"risks": "none"}, by=by, now=timezone.now())


def visit(client: WebClient, row: PortalLink) -> Any:
    return client.get(reverse("patient:video", args=[row.pk]))


ALL_WELL = {"speaks": True, "open_file": True, "consents": True, "questionnaire": True}


@pytest.mark.parametrize(
    ("lacking", "refusal"),
    [
        ((), None),
        (("questionnaire",), visits.NO_QUESTIONNAIRE),
        (("consents",), visits.NO_CONSENT),
        (("consents", "questionnaire"), visits.NO_CONSENT),
        (("open_file", "consents"), visits.KEPT_CLOSED),
        (("speaks", "open_file", "consents", "questionnaire"), visits.NOT_FOR_OTHERS),
    ],
)
def test_rule_names_what_comes_first(lacking: tuple[str, ...], refusal: NoVideo | None) -> None:
    assert why_not_teleconsult(**{**ALL_WELL, **dict.fromkeys(lacking, False)}) == refusal


def test_without_consent_it_is_refused_with_words_a_link_and_every_other_way(
    client: WebClient, own: PortalLink
) -> None:
    answer = visit(client, own)
    page = answer.content.decode()
    assert (answer.status_code, "camera=()" in answer["Permissions-Policy"]) == (403, True)
    assert f"{reverse('patient_privacy:consents')}?about={own.pk}" in page
    assert [escape(str(way)) in page for way in OTHER_WAYS] == [True] * len(OTHER_WAYS)


def test_without_questionnaire_it_leads_to_it(client: WebClient, own: PortalLink) -> None:
    agree(own)
    page = visit(client, own)
    assert (page.status_code, reverse("patient:questionnaire", args=[own.pk]) in page.content.decode()) == (403, True)


def test_with_both_the_devices_are_tried_on_this_page_only(
    client: WebClient, own: PortalLink, practitioner: User
) -> None:
    agree(own)
    answer_questions(own, practitioner)
    answer = visit(client, own)
    assert (answer.status_code, answer["Permissions-Policy"]) == (200, permissions_policy("camera", "microphone"))
    page = answer.content.decode()
    assert ["data-device-check" in page, "js/device_check.js" in page, "onclick" in page] == [True, True, False]
    other = client.get(reverse("patient:practice", args=[own.pk]))
    assert (other["Permissions-Policy"], "device_check" in other.content.decode()) == (permissions_policy(), False)
    agree(own, on=False)
    assert visit(client, own).status_code == 403


def test_a_person_of_trust_and_a_restricted_file_come_to_no_visit(
    client: WebClient, own: PortalLink, practitioner: User
) -> None:
    agree(own)
    answer_questions(own, practitioner)
    trusted = make_patient()
    proxy = link(
        PatientFile(pk=own.patient_id, practice_id=own.practice_id), trusted, capacity="proxy",
        until=timezone.now() + timedelta(days=9),
    )  # fmt: skip
    assert "person of trust" in visit(verified_client(trusted), proxy).content.decode()
    with scope(ALL):
        restrict(
            file_id=own.patient_id, ground="accuracy", by=Actor(account_id=practitioner.pk, role="practitioner"),
            now=timezone.now(),
        )  # fmt: skip
    assert "its use is restricted" in visit(client, own).content.decode()


def test_permissions_policy_forbids_all_it_knows_and_nothing_unknown() -> None:
    assert permissions_policy("usb") == ", ".join(f"{one}=({'self' if one == 'usb' else ''})" for one in FEATURES)
    with pytest.raises(ValueError, match="no such feature: bluetooth"):
        permissions_policy("bluetooth")


def measured() -> tuple[bool | None, Any]:
    found = promises.without_consent_no_video_and_care_goes_on(timezone.now())
    return found.kept, found.figures


def test_md_11_holds_with_and_without_consent(own: PortalLink, practitioner: User) -> None:
    kept, figures = measured()
    assert (kept, figures["links_tried"], figures["open_to_video"]) == (True, 1, 0)
    agree(own)
    answer_questions(own, practitioner)
    kept, figures = measured()
    assert (kept, figures["open_to_video"]) == (True, 1), figures


def test_md_11_breaks_when_the_ledger_is_not_asked(
    own: PortalLink, practitioner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_questions(own, practitioner)
    monkeypatch.setattr("consents.patients.agreed", lambda file_id, key, now: True)
    kept, figures = measured()
    assert (kept, figures["open_without_consent_or_questionnaire"]) == (False, [str(own.patient_id)])


def test_md_11_breaks_when_a_grant_is_made_without_the_patient(
    own: PortalLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consents.grants._ask_both", lambda *_arguments: None)
    kept, figures = measured()
    assert (kept, figures["grants_without_consent"]) == (False, 1)


def test_md_11_breaks_on_a_refusal_that_leaves_somebody_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "REFUSALS", (NoVideo("alone", "No.", ways=("Wait.",)),))
    kept, figures = measured()
    assert (kept, figures["refusals_without_other_ways"]) == (False, ["alone"])


def test_md_02_breaks_when_every_page_may_use_the_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    assert promises.devices_are_asked_for_on_one_page_only(timezone.now()).kept
    monkeypatch.setattr(promises, "permissions_policy", lambda *_allowed: permissions_policy("camera", "microphone"))
    found = promises.devices_are_asked_for_on_one_page_only(timezone.now())
    assert (found.kept, found.figures["devices_open_everywhere"]) == (False, ["camera", "microphone"])
