"""The practitioner's pages: what they show, what they leave in the journal, what they refuse in words."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.models import AccessEntry
from care.tenancy import ALL, scope
from records.models import Consultation, Document, PatientFile
from records.models import Measure as MeasuredValue
from records.views import patients
from tests.accounts.factories import make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.records.factories import (
    jpeg,
    make_consultation,
    make_document,
    make_file,
    make_measure,
    pdf,
    png,
)

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def client(practitioner):
    return verified_client(practitioner)


@pytest.fixture
def file(practitioner):
    return make_file(practitioner, allergies="Pénicilline", phone="06 12 34 56 78", email="eloise@example.fr")


def text(response) -> str:
    return unescape(response.content.decode())


def url(name: str, *arguments) -> str:
    return reverse(f"records:{name}", args=arguments)


def journal_since(start: int) -> list[tuple[str, str]]:
    rows = AccessEntry.objects.filter(pk__gt=start).order_by("pk")
    return [(row.part, row.action) for row in rows]


def last_row() -> int:
    return AccessEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


FORM = {"surname": "Martin", "given_names": "Anaïs", "birth_date": "03/05/1991"}


@pytest.mark.parametrize(
    "which", ["file", "identity", "medical", "clock", "kept", "consultations", "measures", "documents"]
)
def test_page_of_a_file_shows_the_patient_and_leaves_exactly_one_line(client, file, which):
    before = last_row()
    response = client.get(url(which, file.pk))
    assert response.status_code == 200
    assert "LEFÈVRE Éloïse" in text(response)
    assert "Pénicilline" in text(response)
    assert len(journal_since(before)) == 1


def test_consultation_document_and_version_pages_leave_one_line_each(client, practitioner, file):
    draft = make_consultation(file, practitioner)
    row = make_consultation(file, practitioner, signed=True)
    document = make_document(file, practitioner, data=pdf(2))
    pages = {
        url("consultation", file.pk, draft.pk): ("consultation", "open"),
        url("consultation", file.pk, row.pk): ("consultation", "open"),
        url("version", file.pk, row.pk, 1): ("consultation", "open"),
        url("consultation_print", file.pk, row.pk): ("consultation", "print"),
        url("amend", file.pk, row.pk): ("consultation", "open"),
        url("discard", file.pk, draft.pk): ("consultation", "open"),
        url("document", file.pk, document.pk): ("document", "open"),
        url("document_page", file.pk, document.pk, 2): ("document", "preview"),
        url("document_download", file.pk, document.pk): ("document", "download"),
    }
    for page, line in pages.items():
        before = last_row()
        assert client.get(page).status_code == 200, page
        assert journal_since(before) == [line], page


def test_list_leaves_one_line_for_each_name_it_shows(client, practitioner):
    files = [make_file(practitioner, surname=name) for name in ("Arnaud", "Blanc", "Caron")]
    before = AccessEntry.objects.count()
    assert "ARNAUD" in text(client.get(url("patients")))
    shown = AccessEntry.objects.order_by("-pk")[:3]
    assert AccessEntry.objects.count() == before + 3
    assert {row.subject_id for row in shown} == {file.pk for file in files}
    assert {(row.part, row.action, row.purpose) for row in shown} == {("list", "list", "care")}


def test_page_that_cannot_be_journaled_is_not_shown(client, file, monkeypatch):
    def broken(**_named):
        raise RuntimeError("the journal is down")

    monkeypatch.setattr("vault.access.record_accesses", broken)
    client.raise_request_exception = False
    response = client.get(url("file", file.pk))
    assert response.status_code == 500
    assert "LEFÈVRE" not in text(response)


@pytest.mark.parametrize("which", ["today", "patients"])
def test_list_page_asks_as_many_queries_for_three_files_as_for_one(client, practitioner, which):
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_consultation(make_file(practitioner), practitioner, at=timezone.now())
        client.get(url(which))
        with CaptureQueriesContext(connections["default"]) as main, CaptureQueriesContext(connections["keys"]) as keys:
            client.get(url(which))
        counts.append((len(main), len(keys)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("which", ["consultations", "measures", "documents", "file"])
def test_page_of_a_file_asks_as_many_queries_for_three_rows_as_for_one(client, practitioner, file, which):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for more in (1, 2):
        for _ in range(more):
            make_consultation(file, practitioner, signed=True)
            make_measure(file, practitioner)
            make_document(file, practitioner)
        client.get(url(which, file.pk))
        with CaptureQueriesContext(connection) as captured:
            client.get(url(which, file.pk))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_stranger_gets_404_on_every_page_of_the_file(practitioner, file):
    row, document = make_consultation(file, practitioner, signed=True), make_document(file, practitioner)
    measure = make_measure(file, practitioner)
    stranger = verified_client(make_practitioner(now=LONG_AGO))
    pages = [
        url(name, file.pk)
        for name in ("file", "identity", "medical", "clock", "kept", "consultations", "measures", "documents")
    ]
    pages += [url(name, file.pk, row.pk) for name in ("consultation", "amend", "consultation_print")]
    pages += [url("version", file.pk, row.pk, 1), url("document", file.pk, document.pk)]
    pages += [url("document_page", file.pk, document.pk, 1), url("document_download", file.pk, document.pk)]
    posts = [url("consultation_new", file.pk), url("close", file.pk), url("draft", file.pk, row.pk)]
    posts += [url("strike", file.pk, measure.pk), url("identity", file.pk), url("documents", file.pk)]
    before = AccessEntry.objects.count()
    assert [stranger.get(page).status_code for page in pages] == [404] * len(pages)
    assert [stranger.post(page, FORM).status_code for page in posts] == [404] * len(posts)
    assert AccessEntry.objects.count() == before


def test_row_of_one_file_is_not_reached_through_another(client, practitioner, file):
    other = make_file(practitioner, surname="Autre")
    row, document = make_consultation(file, practitioner), make_document(file, practitioner)
    assert client.get(url("consultation", other.pk, row.pk)).status_code == 404
    assert client.get(url("document_download", other.pk, document.pk)).status_code == 404


def test_new_patient_is_made_from_the_page(client):
    response = client.post(url("new"), FORM)
    with scope(ALL):
        made = PatientFile.objects.get()
    assert response.headers["Location"] == url("file", made.pk)
    assert "MARTIN Anaïs" in text(client.get(url("file", made.pk)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surname": " "}, "Give the surname"),
        ({"given_names": ""}, "Give at least one given name"),
        ({"birth_date": ""}, "Give the birth date"),
        ({"birth_date": "31/02/2001"}, "isn't in the calendar"),
        ({"birth_date": "29/02/2023"}, "isn't in the calendar"),
        ({"birth_date": "01/01/2099"}, "in the future"),
        ({"birth_date": "01/01/1799"}, "before 1880"),
        ({"birth_date": "yesterday"}, "day/month/year"),
        ({"email": "nobody@"}, "isn't a whole e-mail address"),
        ({"phone": "123"}, "too short"),
    ],
)
def test_wrong_field_is_named_with_what_to_do_and_nothing_typed_is_lost(client, change, message):
    response = client.post(url("new"), {**FORM, "address": "12 rue des Lilas", **change})
    assert response.status_code == 422
    assert message in text(response)
    assert "12 rue des Lilas" in text(response)
    with scope(ALL):
        assert PatientFile.objects.count() == 0


@pytest.mark.parametrize("born", ["29/02/1984", "1984-02-29", "29.02.1984", "29-2-1984"])
def test_leap_day_is_taken_in_every_way_of_writing_it(client, born):
    client.post(url("new"), {**FORM, "birth_date": born})
    with scope(ALL):
        made = PatientFile.objects.get()
    assert "29 February 1984" in text(client.get(url("file", made.pk)))


def test_mandatory_fields_are_marked_for_eyes_and_ears(client):
    page = text(client.get(url("new")))
    assert page.count('class="field__must"') >= 3


def test_second_file_of_the_same_person_is_asked_about_first(client):
    client.post(url("new"), FORM)
    again = client.post(url("new"), {**FORM, "surname": "MARTIN", "address": "elsewhere"})
    assert again.status_code == 422
    assert "has a file already" in text(again)
    assert "elsewhere" in text(again)
    confirmed = client.post(url("new"), {**FORM, "another": "on", "twins": "1"})
    assert confirmed.status_code == 302
    with scope(ALL):
        assert PatientFile.objects.count() == 2


def test_person_whose_file_is_archived_is_asked_about_without_opening_it(client):
    client.post(url("new"), FORM)
    with scope(ALL):
        PatientFile.objects.update(active_until=date(2020, 1, 31))
        before = AccessEntry.objects.count()
    again = client.post(url("new"), FORM)
    assert (again.status_code, AccessEntry.objects.count()) == (422, before)
    assert "is in the archive" in text(again)
    assert "in daily use until 31 January 2020" in text(again)
    assert client.post(url("new"), {**FORM, "another": "on", "twins": "1"}).status_code == 302


def test_another_birth_date_is_another_person(client):
    client.post(url("new"), FORM)
    assert client.post(url("new"), {**FORM, "birth_date": "04/05/1991"}).status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        "lef",
        "LEFEVRE",
        "éloï",
        "eloise lef",
        "29/02/1984",
        "1984-02-29",
        "0612345678",
        "+33 6 12 34 56 78",
        "Eloise@Example.fr",
        "l",
    ],
)
def test_search_finds_the_patient_by_what_is_typed(client, file, typed):
    make_id = client.post(url("patients"), {"q": typed})
    assert "LEFÈVRE Éloïse" in text(make_id)


@pytest.mark.parametrize("typed", ["martin", "efevre", "lef martin", "28/02/1984", "0699999999", "x@example.fr", "z"])
def test_search_does_not_find_somebody_else(client, file, typed):
    page = text(client.post(url("patients"), {"q": typed}))
    assert "LEFÈVRE" not in page
    assert "Nobody fits" in page


def test_search_of_one_practice_does_not_find_the_patients_of_another(file):
    stranger = verified_client(make_practitioner(now=LONG_AGO))
    assert "LEFÈVRE" not in text(stranger.post(url("patients"), {"q": "lef"}))


def test_searched_name_stands_in_no_address(client, practitioner, file, monkeypatch):
    """Addresses stay in the browser's history: the form posts, and so do the ways on from what it found."""
    monkeypatch.setattr(patients, "PER_PAGE", 2)
    for number in range(4):
        make_file(practitioner, surname=f"Kerbrat {number}", given_names="Emma")
    found = []
    for page, on in (("1", "2"), ("2", "1")):
        answer = client.post(url("patients"), {"q": "Kerbrat", "page": page})
        said = text(answer)
        assert re.findall(r'(?:href|action)="[^"]*kerbrat', said, re.IGNORECASE) == []
        ways = re.findall(r'<button[^>]* form="search" name="(\w+)" value="(\w+)"', said)
        assert (ways, answer.headers["Cache-Control"]) == ([("view", "cards"), ("page", on)], "no-store")
        found += [head.name for head in answer.context["heads"]]
    assert sorted(found) == [f"KERBRAT {number} Emma" for number in range(4)]


