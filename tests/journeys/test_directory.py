"""A practitioner is found in the directory and leaves it, and a visitor looks for one: narrow and wide, in both languages,
with JavaScript and without (PC-23)."""

import pytest
from playwright.sync_api import Browser

from accounts.models import User
from tests.accounts.factories import make_practitioner, verified_client
from tests.directory.factories import address_of, choose_listing, make_listed
from tests.journeys.conftest import Journey
from tests.journeys.steps import SWITCHES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]

MINE = "/practitioner/directory/"


@pytest.fixture
def listed() -> User:
    """Somebody with a full page, the telephone included."""
    user = make_listed(
        surname="Lebœuf-Éluard-de-la-Très-Longue-Lignée", qualifications="DU de médecine du sport", phone="+33298990142"
    )
    user.listing.shows_phone = True
    user.listing.save()
    return user


def sign_in_as(journey: Journey, user: User) -> None:
    session = verified_client(user).cookies["session"].value
    journey.page.context.add_cookies([{"name": "session", "value": session, "url": journey.base}])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_the_directory_is_accessible(journey: Journey, listed: User, language: str, width: int) -> None:
    """axe-core on each page as it stands full, searched, empty, refused, and on the practitioner's own, listed or not."""
    journey.page.set_viewport_size({"width": width, "height": 800})
    journey.page.context.set_extra_http_headers({"accept-language": language})
    listed.language = language
    listed.save()
    journey.go("/directory/")
    assert journey.page.locator("html").get_attribute("lang") == language
    for path in (
        "/directory/?name=leboeuf",
        "/directory/?name=zz",
        f"/directory/?name={'x' * 101}",
        address_of(listed),
    ):
        journey.go(path)
    assert "+33 2 98 99 01 42" in journey.words()
    sign_in_as(journey, listed)
    for on in (True, False):
        choose_listing(listed, on)
        for path in (MINE, SWITCHES, "/accounts/profile/"):
            journey.go(path)
    assert journey.errors == []
    journey.go(address_of(listed))  # 404
    journey.go("/directory/")


def test_a_practitioner_is_found_and_leaves(journey: Journey) -> None:
    user = make_practitioner()
    sign_in_as(journey, user)
    journey.go(SWITCHES)
    journey.click("link", "See what the page would show")
    journey.click("link", "Go to the switch")
    journey.page.locator("#switch-public_directory_listing button[role=switch]").click()
    journey.page.wait_for_load_state("load")
    journey.click("link", "See my public page")
    assert (journey.path(), journey.heading()) == (address_of(user), "Camille Roux")
    journey.click("link", "Look for another practitioner")
    assert "1 practitioner" in journey.words()
    journey.go(SWITCHES)
    journey.page.locator("#switch-public_directory_listing button[role=switch]").click()
    journey.page.wait_for_load_state("load")
    assert journey.errors == []
    journey.go(address_of(user))
    assert journey.heading() == "There is nothing at this address"
    journey.go("/directory/")
    assert "Practitioners will be here" in journey.words()


def test_a_visitor_finds_a_practitioner_without_javascript(journey: Journey, browser: Browser, listed: User) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{journey.base}/")
    page.get_by_role("link", name="Find a practitioner").first.click()
    page.get_by_label("Name").fill("LEBOEUF")
    page.get_by_label("City or postal code").fill("pâris")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Camille Lebœuf").click()
    assert page.locator("h1").inner_text() == "Camille Lebœuf-Éluard-de-la-Très-Longue-Lignée"
    assert page.get_by_role("link", name="+33 2 98 99 01 42").get_attribute("href") == "tel:+33298990142"
    page.context.close()
