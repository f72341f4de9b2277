"""The import pages: choose, check, bring in, take away again (PC-123)."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from care.tenancy import ALL, scope
from consents.actions import decide
from privacy.days import written
from records.importing import forms, runs, starting
from records.models import ImportRun, PatientFile
from tests.accounts.factories import prove, verified_client

from .bundles import as_text, bundle, encounter, entry, patient
from .factories import Practising, make_practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

IMPORT = reverse("records:import")


def visitor(practising: Practising) -> Client:
    """A browser of the practitioner, whose core functions are open."""
    by = practising.importer().by
    decide(
        subject_id=practising.user.pk,
        key="health_data_processing",
        on=True,
        by=by,
        language="en",
        channel="web",
        now=timezone.now(),
    )
    return verified_client(practising.user)


@pytest.fixture
def client_in(practising: Practising) -> Client:
    return visitor(practising)


def upload(client: Client, *values: Any, **fields: str) -> Any:
    files = [
        SimpleUploadedFile(f"{n}.json", as_text(v).encode()) if isinstance(v, dict) else v for n, v in enumerate(values)
    ]
    return client.post(IMPORT, {"uploads": files, **fields})


def patients() -> int:
    with scope(ALL):
        return PatientFile.objects.count()


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_upload_is_shown_before_anything_is_kept_and_brought_in_on_confirmation(client_in: Client) -> None:
    answer = upload(client_in, bundle(patient(), encounter(), entry("Flag", "a0000000-0000-4000-8000-000000000001")))
    page = client_in.get(answer["Location"])
    assert (answer.status_code, page.status_code, patients()) == (302, 200, 0)
    assert "Nothing is kept yet." in text(page)
    run_id = answer["Location"].rstrip("/").rsplit("/", 1)[-1]
    confirmed = client_in.post(reverse("records:import_confirm", args=[run_id]))
    page = client_in.get(confirmed["Location"])
    assert (patients(), "Your patients are here." in text(page), "Morvan" in text(page)) == (1, True, False)
    assert client_in.post(reverse("records:import_confirm", args=[run_id])).status_code == 302
    assert patients() == 1


def test_page_names_file_and_path_of_what_is_refused(client_in: Client) -> None:
    answer = upload(
        client_in,
        bundle(patient(), encounter(subject={"reference": "Patient/7"})),
        SimpleUploadedFile("b.csv", b"nom;prenom\nA;B\n"),
    )
    page = text(client_in.get(answer["Location"]))
    assert "entry[1].resource.subject" in page
    assert "the column “birth_date” is missing" in page


def test_second_import_says_that_nothing_new_came(client_in: Client) -> None:
    for words in ("Your patients are here.", "Nothing new came."):
        address = upload(client_in, bundle())["Location"]
        client_in.post(address + "confirm/")
        assert words in text(client_in.get(address))
    assert patients() == 1


def test_dry_run_can_be_forgotten(client_in: Client) -> None:
    answer = upload(client_in, bundle())
    run_id = answer["Location"].rstrip("/").rsplit("/", 1)[-1]
    assert client_in.post(reverse("records:import_discard", args=[run_id])).status_code == 302
    assert client_in.get(answer["Location"]).status_code == 404
    assert "Your imports will be listed here" in text(client_in.get(IMPORT))


def test_page_says_until_when_a_dry_run_waits(client_in: Client, practising: Practising) -> None:
    address = upload(client_in, bundle())["Location"]
    with scope(ALL):
        ends = runs.kept_until(ImportRun.objects.get())
    assert f"The files wait, sealed, until {written(timezone.localtime(ends), 'DATETIME_FORMAT')}" in text(
        client_in.get(address)
    )
    with travel(ends, tick=False):
        page = text(verified_client(practising.user, now=ends).get(address))
    assert ("The seven days are over." in page, f"{address}confirm/" in page) == (True, False)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "Choose at least one file."),
        ([SimpleUploadedFile("scan.pdf", b"%PDF-")], "scan.pdf is neither a FHIR bundle (.json) nor a table (.csv)."),
        ([SimpleUploadedFile("a.json", b"")], "One of the files is empty. Export it again."),
    ],
)
def test_wrong_upload_is_said_in_one_line(client_in: Client, files: list[Any], message: str) -> None:
    answer = upload(client_in, *files)
    assert (answer.status_code, message in text(answer)) == (422, True)


def test_bundle_of_200_mb_is_refused_before_it_is_sealed(client_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_BUNDLE_BYTES", 100)
    answer = upload(client_in, bundle())
    assert (answer.status_code, "0.json is too large" in text(answer)) == (422, True)
    with scope(ALL):
        assert ImportRun.objects.count() == 0


def test_large_import_shows_how_far_it_is(client_in: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "AT_ONCE_BYTES", 1)
    answer = upload(client_in, bundle())
    page = text(client_in.get(answer["Location"]))
    assert ("0 of 1" in page, "You may leave this page" in page) == (True, True)


def test_strangers_find_nothing(client_in: Client, now: datetime) -> None:
    address = upload(client_in, bundle())["Location"]
    stranger = visitor(make_practising(now))
    run_id = address.rstrip("/").rsplit("/", 1)[-1]
    assert stranger.get(address).status_code == 404
    assert stranger.post(reverse("records:import_confirm", args=[run_id])).status_code == 404
    assert stranger.post(reverse("records:import_discard", args=[run_id])).status_code == 404
    assert patients() == 0


def test_all_that_was_imported_is_downloaded_unchanged_after_a_fresh_proof(
    client_in: Client, practising: Practising
) -> None:
    value = bundle()
    practising.take(value)
    with scope(ALL):
        file = PatientFile.objects.get()
        PatientFile.objects.update(active_until=date(2030, 1, 1))  # its last consultation is of 2020
    address = reverse("records:imported_bundle", args=[file.pk])
    assert "/accounts/" in client_in.get(address)["Location"]
    prove(client_in, practising.user)
    answer = client_in.get(address)
    assert answer["Content-Disposition"] == f'attachment; filename="imported-{file.pk}.json"'
    got = [e["resource"] for e in json.loads(answer.content)["entry"]]
    assert got == [e["resource"] for e in value["entry"]]
    assert address in text(client_in.get(reverse("records:kept", args=[file.pk])))


def test_stranger_downloads_nothing(client_in: Client, practising: Practising, now: datetime) -> None:
    practising.take(bundle())
    with scope(ALL):
        file = PatientFile.objects.get()
    other = make_practising(now)
    client = visitor(other)
    prove(client, other.user, at=timezone.now() - timedelta(seconds=1))
    assert client.get(reverse("records:imported_bundle", args=[file.pk])).status_code == 404


def test_pages_take_as_many_queries_for_many_lines_as_for_few(
    client_in: Client, django_assert_max_num_queries: Any
) -> None:
    few = upload(client_in, bundle())["Location"]
    csv = "nom;prénom;date de naissance\n" + "".join(f"Nom{n};Zoé;1990-01-01\n" for n in range(60))
    many = upload(client_in, SimpleUploadedFile("b.csv", csv.encode()))["Location"]
    counts = []
    for address in (few, many):
        with django_assert_max_num_queries(60) as seen:
            client_in.get(address)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 1
