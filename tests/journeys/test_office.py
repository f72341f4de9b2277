"""The DPO's office in a browser: with a factor they hold they read the promises and the evidence (PC-81, NEW-02)."""

import pytest
from allauth.mfa.utils import decrypt
from django.utils import timezone

from accounts.factors import enrol_app
from accounts.models import User
from audit.actors import Actor
from audit.sealing import seal_all
from privacy.promise_rows import ROWS
from tests.accounts.factories import PASSWORD, make_practitioner, make_staff
from tests.journeys.conftest import Journey, mailed_code
from tests.journeys.steps import code_now, sign_in, type_code
from tests.records.factories import make_consultation, make_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
LARGE_ENOUGH = 43.5  # CSS pixels; 44 but for rounding
SMALL = """least => [...document.querySelectorAll("button, .button, .masthead a, .office-nav a, main li > a")]
  .filter(one => one.offsetParent && one.getBoundingClientRect().height < least)
  .map(one => one.textContent.trim())"""


@pytest.fixture
def dpo() -> User:
    """Staff, with an authenticator app, in a house where something happened."""
    practitioner = make_practitioner()
    make_consultation(make_file(practitioner, now=timezone.now()), practitioner)
    seal_all(timezone.now())
    return make_staff("dpo@example.org")


def small_targets(journey: Journey) -> list[str]:
    """What is too low for a thumb."""
    found: list[str] = journey.page.evaluate(SMALL, LARGE_ENOUGH)
    return found


@pytest.mark.parametrize("width", [1280, 320])
def test_dpo_with_an_app_reads_promises_and_evidence(journey: Journey, dpo: User, width: int) -> None:
    journey.page.set_viewport_size({"width": width, "height": 800})
    app = enrol_app(user=dpo, by=Actor.system("test"), now=timezone.now())
    sign_in(journey, dpo.email, PASSWORD)
    type_code(journey, code_now(str(decrypt(app.data["secret"]))), "Go on")
    assert journey.path() == "/admin/"
    assert small_targets(journey) == []
    journey.click("link", "Promises")
    assert journey.page.locator("tbody tr").count() == len(ROWS)
    journey.go("/admin/")
    journey.click("link", "Sealed evidence")
    assert "Every sealed entry is as it was written." in journey.words()
    assert small_targets(journey) == []
    journey.go("/admin/")
    journey.click("link", "Operations")
    assert "The sweeps are late." in journey.words()
    assert small_targets(journey) == []
    assert journey.errors == []


def test_dpo_with_mailed_codes_is_led_to_a_factor_they_hold(journey: Journey, dpo: User) -> None:
    sign_in(journey, dpo.email, PASSWORD)
    type_code(journey, mailed_code(), "Go on")
    assert journey.path() == "/accounts/security/protect/"
    assert "Your role needs a factor that you hold" in journey.words()
    refused = journey.page.goto(journey.base + "/admin/promises/")
    assert refused
    assert refused.status == 404
