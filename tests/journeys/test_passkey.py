"""A practitioner adds a passkey, and signs in with it alone (PC-81), in a real browser with a virtual authenticator."""

from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import User
from tests.accounts.factories import PASSWORD, make_practitioner
from tests.journeys.conftest import Journey, mailed_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def practitioner(settings: Any) -> User:
    """Somebody who signs in with mailed codes so far."""
    settings.PASSKEY_DOMAIN = "localhost"
    return make_practitioner("camille@example.org")


def give_authenticator(page: Page) -> None:
    """The browser gets a built-in authenticator that always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def sign_in_by_mail(journey: Journey, user: User) -> None:
    journey.go("/accounts/login/")
    journey.page.fill("[name=login]", user.email)
    journey.page.fill("[name=password]", PASSWORD)
    journey.click("button", "Sign in", exact=True)
    journey.page.fill("[name=code]", mailed_code())
    journey.page.get_by_role("button", name="Go on").click()
    journey.page.wait_for_url("**/practitioner/")


def test_passkey_replaces_password_and_code(journey: Journey, practitioner: User) -> None:
    journey.base = journey.base.replace("127.0.0.1", "localhost")
    give_authenticator(journey.page)
    sign_in_by_mail(journey, practitioner)
    journey.go("/accounts/2fa/webauthn/add/")
    journey.page.get_by_role("button", name="Add").click()
    journey.page.wait_for_url("**/recovery-codes/")
    journey.look()
    assert journey.page.locator("#recovery-codes li").count() == 10
    journey.go("/accounts/logout/")
    journey.page.locator("main").get_by_role("button", name="Sign out").click()
    journey.page.wait_for_url("**/accounts/login/")
    journey.page.get_by_role("button", name="Sign in with a passkey").click()
    journey.page.wait_for_url("**/practitioner/")
    journey.go("/accounts/security/sessions/")
    assert journey.heading() == "Where you are signed in"
    assert journey.errors == []


def test_passkey_is_the_second_step_after_the_password(journey: Journey, practitioner: User) -> None:
    journey.base = journey.base.replace("127.0.0.1", "localhost")
    give_authenticator(journey.page)
    sign_in_by_mail(journey, practitioner)
    journey.go("/accounts/2fa/webauthn/add/")
    journey.page.get_by_role("button", name="Add").click()
    journey.page.wait_for_url("**/recovery-codes/")
    journey.page.context.clear_cookies()
    journey.go("/accounts/login/")
    journey.page.fill("[name=login]", practitioner.email)
    journey.page.fill("[name=password]", PASSWORD)
    journey.click("button", "Sign in", exact=True)
    assert journey.heading() == "Second step"
    journey.page.get_by_role("button", name="Use my passkey").click()
    journey.page.wait_for_url("**/practitioner/")
    assert journey.errors == []