def test_search_forms_post(client, file):
    for name in ("today", "patients"):
        assert re.findall(r'<form class="search-bar"[^>]*method="(\w+)"', text(client.get(url(name)))) == ["post"]


def test_a_name_in_the_address_is_not_looked_for(client, file):
    answer = client.get(url("patients"), {"q": "Zyklamen"})
    assert (answer.context["text"], len(answer.context["heads"])) == ("", 1)


def test_letter_shows_those_filed_under_it(client, practitioner):
    for surname in ("Écalle", "Ezra", "Lefort"):
        make_file(practitioner, surname=surname, given_names="Emma")
    page = text(client.get(url("patients"), {"letter": "e"}))
    assert ("ÉCALLE" in page, "EZRA" in page, "LEFORT" in page) == (True, True, False)


def test_list_has_fifty_names_a_page(client, practitioner):
    for number in range(52):
        make_file(practitioner, surname=f"Nom{number:02}")
    first, second = client.get(url("patients")), client.get(url("patients"), {"page": 2})
    assert (text(first).count("<tr>"), text(second).count("<tr>")) == (51, 3)


def test_identity_page_saves_and_refuses_a_stale_form_with_both_texts(client, file):
    page = url("identity", file.pk)
    typed = {**FORM, "revision": 1}
    assert client.post(page, {**typed, "address": "1 rue Neuve"}).status_code == 302
    stale = client.post(page, {**typed, "address": "2 rue Vieille"})
    assert stale.status_code == 409 or stale.status_code == 422
    assert "another window" in text(stale)
    assert "1 rue Neuve" in text(stale)
    assert "2 rue Vieille" in text(stale)
    assert client.post(page, {**typed, "address": "2 rue Vieille", "revision": 2}).status_code == 302


