"""A practitioner asks for everything, watches, downloads it, and reads it without the Internet (PC-60, PC-64)."""

import os
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.utils import timezone

from gdpr_requests.export import building
from gdpr_requests.models import Export
from tests.accounts.factories import make_practitioner
from tests.journeys.conftest import Journey
from tests.journeys.steps import CENTRE
from tests.journeys.test_clocks import sign_in_as
from tests.records.factories import make_consultation, make_document, make_file, make_measure

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


def photograph(journey: Journey, name: str) -> None:
    """The page holds at 320 pixels too; a picture of both where somebody wants them."""
    before = journey.page.viewport_size
    for size in (NARROW, before):
        journey.page.set_viewport_size(size)
        journey.look()
        if folder := os.environ.get("EXPORT_SHOTS"):
            journey.page.screenshot(path=f"{folder}/export_{name}_{size['width']}.png", full_page=True)
