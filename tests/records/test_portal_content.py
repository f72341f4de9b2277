"""What the portal shows and takes: shares, the questionnaire and its versions (MD-03), proxies within their scope."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AccessEntry, EventEntry
from care.models import PortalLink
from care.tenancy import ALL, scope
from lifecycle.retention import door
from privacy.refusals import Refused
from records.models import Consultation, Document, PatientFile, Questionnaire, QuestionnaireDraft, Share
from records.portal import content
from tests.accounts.factories import WebClient, make_patient, make_practitioner, verified_client
from tests.lifecycle.erasure_world import BY, old_file
from tests.records.factories import link, make_consultation, make_document, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
ANSWERS = {
    "smoking": "never", "alcohol": "sometimes", "activity": "much", "lifestyle": "", "diseases": "Asthme, 2003",
    "family_history": "none", "treatments": "Ventoline", "allergies": "", "risks": "none",
}  # fmt: skip
World = tuple[User, PatientFile, User, PortalLink]


@pytest.fixture
def world() -> World:
    user, patient = make_practitioner(), make_patient()
    file = make_file(user)
    return user, file, patient, link(file, patient)


def shared(user: User, file: PatientFile, thing: Document | Consultation) -> None:
    """By the button of its page."""
    name = "document" if isinstance(thing, Document) else "consultation"
    answer = verified_client(user).post(reverse("records:share", args=[file.pk]), {name: thing.pk})
    assert answer.status_code == 302


def at(name: str, row: PortalLink, *ids: Any) -> str:
    return reverse(f"patient:{name}", args=[row.pk, *ids])


def statuses(client: WebClient, row: PortalLink, document: Document, consultation: Consultation) -> list[int]:
    paths = [
        at("document", row, document.pk), at("document_page", row, document.pk, 1),
        at("document_download", row, document.pk), at("consultation", row, consultation.pk),
        at("questionnaire", row),
    ]  # fmt: skip
    return [client.get(path).status_code for path in paths]


def test_patient_reads_what_is_shared_and_only_while_it_is(world: World) -> None:
    user, file, patient, row = world
    document, consultation = make_document(file, user), make_consultation(file, user, signed=True, note="Repos")
    client = verified_client(patient)
    assert statuses(client, row, document, consultation) == [404, 404, 404, 404, 200]
    shared(user, file, document)
    shared(user, file, consultation)
    assert statuses(client, row, document, consultation) == [200] * 5
    assert "Repos" in client.get(at("consultation", row, consultation.pk)).content.decode()
    assert "Analyse de sang" in client.get(at("practice", row)).content.decode()
    verified_client(user).post(reverse("records:share", args=[file.pk]), {"document": document.pk, "withdraw": "1"})
    assert statuses(client, row, document, consultation) == [404, 404, 404, 200, 200]


def test_each_reading_is_one_line_of_the_patients_role(world: World) -> None:
    user, file, patient, row = world
    document = make_document(file, user)
    shared(user, file, document)
    before = AccessEntry.objects.filter(subject_id=file.pk).count()
    verified_client(patient).get(at("document_download", row, document.pk))
    lines = AccessEntry.objects.filter(subject_id=file.pk).order_by("-pk")
    line = lines[0]
    assert lines.count() == before + 1
    assert (line.actor_id, line.actor_role, line.action, line.practice_id) == (
        patient.pk, "patient", "download", file.practice_id,
    )  # fmt: skip


def test_proxy_sees_the_parts_of_the_link_and_is_journaled_as_proxy(world: World) -> None:
    user, file, _patient, _row = world
    proxy = make_patient()
    until = timezone.now() + timedelta(days=1)
    row = link(file, proxy, capacity="proxy", scope=["documents"], until=until)
    document, consultation = make_document(file, user), make_consultation(file, user, signed=True)
    shared(user, file, document)
    shared(user, file, consultation)
    assert statuses(verified_client(proxy), row, document, consultation) == [200, 200, 200, 404, 404]
    line = AccessEntry.objects.filter(subject_id=file.pk).latest("pk")
    assert (line.actor_id, line.actor_role) == (proxy.pk, "proxy")


def test_draft_is_never_shared(world: World) -> None:
    user, file, _patient, _row = world
    draft = make_consultation(file, user)
    with working(user) as by, pytest.raises(Refused):
        content.share(file=file, thing=draft, by=by, now=timezone.now())


def test_sharing_twice_is_sharing_once(world: World) -> None:
    user, file, _patient, _row = world
    document = make_document(file, user)
    shared(user, file, document)
    shared(user, file, document)
    with scope(ALL):
        assert Share.objects.count() == 1


def test_questionnaire_is_kept_as_draft_handed_in_and_versioned(world: World) -> None:
    user, file, patient, row = world
    client, url = verified_client(patient), at("questionnaire", row)
    client.post(url, {"diseases": "Asthme", "later": "1"})
    assert client.get(url).context["form"]["diseases"].value() == "Asthme"
    assert client.post(url, ANSWERS)["Location"] == at("practice", row)
    client.post(url, ANSWERS)
    client.post(url, {**ANSWERS, "diseases": "Asthme, guéri"})
    with scope(ALL):
        assert list(Questionnaire.objects.order_by("number").values_list("number", "capacity")) == [
            (1, "self"),
            (2, "self"),
        ]
        assert QuestionnaireDraft.objects.get().answers is None
    read = verified_client(user).get(reverse("records:questionnaire", args=[file.pk]))
    first = verified_client(user).get(reverse("records:questionnaire", args=[file.pk]), {"version": "1"})
    assert ("Asthme, guéri" in read.content.decode(), "Asthme, 2003" in first.content.decode()) == (True, True)


@pytest.mark.parametrize(
    "missing", ["smoking", "alcohol", "activity", "diseases", "family_history", "treatments", "risks"]
)
def test_mandatory_answer_left_out_is_named_and_the_rest_kept(world: World, missing: str) -> None:
    page = verified_client(world[2]).post(at("questionnaire", world[3]), {**ANSWERS, missing: ""})
    form = page.context["form"]
    assert (page.status_code, list(form.errors)) == (422, [missing])
    assert missing == "treatments" or "Ventoline" in page.content.decode()


def test_version_handed_in_stands(world: World) -> None:
    verified_client(world[2]).post(at("questionnaire", world[3]), ANSWERS)
    with pytest.raises(IntegrityError), transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        cursor.execute("update records_questionnaire set number = 9")


def test_each_version_and_share_has_its_event(world: World) -> None:
    user, file, patient, row = world
    shared(user, file, make_document(file, user))
    verified_client(patient).post(at("questionnaire", row), ANSWERS)
    verbs = EventEntry.objects.filter(subject_id=file.pk, object_type__in=("records.Share", "records.Questionnaire"))
    assert sorted(verbs.values_list("verb", "actor_role")) == [
        ("records.questionnaire.handed_in", "patient"), ("records.share.begun", "practitioner"),
    ]  # fmt: skip


@pytest.mark.parametrize("number", [1, 3])
def test_home_asks_the_database_as_often_for_one_practice_as_for_three(
    number: int, django_assert_max_num_queries: Any
) -> None:
    patient = make_patient()
    for _ in range(number):
        user = make_practitioner()
        file = make_file(user)
        link(file, patient)
        with working(user) as by:
            content.share(file=file, thing=make_document(file, user), by=by, now=timezone.now())
    client = verified_client(patient)
    client.get("/patient/")
    with django_assert_max_num_queries(22):
        assert len(client.get("/patient/").context["rows"]) == number


def test_erased_file_takes_shares_and_questionnaires_along() -> None:
    user, patient = make_practitioner(), make_patient()
    file = old_file(user)
    row = link(file, patient)
    with working(user) as by:
        content.share(file=file, thing=make_document(file, user), by=by, now=timezone.now())
        content.save_answers(file=file, answers=ANSWERS, by=by, now=timezone.now())
        content.hand_in(file=file, link=row, answers=ANSWERS, by=by, now=timezone.now())
    assert door.destroy([file.pk], reason=door.Reason.ERASURE, by=BY, now=timezone.now()) == [file.pk]
    with scope(ALL):
        left = [model._default_manager.count() for model in (Share, Questionnaire, QuestionnaireDraft, PortalLink)]
    assert left == [0, 0, 0, 0]


def test_row_leaves_by_no_other_door(world: World) -> None:
    verified_client(world[2]).post(at("questionnaire", world[3]), ANSWERS)
    with pytest.raises(IntegrityError), transaction.atomic(), scope(ALL):
        Questionnaire.objects.all().delete()
