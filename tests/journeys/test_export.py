"""A practitioner asks for everything, a patient for their file; they watch, download, and read without the Internet (PC-60, PC-64)."""

import os
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.utils import timezone

from accounts.models import User
from gdpr_requests.export import building
from gdpr_requests.models import Export
from tests.accounts.factories import make_patient, make_practitioner, prove, verified_client
from tests.gdpr_requests.factories import by_account
from tests.journeys.conftest import Journey
from tests.journeys.steps import CENTRE
from tests.journeys.test_clocks import sign_in_as
from tests.records.factories import link, make_consultation, make_document, make_file, make_measure

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]
TAB = f"{CENTRE}/export/"
NARROW = {"width": 320, "height": 700}


def test_everything_is_asked_for_downloaded_and_read_offline(journey: Journey, tmp_path: Path) -> None:
    me, now = make_practitioner(), timezone.now()
    file = make_file(me, surname="Quemener", allergies="Pollens")
    make_consultation(file, me, signed=True, note="Mal au dos depuis mardi")
    make_measure(file, me)
    make_document(file, me)
    sign_in_as(journey, me, now, fresh=True)
    journey.go(TAB)
    photograph(journey, "asking")
    journey.click("button", "Make the export")
    assert "It begins in a moment." in journey.words()
    photograph(journey, "working")
    assert building.build(Export.objects.get().pk, now=timezone.now()) is True
    journey.go(TAB)
    photograph(journey, "ready")
    with journey.page.expect_download() as download:
        journey.page.get_by_role("link", name="Download the archive").click()
    with ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    journey.page.goto((tmp_path / "index.html").as_uri())
    journey.look()
    photograph(journey, "cover")
    journey.click("link", "QUEMENER Éloïse")
    assert "Mal au dos depuis mardi" in journey.words()
    photograph(journey, "file")
    assert journey.errors == []


def test_copy_of_a_file_is_granted_downloaded_and_read_offline(journey: Journey, tmp_path: Path) -> None:
    """The patient asked three days ago; the practice grants it, and the copy comes by itself."""
    doctor, patient = make_practitioner("camille@example.org"), make_patient()
    file = make_file(doctor, surname="Quemener", allergies="Pollens")
    make_consultation(file, doctor, signed=True, note="Mal au dos depuis mardi")
    make_document(file, doctor)
    link(file, patient)
    request = by_account(patient, file_id=file.pk, now=timezone.now() - timedelta(days=3))
    be(journey, doctor)
    journey.go(f"{CENTRE}/requests/{request.pk}/")
    journey.page.get_by_label("Decision").select_option("granted")
    journey.page.get_by_label("Answer").fill("Here is your file.")
    journey.follow(journey.page.locator("form", has=journey.page.locator("[value=answer]")).get_by_role("button"))
    assert "The person fetches it on their own page" in journey.words()
    photograph(journey, "granted")
    be(journey, patient)
    journey.go("/patient/privacy/")
    journey.click("link", "Take a copy of it along")
    assert "It begins in a moment." in journey.words()
    photograph(journey, "patient_working")
    assert building.build(Export.objects.get().pk, now=timezone.now()) is True
    journey.go("/patient/privacy/export/")
    photograph(journey, "patient_ready")
    with journey.page.expect_download() as download:
        journey.page.get_by_role("link", name="Download the copy").click()
    with ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    journey.page.goto((tmp_path / "index.html").as_uri())
    journey.look()
    assert [words in journey.words() for words in ("Mal au dos depuis mardi", "Who saw this file")] == [True, True]
    photograph(journey, "patient_file")
    assert journey.errors == []


def be(journey: Journey, user: User) -> None:
    """From now on this person sits at the browser, with a second factor proven a moment ago."""
    client = verified_client(user)
    prove(client, user)
    journey.page.context.clear_cookies()
    session = client.cookies["session"].value
    journey.page.context.add_cookies([{"name": "session", "value": session, "url": journey.base}])


def photograph(journey: Journey, name: str) -> None:
    """The page holds at 320 pixels too; a picture of both where somebody wants them."""
    before = journey.page.viewport_size
    for size in (NARROW, before):
        journey.page.set_viewport_size(size)
        journey.look()
        if folder := os.environ.get("EXPORT_SHOTS"):
            journey.page.screenshot(path=f"{folder}/export_{name}_{size['width']}.png", full_page=True)
