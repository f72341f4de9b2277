"""The patient's privacy pages: overview, journal with questions, requests, and nobody else's data (PC-70, PC-60 to PC-68)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import OWN
from accounts.models import User
from accounts.patients.actions import identity_of
from audit.actors import Actor
from audit.models import AccessEntry
from care.models import PortalPart
from gdpr_requests.desk import links
from gdpr_requests.models import Request
from gdpr_requests.portal import promises
from gdpr_requests.portal.actions import line_in_words
from privacy.deadlines import Right
from records.models import PatientFile
from records.reading import Part, open_file
from tests.accounts.factories import WebClient, make_patient, make_practitioner, verified_client
from tests.gdpr_requests.factories import by_account
from tests.gdpr_requests.test_desk_promises import spoil
from tests.records.factories import link, make_consultation, make_document, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
OVERVIEW, JOURNAL = reverse("patient_privacy:overview"), reverse("patient_privacy:journal")
REQUESTS, NEW = reverse("patient_privacy:requests"), reverse("patient_privacy:request_new")
NOW = timezone.now()


@pytest.fixture
def practitioner() -> User:
    return make_practitioner("camille@example.org")


@pytest.fixture
def patient() -> User:
    return make_patient("eloise@example.org")


@pytest.fixture
def client(patient: User) -> WebClient:
    return verified_client(patient)


@pytest.fixture
def file(practitioner: User, patient: User) -> PatientFile:
    """The patient's own file, linked, read by its practitioner just now."""
    found = make_file(practitioner)
    link(found, patient)
    seen(found, practitioner)
    return found


def seen(file: PatientFile, user: User, part: Part = Part.MEASURES) -> AccessEntry:
    """The practitioner opens the file."""
    with working(user) as by, transaction.atomic():
        open_file(file, part, by=by, now=timezone.now())
    return AccessEntry.objects.filter(subject_id=file.pk, part=part).latest("pk")


def shown(client: WebClient, query: str = "") -> list[int]:
    """The numbers of the lines that the journal shows, as its links name them."""
    return [entry.pk for entry in client.get(JOURNAL + query).context["page"].entries]


def question_of(entry: AccessEntry) -> str:
    return reverse("patient_privacy:question", args=[entry.pk])


def test_overview_counts_what_is_held_and_seen(
    client: WebClient, patient: User, practitioner: User, file: PatientFile
) -> None:
    make_consultation(file, practitioner, signed=True)
    make_document(file, practitioner)
    page = client.get(OVERVIEW)
    figures = [page.context[name] for name in ("consultations", "documents", "open_requests", "first_end")]
    with working(practitioner):
        file.refresh_from_db()
    assert figures == [1, 1, 0, file.retain_until]
    mine = AccessEntry.objects.filter(subject_id__in=[file.pk, patient.pk], at__gt=NOW - timedelta(days=30))
    assert page.context["openings"].number == mine.count()
    assert page.context["files"][0][1] in page.content.decode()


def test_overview_leaves_out_openings_older_than_thirty_days(
    client: WebClient, practitioner: User, patient: User
) -> None:
    file = make_file(practitioner, now=NOW - timedelta(days=31))
    link(file, patient)
    assert client.get(OVERVIEW).context["openings"].by_others == 0
    seen(file, practitioner)
    assert client.get(OVERVIEW).context["openings"].by_others == 1


def test_overview_without_a_practice_says_what_comes(client: WebClient) -> None:
    page = client.get(OVERVIEW)
    assert (page.status_code, page.context["files"], "No practice is linked yet" in page.content.decode()) == (
        200,
        [],
        True,
    )


def test_journal_shows_each_line_of_file_and_account_and_no_other(
    client: WebClient, patient: User, practitioner: User, file: PatientFile
) -> None:
    other, neighbour = make_file(practitioner, surname="Voisin"), make_patient()
    link(other, neighbour)
    seen(other, practitioner)
    identity_of(patient, by=Actor(account_id=patient.pk, role="patient"), now=NOW)
    identity_of(neighbour, by=Actor(account_id=neighbour.pk, role="patient"), now=NOW)
    mine = AccessEntry.objects.filter(subject_id__in=[file.pk, patient.pk])
    assert sorted(shown(client)) == sorted(mine.values_list("pk", flat=True))
    theirs = AccessEntry.objects.filter(subject_id__in=[other.pk, neighbour.pk])
    assert sorted(shown(verified_client(neighbour))) == sorted(theirs.values_list("pk", flat=True))


def test_journal_says_by_role_what_and_why(client: WebClient, practitioner: User, file: PatientFile) -> None:
    page = client.get(JOURNAL).content.decode()
    assert [
        word in page for word in ("Practitioner", "opened the measures", practitioner.email, str(practitioner.pk))
    ] == [True, True, False, False]


