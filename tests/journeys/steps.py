"""What several journeys do at the pages: sign up, prove a second factor, bring patients."""

import os
import re
import time
from pathlib import Path

from tests.journeys.conftest import Journey, app_code, mailed_code

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample" / "fhir"
PASSWORD = "trois lampes vertes au grenier"
EMAIL = "camille.roux@example.org"
CENTRE = "/practitioner/settings/gdpr"
SWITCHES = f"{CENTRE}/consents/"
SECONDS_TO_TYPE = 4


def shared_bundles() -> list[Path]:
    """The Synthea bundles beside the checkout, where there are any."""
    shared = Path(os.environ.get("PRATICONNECT_SHARED") or ROOT.parent / "shared")
    return sorted((shared / "data" / "synthea").glob("*.json"))


def fill_signup(journey: Journey, email: str = EMAIL) -> None:
    """The sign-up page, filled in as a practitioner does."""
    page = journey.page
    typed = {
        "E-mail address": email,
        "Password": PASSWORD,
        "Given names": "Camille",
        "Surname": "Roux",
        "Professional address": "12 rue des Tilleuls",
        "Postal code": "75014",
        "City": "Paris",
    }
    for label, text in typed.items():
        page.get_by_label(label).first.fill(text)
    page.get_by_label("Specialty or profession").select_option("SM54")
    page.get_by_label("Country").select_option("FR")
    page.locator("[name=jurisdiction][value=FR]").check()
    page.locator("[name=tos_privacy]").check()
    page.locator("[name=health_data_processing]").check()
    page.locator("[name=public_directory_listing][value=no]").check()


def sign_up(journey: Journey, email: str = EMAIL) -> None:
    """A new account with a confirmed mailbox; ends on the page that offers an app or a passkey."""
    journey.go("/accounts/signup/")
    fill_signup(journey, email)
    journey.follow(journey.page.locator("main form button[type=submit]").first)
    type_code(journey, mailed_code(), "Confirm")
    assert journey.path() == "/accounts/security/protect/"


def type_code(journey: Journey, code: str, button: str) -> None:
    """Six digits into the page's code field, then its button."""
    journey.page.locator("main input[name=code]").fill(code)
    journey.click("button", button)


def set_up_app(journey: Journey) -> tuple[str, list[str]]:
    """An authenticator app by the page's key; returns the key and the recovery codes."""
    journey.click("link", "Set up an app")
    secret = re.sub(r"\s", "", journey.page.locator("#totp-key").inner_text())
    type_code(journey, code_now(secret), "Use this app")
    codes = journey.page.locator("#recovery-codes code").all_inner_texts()
    return secret, codes


def sign_in(journey: Journey, email: str = EMAIL, password: str = PASSWORD) -> None:
    """The first step of a login."""
    journey.go("/accounts/login/")
    journey.page.get_by_label("E-mail address").fill(email)
    journey.page.get_by_label("Password").first.fill(password)
    journey.click("button", "Sign in", exact=True)


def code_now(secret: str) -> str:
    """What the app shows, with time enough left to type it."""
    if (left := 30 - time.time() % 30) < SECONDS_TO_TYPE:
        time.sleep(left + 0.1)
    return app_code(secret)


def bring(journey: Journey, files: list[Path]) -> None:
    """Try the files first, then bring them in."""
    journey.go("/practitioner/import/")
    journey.page.locator("input[type=file]").set_input_files(files)
    journey.click("button", "Check the files")
    assert "Nothing is kept yet." in journey.words()
    journey.click("button", "Bring them in")
    assert "Your patients are here." in journey.words()
