"""A restricted file in the portal: the patient and a child's guardian go on reading it, nothing is written, nobody else looks in (PC-63)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AccessEntry, EventEntry
from care.models import PortalLink, StaffConsent
from care.tenancy import ALL, scope
from consents import notices
from consents.models import ConsentEvent
from privacy.clocks import legal_day
from privacy.patient_keys import PATIENT_KEYS, TELECONSULTATION
from records.models import Consultation, Document, PatientFile, Questionnaire, QuestionnaireDraft
from records.portal import content, urls
from tests.accounts.factories import WebClient, make_patient, make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.records.factories import link, make_consultation, make_document, make_file, working
from tests.records.restriction.helpers import lift, restrict, tell
from vault import rings

pytestmark = pytest.mark.django_db(databases="__all__")
ANSWERS = {
    "smoking": "never", "alcohol": "sometimes", "activity": "much", "lifestyle": "", "diseases": "Rittersporn asthma",
    "family_history": "none", "treatments": "Ventoline", "allergies": "", "risks": "none",
}  # fmt: skip
READ = ("practice", "document", "document_page", "document_download", "consultation", "questionnaire")
"""What the patient goes on reading."""
OTHER = {"relatives": 200, "video": 403}
"""Who else looks in is no content of the file; a video visit would be processing."""
NOTICE = "The use of this file is restricted"
WORDS = ("Rittersporn", "Analyse de sang", "Repos")


class Shown:
    """A file with one of each thing shared, and a questionnaire handed in by its patient."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.practitioner: User = make_practitioner(now=LONG_AGO)
        self.file: PatientFile = make_file(self.practitioner)
        self.patient: User = make_patient()
        self.own: PortalLink = link(self.file, self.patient)
        self.document: Document = make_document(self.file, self.practitioner)
        self.consultation: Consultation = make_consultation(self.file, self.practitioner, signed=True, note="Repos")
        with working(self.practitioner) as by:
            for thing in (self.document, self.consultation):
                content.share(file=self.file, thing=thing, by=by, now=self.now)
            content.hand_in(file=self.file, link=self.own, answers=ANSWERS, by=by, now=self.now)

    def reader(self, capacity: str) -> tuple[WebClient, PortalLink]:
        if capacity == "self":
            return verified_client(self.patient), self.own
        other = make_patient()
        return verified_client(other), link(
            self.file, other, capacity=capacity, until=self.now + timedelta(days=9) if capacity == "proxy" else None
        )

    def at(self, name: str, row: PortalLink) -> str:
        more: dict[str, list[Any]] = {
            "document": [self.document.pk], "document_page": [self.document.pk, 1],
            "document_download": [self.document.pk], "consultation": [self.consultation.pk],
        }  # fmt: skip
        return reverse(f"patient:{name}", args=[row.pk, *more.get(name, [])])

    def statuses(self, client: WebClient, row: PortalLink) -> dict[str, int]:
        return {name: client.get(self.at(name, row)).status_code for name in (*READ, *OTHER)}

    def state(self) -> object:
        """What could be written from the portal, and every event about the file."""
        with scope(ALL):
            rows = [
                sorted(map(str, model._default_manager.values_list()))
                for model in (Questionnaire, QuestionnaireDraft, PortalLink, StaffConsent, ConsentEvent)
            ]
        return rows, EventEntry.objects.filter(subject_id=self.file.pk).count()


@pytest.fixture
def shown() -> Shown:
    return Shown()


def body(answer: Any) -> str:
    return (b"".join(answer) if answer.streaming else answer.content).decode(errors="replace")


def test_every_page_of_a_file_is_in_the_matrix() -> None:
    """A new page of the portal has to be placed: read while restricted, or not."""
    of_a_file = {one.name for one in urls.urlpatterns if "link_id" in str(one.pattern)}
    assert of_a_file == {*READ, *OTHER}


@pytest.mark.parametrize("capacity", ["self", "guardian"])
def test_patient_and_guardian_read_on_and_each_reading_is_one_line(shown: Shown, capacity: str) -> None:
    client, row = shown.reader(capacity)
    restrict(shown.file, now=shown.now)
    lines = AccessEntry.objects.filter(subject_id=shown.file.pk)
    before, state = lines.count(), shown.state()
    relatives = 200 if capacity == "self" else 404
    assert shown.statuses(client, row) == dict.fromkeys(READ, 200) | OTHER | {"relatives": relatives}
    new = lines.order_by("pk")[before:]
    role = "patient" if capacity == "self" else "guardian"
    assert [(line.actor_id, line.actor_role, line.action) for line in new] == [
        (row.account_id, role, "open_restricted")
    ] * len(READ)
    assert shown.state() == state


@pytest.mark.parametrize("name", ["practice", "document", "consultation", "questionnaire"])
def test_each_page_says_that_the_use_is_restricted_only_while_it_is(shown: Shown, name: str) -> None:
    client, row = shown.reader("self")
    page = shown.at(name, row)
    assert NOTICE not in body(client.get(page))
    restriction = restrict(shown.file, now=shown.now)
    read = body(client.get(page))
    assert (NOTICE in read, any(word in read for word in WORDS)) == (True, True)
    lift(tell(restriction, now=timezone.now()), now=timezone.now())
    assert NOTICE not in body(client.get(page))