def test_journal_is_filtered_by_practice_and_period(
    client: WebClient, patient: User, practitioner: User, file: PatientFile
) -> None:
    elsewhere = make_practitioner()
    there = make_file(elsewhere)
    row = link(there, patient)
    seen(there, elsewhere)
    theirs = AccessEntry.objects.filter(subject_id=there.pk)
    assert sorted(shown(client, f"?about={row.pk}")) == sorted(theirs.values_list("pk", flat=True))
    assert shown(client, "?about=account") == list(
        AccessEntry.objects.filter(subject_id=patient.pk).values_list("pk", flat=True)
    )
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert shown(client, f"?since={tomorrow}") == []


def test_filter_by_somebody_elses_file_shows_nothing_of_it(
    client: WebClient, practitioner: User, file: PatientFile
) -> None:
    other = make_file(practitioner, surname="Voisin")
    row = link(other, make_patient())
    seen(other, practitioner)
    strange = {entry.pk for entry in AccessEntry.objects.filter(subject_id=other.pk)}
    assert strange & set(shown(client, f"?about={row.pk}")) == set()


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        ({"capacity": "guardian"}, True),
        ({"capacity": "guardian", "scope": [PortalPart.DOCUMENTS]}, False),
        ({"capacity": "proxy", "until": NOW + timedelta(days=9)}, False),
        ({"capacity": "self", "scope": [PortalPart.DOCUMENTS]}, False),
        ({"capacity": "self", "until": NOW - timedelta(minutes=1), "now": NOW - timedelta(days=2)}, False),
    ],
)
def test_link_shows_the_journal_only_with_its_part_and_while_it_lives(
    said: dict[str, Any], reads: bool, client: WebClient, patient: User, practitioner: User
) -> None:
    file = make_file(practitioner)
    row = link(file, patient, **said)
    if "scope" in said:
        narrow(row, said["scope"])
    entry = seen(file, practitioner)
    assert (entry.pk in shown(client), client.get(question_of(entry)).status_code) == (reads, 200 if reads else 404)
    assert client.post(NEW, {"about": str(row.pk), "right": "17"}).status_code == (302 if reads else 422)


def narrow(row: Any, parts: list[str]) -> None:
    """What the link says of its parts, as its patient would have it."""
    from care.tenancy import ALL, scope

    with scope(ALL):
        type(row).objects.filter(pk=row.pk).update(scope=[str(part) for part in parts])


def test_questioned_access_goes_to_its_practice_and_names_the_line(
    client: WebClient, patient: User, practitioner: User, file: PatientFile
) -> None:
    entry = seen(file, practitioner)
    place = client.post(question_of(entry), {"text": "I wasn't there that day."})["Location"]
    request = Request.objects.get()
    assert (request.right, request.practice_id, request.file_id, request.account_id, request.entry_number, request.channel) == (
        Right.QUESTIONED_ACCESS, file.practice_id, file.pk, patient.pk, entry.pk, "portal",
    )  # fmt: skip
    page = client.get(place).content.decode()
    assert [
        words in page
        for words in (f"Line {entry.pk} of the access journal", "I wasn&#x27;t there that day.", "Lefèvre")
    ] == [True, True, False]
    assert f"questioned, {request.number}" in client.get(JOURNAL).content.decode()
    theirs = verified_client(practitioner).get(reverse("gdpr:request", args=[request.pk])).content.decode()
    assert f"Line {entry.pk} of the access journal" in theirs


def test_line_is_named_by_the_time_of_the_patients_clock() -> None:
    entry = AccessEntry(
        pk=7, at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC), actor_role="practitioner", part="measures", action="open"
    )
    assert (
        line_in_words(entry) == "Line 7 of the access journal: 2 July 2026, 00:30, practitioner, opened the measures."
    )


def test_line_of_the_account_is_questioned_at_the_house(client: WebClient, patient: User) -> None:
    identity_of(patient, by=Actor(account_id=patient.pk, role="patient"), now=NOW)
    entry = AccessEntry.objects.filter(subject_id=patient.pk).latest("pk")
    assert client.post(question_of(entry)).status_code == 302
    assert Request.objects.values_list("practice_id", "file_id", "entry_number").get() == (None, None, entry.pk)


def test_line_is_questioned_once_until_it_is_withdrawn(
    client: WebClient, practitioner: User, file: PatientFile
) -> None:
    page = question_of(seen(file, practitioner))
    place = client.post(page)["Location"]
    again = client.post(page)
    assert (again.status_code, "already, under number" in again.content.decode(), Request.objects.count()) == (
        422,
        True,
        1,
    )
    client.post(place, {"step": "withdraw"})
    assert (client.post(page).status_code, Request.objects.count()) == (302, 2)