def draft_form(row: Consultation, **content: str) -> dict[str, object]:
    return {
        "started_at": timezone.localtime(row.started_at).strftime("%Y-%m-%dT%H:%M"),
        "kind": row.kind,
        "revision": row.revision,
        **content,
    }


def test_consultation_is_started_written_signed_and_amended_through_the_pages(client, practitioner, file):
    started = client.post(url("consultation_new", file.pk))
    with scope(ALL):
        row = Consultation.objects.get()
    page = url("consultation", file.pk, row.pk)
    assert started.headers["Location"] == page
    saved = client.post(url("draft", file.pk, row.pk), draft_form(row, note="Premier jet"))
    assert saved.json() == {"revision": 2}
    form = {**draft_form(row, note="Texte final"), "revision": 2, "sign": "1"}
    assert client.post(page, form).headers["Location"] == page
    assert "Texte final" in text(client.get(page))
    amended = client.post(url("amend", file.pk, row.pk), {"note": "Texte corrigé", "why": "oubli", "revision": 4})
    assert amended.headers["Location"] == page
    shown = text(client.get(page))
    assert "Texte corrigé" in shown
    assert "oubli" in shown
    assert "Texte final" in text(client.get(url("version", file.pk, row.pk, 1)))


def test_autosave_of_a_stale_window_is_refused_in_words(client, practitioner, file):
    row = make_consultation(file, practitioner)
    draft = url("draft", file.pk, row.pk)
    assert client.post(draft, draft_form(row, note="a")).status_code == 200
    stale = client.post(draft, draft_form(row, note="b"))
    assert stale.status_code == 409
    assert "Your text is still in this page" in stale.json()["message"]


