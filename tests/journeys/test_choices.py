"""A practitioner rules their choices in a browser, takes the log and a receipt along, and a stranger checks it offline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from consents import queries
from privacy.consent_keys import KEYS, Kind
from tests.accounts.factories import make_practitioner, verified_client
from tests.journeys.conftest import Journey
from tools import verify_receipt

CENTRE = "/practitioner/settings/gdpr/consents/"
FREE = [key for key, law in KEYS.items() if law.kind is Kind.CONSENT]
INTEGRATIONS = [child.key for child in KEYS["third_party_integrations"].children]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]


def flip(journey: Journey, row: str) -> None:
    journey.page.locator(f"#switch-{row} button[role=switch]").click()
    journey.page.wait_for_load_state("load")


def state(journey: Journey, row: str) -> str | None:
    return journey.page.locator(f"#switch-{row} button[role=switch]").get_attribute("aria-checked")


def download(journey: Journey, words: str, folder: Path) -> Path:
    with journey.page.expect_download() as started:
        journey.page.get_by_role("link", name=words).first.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def test_choices_are_made_by_one_click_each_and_leave_a_receipt_anyone_can_check(
    journey: Journey, tmp_path: Path
) -> None:
    user = make_practitioner("camille@example.org")
    journey.page.context.add_cookies(
        [{"name": "session", "value": verified_client(user).cookies["session"].value, "url": journey.base}]
    )

    journey.go(CENTRE)
    rows = [*FREE, "third_party_integrations", *(f"third_party_integrations-{child}" for child in INTEGRATIONS)]
    for row in rows:
        flip(journey, row)
        assert state(journey, row) == "true"
        expect(journey.page.locator(".messages .notice")).to_be_in_viewport()
    journey.look()
    flip(journey, "third_party_integrations")
    assert [state(journey, row) for row in FREE] == ["true"] * len(FREE)
    expect(journey.page.get_by_text("6 services, all off: see what each does")).to_be_visible()

    journey.click("link", "Close the core functions")
    journey.click("button", "Close the core functions")
    expect(journey.page.get_by_text("Patient files are closed").first).to_be_visible()
    journey.go("/practitioner/patients/")
    assert journey.heading() == "This is closed for now"
    journey.errors.clear()  # the browser notes the 403 that was wanted
    journey.click("link", "Look at my choices")
    flip(journey, "health_data_processing")
    journey.go("/practitioner/patients/")
    assert journey.heading() != "This is closed for now"

    journey.go(f"{CENTRE}log/")
    entries = json.loads(download(journey, "JSON", tmp_path).read_text())["entries"]
    assert len(entries) == 3 + len(rows) + 1 + 2
    receipt = download(journey, "Receipt", tmp_path)
    keys = tmp_path / "keys.json"
    keys.write_text(journey.page.request.get(f"{journey.base}/privacy/keys.json").text())
    command = [sys.executable, "-I", verify_receipt.__file__, str(receipt), "--keys", str(keys)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.split(" at ")[0]) == (
        0,
        "GENUINE: acknowledgement health_data_processing given",
    )
    assert queries.core_open(user.pk, now=timezone.now()) is None
    assert journey.errors == []


def test_the_policy_and_what_changed_in_it_are_readable_by_anyone(journey: Journey) -> None:
    journey.go("/privacy/")
    assert journey.heading() == "Privacy policy"
    journey.click("link", "1", exact=True)
    expect(journey.page.get_by_text("This is a former version.")).to_be_visible()
    journey.click("link", "Read the one in force")
    journey.page.get_by_text("What changed since version 1").click()
    expect(journey.page.locator(".changes ins").first).to_be_visible()
    journey.look()
    assert journey.errors == []