def test_database_refuses_a_line_questioned_twice(client: WebClient, practitioner: User, file: PatientFile) -> None:
    client.post(question_of(seen(file, practitioner)))
    row = Request.objects.get()
    row.pk, row.serial, row._state.adding = file.pk, row.serial + 1, True
    with pytest.raises(IntegrityError, match="entry_questioned_once"):
        row.save(force_insert=True)


def test_erasure_is_asked_of_one_practice_and_answered_here(
    client: WebClient, patient: User, practitioner: User, file: PatientFile
) -> None:
    elsewhere = make_practitioner()
    there = make_file(elsewhere)
    row = link(there, patient)
    page = client.get(NEW + f"?about={row.pk}").content.decode()
    assert f'<option value="{row.pk}" selected' in page
    place = client.post(NEW, {"about": str(row.pk), "right": "17", "text": "Please erase it."})["Location"]
    request = Request.objects.get()
    assert (request.practice_id, request.file_id, request.proof) == (there.practice_id, there.pk, "login")
    own, theirs = verified_client(practitioner), verified_client(elsewhere)
    assert request.number not in own.get(reverse("gdpr:requests")).content.decode()
    assert own.get(reverse("gdpr:request", args=[request.pk])).status_code == 404
    answer = {"step": "answer", "outcome": "refused", "ground": "retention", "text": "The law keeps it."}
    assert theirs.post(reverse("gdpr:request", args=[request.pk]), answer).status_code == 302
    read = client.get(place).content.decode()
    assert [words in read for words in ("The law keeps it.", "CNIL", "refused")] == [True, True, True]


def test_request_about_the_account_goes_to_the_house_and_is_written_to_and_withdrawn(client: WebClient) -> None:
    place = client.post(NEW, {"about": "account", "right": "15", "text": "What do you hold?"})["Location"]
    request = Request.objects.get()
    assert (request.practice_id, request.file_id, links.follow_url(request).endswith(place)) == (None, None, True)
    client.post(place, {"step": "message", "text": "And since when?"})
    assert "And since when?" in client.get(place).content.decode()
    client.post(place, {"step": "withdraw"})
    request.refresh_from_db()
    assert (request.state, request.number in client.get(REQUESTS).content.decode()) == ("withdrawn", True)


def test_new_request_keeps_what_was_typed_and_says_what_is_missing(client: WebClient) -> None:
    page = client.post(NEW, {"about": "account", "right": "21", "text": "No more letters."})
    assert (
        page.status_code,
        "Say what you object to" in page.content.decode(),
        "No more letters." in page.content.decode(),
    ) == (422, True, True)


def test_patient_cannot_answer_their_own_request(client: WebClient) -> None:
    place = client.post(NEW, {"about": "account", "right": "15"})["Location"]
    client.post(place, {"step": "answer", "outcome": "granted", "text": "Yes."})
    assert Request.objects.get().state == "received"


def test_request_of_another_patient_is_not_found(client: WebClient) -> None:
    request = by_account(make_patient())
    page = reverse("patient_privacy:request", args=[request.pk])
    assert [client.get(page).status_code, client.post(page, {"step": "withdraw"}).status_code] == [404, 404]


@pytest.mark.parametrize("page", [OVERVIEW, JOURNAL, REQUESTS])
def test_page_asks_as_much_for_three_as_for_one(
    page: str, client: WebClient, patient: User, practitioner: User, file: PatientFile
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(page).status_code == 200
        return len(found)

    by_account(patient, Right.QUESTION)
    client.get(page)
    one = cost()
    for _n in range(2):
        more = make_file(practitioner)
        link(more, patient)
        client.post(question_of(seen(more, practitioner)))
    assert cost() == one


def test_promise_holds_and_falls_when_a_question_goes_astray(
    client: WebClient, practitioner: User, file: PatientFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(question_of(seen(file, practitioner)))
    measured = promises.patients_read_and_question_their_journal(timezone.now())
    assert (measured.kept, measured.figures["accesses_questioned"], measured.figures["patients_who_can_read"]) == (
        True,
        1,
        1,
    )
    request = Request.objects.get()
    spoil(request, practice_id=practitioner.pk)
    measured = promises.patients_read_and_question_their_journal(timezone.now())
    assert (measured.kept, measured.figures["asked_of_somebody_else"]) == (False, [request.number])


def test_promise_falls_when_the_page_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(promises.ACCESS, "patient_privacy:journal", OWN)
    assert promises.patients_read_and_question_their_journal(NOW).figures["pages_shut"] == ["patient_privacy:journal"]