def test_stale_save_shows_the_saved_text_beside_the_typed_one(client, practitioner, file):
    row = make_consultation(file, practitioner)
    client.post(url("draft", file.pk, row.pk), draft_form(row, note="saved elsewhere"))
    stale = client.post(url("consultation", file.pk, row.pk), draft_form(row, note="typed here"))
    assert stale.status_code == 422
    assert ("saved elsewhere" in text(stale), "typed here" in text(stale)) == (True, True)
    row.revision += 1
    again = client.post(url("consultation", file.pk, row.pk), draft_form(row, note="typed here"))
    assert again.status_code == 302


def test_signing_an_empty_draft_says_what_to_do(client, practitioner, file):
    client.post(url("consultation_new", file.pk))
    with scope(ALL):
        row = Consultation.objects.get()
    response = client.post(url("consultation", file.pk, row.pk), {**draft_form(row), "sign": "1"})
    assert response.status_code == 422
    assert "nothing to sign yet" in text(response)


def test_measure_is_added_and_struck(client, file):
    form = {"vital": "weight", "value": "61,5", "taken_at": "2026-01-02T08:00"}
    assert client.post(url("measures", file.pk), form).status_code == 302
    with scope(ALL):
        row = MeasuredValue.objects.get()
    assert "61,5" in text(client.get(url("measures", file.pk)))
    assert client.post(url("strike", file.pk, row.pk)).status_code == 302
    assert "<del>61,5</del>" in text(client.get(url("measures", file.pk)))


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"vital": "weight", "value": "heavy"}, "Write a number between 0 and 500 kg"),
        ({"vital": "weight", "value": "5000"}, "Write a number between 0 and 500 kg"),
        ({"vital": "weight", "value": "nan"}, "Write a number between 0 and 500 kg"),
        ({"vital": "weight", "value": ""}, "Write the value"),
        ({"vital": "other", "value": "3"}, "Give the measure a name"),
        ({"vital": "weight", "value": "60", "taken_at": "2099-01-01T08:00"}, "can't be measured in the future"),
        ({"vital": "weight", "value": "60", "taken_at": "soon"}, "Give the date and the time"),
    ],
)
def test_wrong_measure_is_refused_in_words(client, file, form, message):
    response = client.post(url("measures", file.pk), {"taken_at": "2026-01-02T08:00", **form})
    assert response.status_code == 422
    assert message in text(response)


def test_series_draws_a_line_through_two_values(client, practitioner, file):
    now = timezone.now()
    make_measure(file, practitioner, at=now - timedelta(days=30), value="64")
    assert "<polyline" not in text(client.get(url("measures", file.pk)))
    make_measure(file, practitioner, at=now - timedelta(days=1), value="62")
    assert 'points="4.0,4.0 216.0,44.0"' in text(client.get(url("measures", file.pk)))


