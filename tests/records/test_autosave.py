"""The consultation's editor in a real browser: drafts are saved while one writes, two windows don't overwrite each other."""

from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.accounts.factories import make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.records.factories import make_consultation, make_file

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keys"])


@pytest.fixture
def editor(browser: Browser, live_server: LiveServer) -> Iterator[tuple[BrowserContext, str]]:
    """A signed-in browser and the address of a draft."""
    practitioner = make_practitioner(now=LONG_AGO)
    draft = make_consultation(make_file(practitioner), practitioner, reason="Mal de dos")
    name = django_settings.SESSION_COOKIE_NAME
    session = verified_client(practitioner).cookies[name].value
    context = browser.new_context(locale="en-GB")
    context.add_cookies([{"name": name, "value": session, "url": live_server.url}])
    yield context, live_server.url + reverse("records:consultation", args=[draft.file_id, draft.pk])
    context.close()


def write(page: Page, text: str) -> None:
    page.get_by_label("What the patient says").fill(text)


def state(page: Page):
    return page.locator("[data-autosave-state]")


def test_draft_is_saved_again_and_again_while_one_writes(editor):
    context, address = editor
    page = context.new_page()
    page.goto(address)
    for text in ("Depuis trois jours", "Depuis quatre jours"):
        with page.expect_response(lambda response: response.url.endswith("/draft/")) as answered:
            write(page, text)
        assert answered.value.status == 200
        expect(state(page)).to_contain_text("Draft saved")
    page.reload()
    expect(page.get_by_label("What the patient says")).to_have_value("Depuis quatre jours")


def test_second_window_is_told_and_keeps_its_text(editor):
    context, address = editor
    first, second = context.new_page(), context.new_page()
    first.goto(address)
    second.goto(address)
    write(first, "first window")
    expect(state(first)).to_contain_text("Draft saved")
    write(second, "second window")
    expect(state(second)).to_contain_text("Your text is still in this page")
    expect(second.get_by_label("What the patient says")).to_have_value("second window")
    second.get_by_role("button", name="Save the draft").click()
    expect(second.get_by_text("What is saved now, to compare with yours")).to_be_visible()
    expect(second.get_by_text("first window")).to_be_visible()
    expect(second.get_by_label("What the patient says")).to_have_value("second window")
    second.get_by_role("button", name="Save the draft").click()
    expect(second.get_by_text("The draft is saved.")).to_be_visible()
