"""A practitioner opens an integration, connects it at the service, and takes the consent back: the service is told, and the page says how fast."""

# ruff: noqa: F811
import re
import time

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from adapters import tasks as adapters
from consents import tasks as consents
from consents.models import Stop
from fakes.server import Fakes
from tests.accounts.factories import make_practitioner, verified_client
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.consents.factories import choose, person
from tests.journeys.conftest import Journey

PAGES = "/practitioner/settings/gdpr/integrations/"
SWITCH = "#switch-third_party_integrations-google button[role=switch]"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]


def stopped() -> None:
    """What worker and beat do in the seconds after a withdrawal."""
    consents.stop()
    deadline = time.monotonic() + 5
    while Stop.objects.filter(state="waiting").exists() and time.monotonic() < deadline:
        adapters.send()
        consents.stop()
        time.sleep(0.1)


def test_a_calendar_is_connected_at_google_and_cut_there_with_the_consent(
    journey: Journey, fakes: Fakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    page, user = journey.page, make_practitioner("camille@example.org")
    choose(person(user.pk), "third_party_integrations", now=timezone.now())
    page.context.add_cookies(
        [{"name": "session", "value": verified_client(user).cookies["session"].value, "url": journey.base}]
    )

    journey.go(PAGES)
    journey.click("link", "Google Ireland")
    journey.follow(page.locator(SWITCH))
    assert (journey.path(), page.locator(SWITCH).get_attribute("aria-checked")) == (f"{PAGES}google/", "true")
    page.get_by_role("link", name="Connect Google Calendar").click()
    expect(page.get_by_role("heading", name="PratiConnect wants access")).to_be_visible()
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name="Allow").click()
    assert (journey.path(), "is being connected" in journey.words()) == (f"{PAGES}google/", True)
    adapters.send()
    journey.go(f"{PAGES}google/")
    assert re.search(r"Connected since .*Last used for you on", journey.words())
    assert len(fakes["google"].refresh) == 1

    journey.follow(page.locator(SWITCH))
    assert "1 of 2 places stopped; the last one comes next" in journey.words()
    stopped()
    journey.go(f"{PAGES}google/")
    assert re.search(r"Stopped everywhere in \d s", journey.words())
    assert "Your calendar" not in journey.words()
    assert (fakes["google"].refresh, fakes["google"].calls[-1].path) == (set(), "/revoke")
    assert journey.errors == []