def upload(data: bytes, name: str = "scan.pdf", kind: str = "application/pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, content_type=kind)


def test_document_is_added_previewed_and_downloaded_safely(client, file):
    added = client.post(url("documents", file.pk), {"title": "Radio du genou", "document": upload(jpeg(), "x.jpg")})
    assert added.status_code == 302
    with scope(ALL):
        row = Document.objects.get()
    picture = client.get(url("document_page", file.pk, row.pk, 1))
    assert (picture.headers["Content-Type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    whole = client.get(url("document_download", file.pk, row.pk))
    assert whole.content == jpeg()
    assert whole.headers["Content-Disposition"] == (
        "attachment; filename=\"Radio du genou.jpg\"; filename*=UTF-8''Radio%20du%20genou.jpg"
    )
    for response in (picture, whole):
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("title", ['a"; filename="b.exe', "a\r\nSet-Cookie: x=1", "../../etc/passwd", "שלום"])
def test_download_name_is_harmless_whatever_the_title(client, file, title):
    client.post(url("documents", file.pk), {"title": title, "document": upload(png(), "x.png")})
    with scope(ALL):
        row = Document.objects.get()
    header = client.get(url("document_download", file.pk, row.pk)).headers["Content-Disposition"]
    assert header.count('"') == 2
    assert "/" not in header
    assert "\n" not in header


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<html></html>", "a web page"),
        (b"", "is empty"),
        (b"%PDF-1.7 broken", "damaged"),
    ],
)
def test_bad_upload_is_refused_in_words_beside_its_field(client, file, data, message):
    response = client.post(url("documents", file.pk), {"title": "Kept title", "document": upload(data)})
    assert response.status_code == 422
    assert message in text(response)
    assert "Kept title" in text(response)


def test_upload_over_the_limit_is_stopped_before_it_is_stored(client, file, monkeypatch):
    stored = []
    monkeypatch.setattr("vault.spool.Spool.write", lambda self, data: stored.append(len(data)))
    response = client.post(
        url("documents", file.pk), {"title": "t", "document": upload(pdf() + bytes(21 * 1024 * 1024))}
    )
    assert response.status_code == 422
    assert "more than 20 MB" in text(response)
    assert stored == []


def test_upload_without_csrf_token_is_refused(practitioner, file):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.cookies = verified_client(practitioner).cookies
    assert client.post(url("documents", file.pk), {"document": upload(png())}).status_code == 403


def test_clock_page_says_until_when_and_why_and_who_opened(client, practitioner, file):
    make_consultation(file, practitioner, signed=True)
    page = text(client.get(url("clock", file.pk)))
    assert "Kept until 18 November 2046" in page
    assert "PC-41" in page
    assert "Camille Roux" in page


def test_closing_and_reopening_a_file_through_the_page(client, file):
    client.post(url("close", file.pk))
    assert "LEFÈVRE" not in text(client.get(url("patients")))
    assert "LEFÈVRE" in text(client.get(url("patients"), {"closed": "1"}))
    client.post(url("close", file.pk), {"reopen": "1"})
    assert "LEFÈVRE" in text(client.get(url("patients")))


def test_today_shows_the_drafts_that_wait_for_a_signature(client, practitioner, file):
    make_consultation(file, practitioner)
    page = text(client.get(url("today")))
    assert "draft to sign" in page
    assert "LEFÈVRE Éloïse" in page


def test_restricted_file_is_kept_closed_in_words_and_without_a_name_in_the_list(client, file):
    from vault.models import FileKey

    FileKey.objects.filter(file_id=file.pk).update(restricted_at=timezone.now())
    before = AccessEntry.objects.count()
    page = client.get(url("file", file.pk))
    assert (page.status_code, "is kept closed" in text(page), "LEFÈVRE" in text(page)) == (403, True, False)
    listed = text(client.get(url("patients")))
    assert ("Kept closed: restricted or archived" in listed, "LEFÈVRE" in listed) == (True, False)
    assert AccessEntry.objects.count() == before


@pytest.mark.parametrize("kind", ["\x00", "Flag'--", "Flag"])
def test_unknown_kind_of_kept_resource_shows_all_of_them(kind, client, file):
    page = client.get(url("kept", file.pk), {"type": kind})
    assert (page.status_code, page.context["chosen"]) == (200, "")
