"""A telephone is stolen: cut by its owner, new credentials by the office, back in with a new app (MD-51)."""

import re

import pytest
from django.core import mail
from django.utils import timezone

from accounts.factors import enrol_app
from accounts.models import User
from audit.actors import Actor
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.journeys.conftest import Journey, app_code
from tests.journeys.steps import EMAIL

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]
NEW = "deux phares bleus en mer"
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 800}


def follow_mail(journey: Journey) -> None:
    """Open the link of the newest mail; it has to be well narrow and wide."""
    found = re.search(r"https?://\S+?(/accounts/(?:lost|new-credentials)/\S+)", str(mail.outbox[-1].body))
    assert found
    narrow_and_wide(journey, found[1])


def narrow_and_wide(journey: Journey, path: str) -> None:
    journey.page.set_viewport_size(NARROW)
    journey.go(path)
    journey.page.set_viewport_size(WIDE)
    journey.go(path)


def be(journey: Journey, user: User) -> None:
    """The browser takes over a session of the office, with its fresh proof."""
    client = verified_client(user)
    prove(client, user)
    cookie = next(iter(client.cookies.values()))
    journey.page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": journey.base}])


def test_stolen_telephone_is_cut_and_its_owner_comes_back_with_a_new_one(journey: Journey) -> None:
    user, first, second = make_practitioner(EMAIL), make_staff("dpo@example.org"), make_staff("ops@example.org")
    enrol_app(user=user, by=Actor.system("test"), now=timezone.now())
    thief = verified_client(user)
    narrow_and_wide(journey, "/accounts/lost/")
    journey.page.get_by_label("E-mail address of the account").fill(EMAIL)
    journey.click("button", "Send me the link")
    follow_mail(journey)
    journey.page.get_by_label("the phone or app that shows my codes").check()
    journey.click("button", "Cut everything now")
    assert "Your account is locked" in journey.words()
    assert thief.get("/practitioner/").status_code == 302
    be(journey, first)
    narrow_and_wide(journey, "/admin/credentials/")
    journey.click("link", EMAIL)
    case = journey.path()
    journey.page.get_by_label("Document").select_option("passport")
    journey.page.get_by_label("How was it seen?").select_option("desk")
    journey.click("button", "Note the check")
    assert "somebody else of the office issues" in journey.words()
    be(journey, second)
    narrow_and_wide(journey, case)
    journey.click("button", "Send the link, show the code")
    told = re.search(r"\b\d{10}\b", journey.words())
    assert told
    journey.page.context.clear_cookies()
    follow_mail(journey)
    secret = journey.page.locator("#totp-key").inner_text()
    journey.page.get_by_label("Code that our office told you").fill(told[0])
    journey.page.get_by_label("New password").first.fill(NEW)
    journey.page.get_by_label("Six digits that the app shows now").fill(app_code("".join(secret.split())))
    journey.click("button", "Put them in force")
    assert journey.path() == "/accounts/login/"
    assert "Sign in with them now" in journey.words()
    journey.page.get_by_label("E-mail address").fill(EMAIL)
    journey.page.get_by_label("Password").first.fill(NEW)
    journey.page.locator("main form").first.get_by_role("button", name="Sign in").click()
    journey.page.wait_for_url("**/2fa/authenticate/")
    assert journey.errors == []
