"""The patient's own consents on their page: an express act, one click back, for a child too, and nobody else (MD-10, MD-42)."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from care.models import PortalLink, StaffConsent
from care.team.actions import let_team_in
from care.tenancy import ALL, scope
from consents import notices
from consents.models import ConsentEvent
from consents.patients import agreed, wishes
from consents.receipts import is_genuine
from gdpr_requests.export.archive import AccountExport
from gdpr_requests.export.scopes import Scope
from gdpr_requests.portal import promises
from gdpr_requests.portal.choices import VALIDATE
from privacy.clocks import legal_day
from privacy.ids import new_id
from privacy.patient_keys import PATIENT_KEYS, RECORDING, TELECONSULTATION
from records.models import PatientFile
from tests.accounts.factories import WebClient, make_patient, make_practitioner, verified_client
from tests.consents.factories import choose, person
from tests.records.factories import link, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = reverse("patient_privacy:consents")


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


def press(client: WebClient, row: PortalLink, key: str = TELECONSULTATION, on: str = "yes", **more: str) -> Any:
    """Post what the button or switch posts."""
    text = notices.in_force(key, "en", legal_day(timezone.now()))
    said = {"key": key, "on": on, "shown": text.sha256, **more}
    return client.post(reverse("patient_privacy:consent_decide", args=[row.pk]), said)


def entries(row: PortalLink) -> list[tuple[str, str, str, str]]:
    told = ConsentEvent.objects.filter(subject_id=row.patient_id).order_by("number")
    return list(told.values_list("key", "action", "control", "control_default"))


def counts(row: PortalLink) -> set[str]:
    with scope(ALL):
        held = wishes([row.patient_id], timezone.now())[row.patient_id]
    return {key for key, wish in held.items() if wish.counts}


def test_page_shows_the_whole_notice_one_button_and_nothing_ticked(client: WebClient, own: PortalLink) -> None:
    page = client.get(PAGE).content.decode()
    board = client.get(PAGE).context["board"]
    assert [str(board.informed.html) in page, str(VALIDATE) in page] == [True, True]
    assert ['type="checkbox"' in page, " checked" in page, 'aria-checked="true"' in page] == [False, False, False]
    assert page.count('role="switch"') == len(PATIENT_KEYS)  # three switches and the team's; the notice has a button
    assert "call 15 or 112" in page


def test_pressing_validate_is_written_with_what_was_shown(client: WebClient, own: PortalLink) -> None:
    answer = press(client, own)
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?about={own.pk}#switch-teleconsultation")
    assert entries(own) == [(TELECONSULTATION, "given", "button", "none")]
    assert counts(own) == {TELECONSULTATION}
    assert "Video visits are possible" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("key", [key for key in PATIENT_KEYS if key != TELECONSULTATION])
def test_each_switch_goes_on_and_off_by_one_click_and_alone(client: WebClient, own: PortalLink, key: str) -> None:
    press(client, own, key)
    assert counts(own) == {key}
    press(client, own, key, "no")
    assert (counts(own), entries(own)) == (set(), [(key, "given", "switch", "off"), (key, "withdrawn", "switch", "on")])


def test_informed_consent_is_withdrawn_on_a_page_that_says_what_follows(client: WebClient, own: PortalLink) -> None:
    press(client, own)
    leaving = reverse("patient_privacy:consent_withdraw", args=[own.pk])
    assert press(client, own, on="no")["Location"] == leaving
    page = client.get(leaving).content.decode()
    assert [words in page for words in ("end at once", "keep my account", "close the account", "116 117")] == [True] * 4
    assert counts(own) == {TELECONSULTATION}
    press(client, own, on="no", confirmed="yes")
    assert (counts(own), entries(own)[-1]) == (set(), (TELECONSULTATION, "withdrawn", "button", "none"))
    assert client.get(leaving)["Location"] == f"{PAGE}?about={own.pk}"


def test_a_text_that_changed_meanwhile_is_not_agreed_to(client: WebClient, own: PortalLink) -> None:
    answer = press(client, own, shown="0" * 64)
    assert (answer.status_code, entries(own)) == (409, [])
    assert "The text has changed since you opened this page" in answer.content.decode()


@pytest.mark.parametrize("wrong", [{"key": "marketing_emails"}, {"on": "maybe"}, {"shown": "short"}])
def test_a_press_that_cannot_be_read_changes_nothing_and_says_so(
    client: WebClient, own: PortalLink, wrong: dict[str, str]
) -> None:
    said = {"key": RECORDING, "on": "yes", "shown": "0" * 64, **wrong}
    answer = client.post(reverse("patient_privacy:consent_decide", args=[own.pk]), said)
    assert (answer.status_code, entries(own)) == (400, [])
    assert "Nothing was changed" in answer.content.decode()


def test_a_yes_without_the_practices_own_says_that_nothing_happens_yet(
    client: WebClient, own: PortalLink, practitioner: User
) -> None:
    press(client, own, RECORDING)
    waiting = "own side, so nothing happens yet"
    assert waiting in client.get(PAGE).content.decode()
    by = person(practitioner.pk)
    choose(by, "third_party_integrations", now=timezone.now())
    choose(by, "third_party_integrations", child="livekit", now=timezone.now())
    assert waiting not in client.get(PAGE).content.decode()


def test_a_guardian_decides_for_the_child_and_is_recorded(practitioner: User, patient: User, client: WebClient) -> None:
    child = link(make_file(practitioner), patient, capacity="guardian", until=timezone.now() + timedelta(days=99))
    press(client, child)
    entry = ConsentEvent.objects.get(subject_id=child.patient_id)
    assert (entry.actor_id, entry.actor_role, entry.authority) == (patient.pk, "guardian", "guardian")
    page = client.get(PAGE).content.decode()
    assert ["by a parent or guardian" in page, "until the 18th birthday" in page] == [True, True]
    leaving = client.get(reverse("patient_privacy:consent_withdraw", args=[child.pk])).content.decode()
    assert "close the account" not in leaving


@pytest.mark.parametrize("name", ["decide", "team", "withdraw", "log"])
def test_nobody_else_reaches_a_files_choices(practitioner: User, own: PortalLink, name: str) -> None:
    trusted, neighbour = make_patient(), make_patient()
    proxy = link(
        PatientFile(pk=own.patient_id, practice_id=own.practice_id), trusted, capacity="proxy",
        until=timezone.now() + timedelta(days=9),
    )  # fmt: skip
    link(make_file(make_practitioner()), neighbour)
    asked = [(trusted, proxy), (trusted, own), (neighbour, own), (neighbour, PortalLink(pk=new_id()))]
    method = "post" if name in ("decide", "team") else "get"
    answers = [
        getattr(verified_client(user), method)(reverse(f"patient_privacy:consent_{name}", args=[row.pk]), {"on": "yes"})
        for user, row in asked
    ]
    assert ([answer.status_code for answer in answers], entries(own)) == ([404] * 4, [])
    assert verified_client(trusted).get(PAGE).context["board"] is None


def test_the_team_comes_in_and_goes_by_the_patients_switch(client: WebClient, own: PortalLink, patient: User) -> None:
    url = reverse("patient_privacy:consent_team", args=[own.pk])
    for on in ("yes", "yes", "no"):
        assert client.post(url, {"on": on})["Location"] == f"{PAGE}?about={own.pk}#switch-team"
    with scope(ALL):
        [row] = StaffConsent.objects.all()
    said = (row.file_id, row.how, row.given_by_id, row.given_role, row.ended_by_id, row.ended_role)
    assert said == (own.patient_id, "portal", patient.pk, "patient", patient.pk, "patient")


def test_the_patient_takes_back_what_the_practitioner_recorded(
    client: WebClient, own: PortalLink, practitioner: User
) -> None:
    with working(practitioner) as by:
        let_team_in(practice_id=own.practice_id, file_id=own.patient_id, how="spoken", by=by, now=timezone.now())
    assert ", in person" in client.get(PAGE).content.decode()
    client.post(reverse("patient_privacy:consent_team", args=[own.pk]), {"on": "no"})
    with scope(ALL):
        assert StaffConsent.objects.get().ended_at is not None


def test_log_and_receipts_are_of_this_file_only(client: WebClient, own: PortalLink, practitioner: User) -> None:
    other = make_patient()
    theirs = link(make_file(practitioner), other)
    press(verified_client(other), theirs)
    press(client, own)
    press(client, own, RECORDING)
    page = client.get(reverse("patient_privacy:consent_log", args=[own.pk]))
    assert [row.event.key for row in page.context["rows"]] == [RECORDING, TELECONSULTATION]
    mine, foreign = (ConsentEvent.objects.filter(subject_id=row.patient_id).first() for row in (own, theirs))
    made = client.get(reverse("patient_privacy:consent_receipt", args=[own.pk, mine.pk]))
    assert is_genuine(json.loads(made.content))
    assert client.get(reverse("patient_privacy:consent_receipt", args=[own.pk, foreign.pk])).status_code == 404


def test_the_accounts_export_holds_what_was_decided_about_files_with_receipts(
    client: WebClient, own: PortalLink, patient: User, practitioner: User
) -> None:
    press(client, own)
    press(verified_client(make_patient()), own)  # somebody else's press is nobody's act
    made = AccountExport(
        patient, by=Actor(account_id=patient.pk, role="patient"), now=timezone.now(), how_far=Scope.ACCOUNT
    )
    with ZipFile(BytesIO(b"".join(made.chunks()))) as archive:
        names = [name for name in archive.namelist() if name.startswith("receipts/receipt-file-")]
        assert names == [f"receipts/receipt-file-{own.patient_id}-1.jsonld"]
        assert is_genuine(json.loads(archive.read(names[0])))
        lines = json.loads(archive.read("consents.json"))
    assert [line["key"] for line in lines] == ["tos_privacy", TELECONSULTATION]


def test_with_several_files_one_is_chosen_at_the_same_cost(
    client: WebClient, own: PortalLink, patient: User, practitioner: User
) -> None:
    client.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(PAGE)
    rows = [link(make_file(make_practitioner()), patient) for _ in range(2)]
    with CaptureQueriesContext(connection) as three:
        page = client.get(f"{PAGE}?about={rows[1].pk}")
    assert (len(three), page.context["board"].of.link) == (len(one), rows[1])
    assert len(page.context["others"]) == 3


def test_without_a_practice_the_page_says_what_comes(client: WebClient) -> None:
    page = client.get(PAGE)
    assert (page.status_code, "No practice is linked yet" in page.content.decode()) == (200, True)


def test_md_10_holds_after_acts_on_the_page(client: WebClient, own: PortalLink) -> None:
    press(client, own)
    measured = promises.the_informed_consent_is_an_express_act(timezone.now())
    assert (measured.kept, measured.figures["informed_consents"]) == (True, 1), measured.figures
    with scope(ALL):
        assert agreed(own.patient_id, TELECONSULTATION, now=timezone.now())


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        ({"control": "switch", "control_default": "on"}, "not_by_the_button"),
        ({"control_label": ""}, "not_by_the_button"),
        ({"actor_role": "practitioner"}, "not_by_patient_or_guardian"),
        ({"controller_id": None}, "not_by_patient_or_guardian"),
        ({"key": RECORDING}, "on_other_words"),
    ],
)
def test_md_10_breaks_on_a_yes_that_was_no_express_act(
    client: WebClient, own: PortalLink, change: dict[str, Any], figure: str
) -> None:
    press(client, own)
    event = ConsentEvent.objects.get(subject_id=own.patient_id)
    event.pk, event.number = new_id(), 2
    for name, value in change.items():
        setattr(event, name, value)
    event.save(force_insert=True)
    measured = promises.the_informed_consent_is_an_express_act(timezone.now())
    assert (measured.kept, measured.figures[figure]) == (False, 1)


def test_md_10_breaks_on_a_box_that_could_be_ticked_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "render_to_string", lambda *_arguments: '<input type="checkbox" checked>')
    measured = promises.the_informed_consent_is_an_express_act(timezone.now())
    assert (measured.kept, measured.figures["notices_not_express"]) == (False, ["en", "fr"])
