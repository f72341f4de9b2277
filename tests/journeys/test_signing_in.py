"""Signing out and in again, by mouse, by keys alone, on a narrow telephone, in French and without JavaScript (PC-80, PC-81)."""

import re
import time

import pytest
from allauth.mfa.utils import decrypt
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.factors import enrol_app
from accounts.models import User
from audit.actors import Actor
from tests.accounts.factories import make_practitioner, verified_client
from tests.journeys.conftest import Journey, mailed_code
from tests.journeys.steps import CENTRE, EMAIL, PASSWORD, SWITCHES, code_now, sign_in, type_code
from tests.records.factories import make_consultation, make_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def practitioner() -> User:
    """Somebody who signs in with codes by mail."""
    return make_practitioner(EMAIL)


@pytest.fixture
def secret(practitioner: User) -> str:
    """The key of an authenticator app that the practitioner set up."""
    app = enrol_app(user=practitioner, by=Actor.system("test"), now=timezone.now())
    return str(decrypt(app.data["secret"]))


def test_signing_out_and_in_again_ends_the_other_sessions(journey: Journey, practitioner: User, secret: str) -> None:
    elsewhere = verified_client(practitioner)
    sign_in(journey)
    assert journey.heading() == "Second step"
    type_code(journey, f"{(int(code_now(secret)) + 1) % 1_000_000:06d}", "Go on")
    assert "This code is not right. Type the six digits your app shows now" in journey.words()
    time.sleep(1.1)  # each wrong code doubles the wait, beginning with a second
    type_code(journey, code_now(secret), "Go on")
    assert journey.path() == "/practitioner/", journey.words()
    journey.click("link", "Security")
    journey.click("link", "See and end sessions")
    assert journey.page.locator("#sessions tbody tr").count() == 2
    assert elsewhere.get("/accounts/security/").status_code == 200
    journey.page.get_by_role("button", name="End all the others").click()
    journey.look()
    journey.click("button", "End them")
    assert journey.page.locator("#sessions tbody tr").count() == 1
    assert elsewhere.get("/accounts/security/")["Location"].startswith("/accounts/login/")
    journey.click("link", "Sign out")
    journey.follow(journey.page.get_by_role("main").get_by_role("button", name="Sign out"))
    assert journey.path() == "/accounts/login/"
    journey.page.goto(journey.base + CENTRE)
    assert journey.path() == "/accounts/login/"
    assert journey.errors == []


def test_wrong_password_says_what_to_do_and_keeps_the_address(journey: Journey, practitioner: User) -> None:
    sign_in(journey, password="not this one at all")
    assert journey.page.get_by_label("E-mail address").input_value() == EMAIL
    assert "not right" in journey.words()
    assert journey.errors == []


def test_keys_alone_are_enough_to_sign_in(journey: Journey, practitioner: User) -> None:
    """Tab, letters and Enter: the first Tab offers to skip to the page, focus is always seen."""
    keys = journey.page.keyboard
    journey.go("/accounts/login/")
    reach(journey.page, "Skip to the page")
    keys.press("Enter")
    reach(journey.page, "E-mail address")
    keys.type(EMAIL)
    reach(journey.page, "Password")
    keys.type(PASSWORD)
    with journey.page.expect_navigation():
        keys.press("Enter")
    expect(journey.page.get_by_label("Six-digit code")).to_be_focused()
    keys.type(mailed_code())
    with journey.page.expect_navigation():
        keys.press("Enter")
    assert journey.path() == "/practitioner/"
    reach(journey.page, "Skip to the page")
    assert journey.errors == []


def reach(page: Page, name: str, presses: int = 12) -> None:
    """Press Tab until what has this name is focused, and its focus can be seen."""
    for _press in range(presses):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and name in str(focused.evaluate(NAME_OF)):
            assert focused.evaluate("one => getComputedStyle(one).outlineStyle") != "none"
            return
    raise AssertionError(f"{name} isn't reached by {presses} presses of Tab")


NAME_OF = "one => one.labels?.length ? one.labels[0].innerText : one.innerText"


@pytest.mark.browser_context_args(viewport=NARROW)
def test_narrow_telephone_shows_every_page_without_sideways_scroll(journey: Journey, practitioner: User) -> None:
    file = make_file(practitioner, now=timezone.now())
    draft = make_consultation(file, practitioner)
    come_in(journey, practitioner)
    here = f"/practitioner/patients/{file.pk}/"
    for path in (
        "/practitioner/", "/practitioner/patients/", "/practitioner/patients/new/", here, f"{here}consultations/{draft.pk}/",
        f"{here}measures/", f"{here}documents/", f"{here}clock/", "/practitioner/import/", CENTRE, SWITCHES, f"{SWITCHES}log/",
        f"{CENTRE}/journal/", f"{CENTRE}/register/", "/accounts/security/", "/accounts/security/sessions/", "/privacy/",
    ):  # fmt: skip
        journey.go(path)
        assert journey.page.locator("h1").count() == 1, path
    assert journey.errors == []


def come_in(journey: Journey, user: User) -> None:
    """The browser takes over a session with a second factor."""
    name, value = next((cookie.key, cookie.value) for cookie in verified_client(user).cookies.values())
    journey.page.context.add_cookies([{"name": name, "value": value, "url": journey.base}])


@pytest.mark.browser_context_args(locale="fr-FR")
def test_french_browser_is_spoken_to_in_french(journey: Journey, practitioner: User) -> None:
    practitioner.language = "fr"
    practitioner.save()
    journey.go("/accounts/login/")
    assert journey.page.get_by_role("heading", level=1).inner_text() == "Se connecter"
    come_in(journey, practitioner)
    for path in ("/practitioner/", "/practitioner/patients/new/", CENTRE, SWITCHES, "/accounts/security/", "/privacy/"):
        journey.go(path)
        assert journey.page.locator("html").get_attribute("lang") == "fr", path
    assert journey.errors == []


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_everything_works_without_javascript(journey: Journey, practitioner: User) -> None:
    """Sign in, make and read a file, write and sign a consultation, flip a consent."""
    page = journey.page
    page.goto(journey.base + "/accounts/login/")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").first.fill(PASSWORD)
    press(page, "Sign in")
    page.get_by_label("Six-digit code").fill(mailed_code())
    press(page, "Go on")
    page.goto(journey.base + "/practitioner/patients/new/")
    for label, text in {"Surname": "Œuvrard", "Given names": "Zoé", "Birth date": "29/02/1984"}.items():
        page.get_by_label(label).first.fill(text)
    press(page, "Make the file")
    assert journey.heading() == "ŒUVRARD Zoé"
    press(page, "New consultation")
    page.get_by_label("What the patient says").fill("Dizzy when rising.")
    press(page, "Save the draft")
    assert page.get_by_label("What the patient says").input_value() == "Dizzy when rising."
    press(page, "Sign")
    assert "Dizzy when rising." in journey.words()
    page.goto(journey.base + SWITCHES)
    page.locator("#switch-marketing_emails").get_by_role("switch").click()
    expect(page.locator("#switch-marketing_emails").get_by_role("switch")).to_have_attribute("aria-checked", "true")
    assert journey.errors == []


def press(page: Page, name: str) -> None:
    """A button that leads to another page."""
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile(f"^{name}$")).first.click()