def test_person_of_trust_is_shut_out_of_every_page(shown: Shown) -> None:
    client, row = shown.reader("proxy")
    assert shown.statuses(client, row) == dict.fromkeys(READ, 200) | {"relatives": 404, "video": 403}
    restrict(shown.file, now=shown.now)
    lines, state = AccessEntry.objects.filter(subject_id=shown.file.pk).count(), shown.state()
    for name in (*READ, *OTHER):
        for answer in (client.get(shown.at(name, row)), client.post(shown.at(name, row), ANSWERS)):
            assert answer.status_code in (403, 405)
            assert [word for word in WORDS if word in body(answer)] == []
    assert (AccessEntry.objects.filter(subject_id=shown.file.pk).count(), shown.state()) == (lines, state)


def archived(file: PatientFile) -> None:
    rings.archive([file.pk], timezone.now())


def leaving(file: PatientFile) -> None:
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(leaving_at=timezone.now())


@pytest.mark.parametrize(("phase", "status"), [(archived, 403), (leaving, 404)])
@pytest.mark.parametrize("first", [True, False])
def test_archived_or_leaving_file_stays_closed_restricted_or_not(
    shown: Shown, phase: Callable[[PatientFile], None], status: int, first: bool
) -> None:
    client, row = shown.reader("self")
    if first:
        restrict(shown.file, now=shown.now)
    phase(shown.file)
    lines = AccessEntry.objects.filter(subject_id=shown.file.pk).count()
    found = shown.statuses(client, row)
    assert {name: found[name] for name in READ} == dict.fromkeys(READ, status)
    assert AccessEntry.objects.filter(subject_id=shown.file.pk).count() == lines


def test_key_closed_without_its_record_is_read_by_the_patient_alone(shown: Shown) -> None:
    """A record lost in a restore: nobody opens the file, but whose it is."""
    own, trusted = shown.reader("self"), shown.reader("proxy")
    rings.restrict([shown.file.pk], timezone.now())
    asked = [client.get(shown.at("consultation", row)) for client, row in (own, trusted)]
    assert [answer.status_code for answer in asked] == [200, 403]
    assert NOTICE in body(asked[0])


@pytest.mark.parametrize("more", [{}, {"later": "1"}])
def test_questionnaire_is_read_and_no_version_or_draft_is_written(shown: Shown, more: dict[str, str]) -> None:
    client, row = shown.reader("self")
    restrict(shown.file, now=shown.now)
    state, page = shown.state(), shown.at("questionnaire", row)
    assert "<form" not in body(client.get(page)).partition("<main")[2].partition("</main>")[0]
    answer = client.post(page, {**ANSWERS, "diseases": "Typed just now", **more})
    assert (answer.status_code, "nothing was written" in body(answer)) == (409, True)
    assert answer.context["form"]["diseases"].value() == "Typed just now"
    assert shown.state() == state


def test_nobodys_link_changes_while_the_file_is_restricted(shown: Shown) -> None:
    _client, other = shown.reader("proxy")
    client, row = shown.reader("self")
    restrict(shown.file, now=shown.now)
    state = shown.state()
    answer = client.post(shown.at("relatives", row), {"link": other.pk}, follow=True)
    assert ("nothing was written" in body(answer), shown.state() == state) == (True, True)


def press(client: WebClient, row: PortalLink, key: str, on: str) -> Any:
    """Post what the button or the switch posts."""
    text = notices.in_force(key, "en", legal_day(timezone.now()))
    said = {"key": key, "on": on, "shown": text.sha256, "confirmed": "yes"}
    return client.post(reverse("patient_privacy:consent_decide", args=[row.pk]), said)


@pytest.mark.parametrize("key", sorted(PATIENT_KEYS))
def test_no_new_consent_while_restricted_and_a_given_one_is_taken_back(shown: Shown, key: str) -> None:
    client, row = shown.reader("self")
    restriction = restrict(shown.file, now=shown.now)
    refused = press(client, row, key, "yes")
    assert (refused.status_code, "nothing new is allowed" in body(refused)) == (409, True)
    assert ConsentEvent.objects.filter(subject_id=shown.file.pk).count() == 0
    lift(tell(restriction, now=timezone.now()), now=timezone.now())
    assert press(client, row, key, "yes").status_code == 302
    restrict(shown.file, now=timezone.now())
    assert press(client, row, key, "no").status_code == 302
    actions = ConsentEvent.objects.filter(subject_id=shown.file.pk).order_by("number").values_list("action", flat=True)
    assert list(actions) == ["given", "withdrawn"]


def test_choices_say_why_they_wait_and_the_team_isnt_let_in(shown: Shown) -> None:
    client, row = shown.reader("self")
    page = f"{reverse('patient_privacy:consents')}?about={row.pk}"
    assert "nothing new is allowed" not in body(client.get(page))
    restrict(shown.file, now=shown.now)
    state = shown.state()
    assert "nothing new is allowed" in body(client.get(page))
    team = client.post(reverse("patient_privacy:consent_team", args=[row.pk]), {"on": "yes"})
    assert (team.status_code, shown.state() == state) == (409, True)
    assert press(client, row, TELECONSULTATION, "yes").status_code == 409
