"""The gallery and the open pages in a real browser: axe-clean, no sideways scroll, nothing refused by the policy."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Browser

from praticonnect.gallery import gallery
from tests.look import browsing
from tests.look.browsing import visit

PAGES = ["/gallery/", "/", "/no/such/page"]


def test_gallery_answers_in_development(client: Client) -> None:
    assert client.get("/gallery/").status_code == 200


def test_gallery_is_not_there_in_production(rf, settings) -> None:  # type: ignore[no-untyped-def]
    from django.http import Http404

    settings.SHOW_GALLERY = settings.DEBUG = False
    with pytest.raises(Http404):
        gallery(rf.get("/gallery/"))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_gallery_is_clean_in_the_browser(browser: Browser, scheme: str, width: int) -> None:
    seen = visit(browser, "/gallery/", scheme=scheme, width=width)
    assert (seen.findings, seen.sideways, seen.small_targets, seen.complaints) == ([], 0, [], [])
    assert seen.page.locator("main").bounding_box()["width"] > 0.7 * width


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "fr"])
def test_home_is_clean_in_the_browser(browser: Browser, language: str) -> None:
    seen = visit(browser, "/", width=320, language=language)
    assert (seen.findings, seen.sideways, seen.small_targets, seen.complaints) == ([], 0, [], [])
    assert seen.page.locator("html").get_attribute("lang") == language


@pytest.mark.browser
def test_clean_page_is_asked_again_only_when_it_is_drawn_otherwise(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = [], browsing.ask_axe
    monkeypatch.setattr(
        browsing, "ask_axe", lambda page, **how: asked.append(page.viewport_size["width"]) or ask(page, **how)
    )
    seen = visit(browser, "/", width=333)
    assert [seen.findings, seen.findings] == [[], []]
    seen.page.set_viewport_size({"width": 777, "height": 900})
    assert (seen.findings, asked) == ([], [333, 777])
    seen.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert (len(seen.findings) > 0, len(seen.findings) > 0, asked) == (True, True, [333, 777, 777, 777])


@pytest.mark.browser
def test_contrast_is_asked_of_every_text_not_drawn_like_a_readable_one(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = [], browsing.ask_axe
    monkeypatch.setattr(browsing, "ask_axe", lambda page, **how: asked.append(how["contrast"]) or ask(page, **how))
    monkeypatch.setattr(browsing, "_readable", set())
    seen = visit(browser, "/no/such/page", width=555)
    assert (seen.findings, asked) == ([], [True])
    seen.page.set_viewport_size({"width": 556, "height": 900})
    assert (seen.findings, asked) == ([], [True, False])
    seen.page.evaluate("document.querySelector('main p').style.color = 'silver'")
    wrong = [line.split(":")[0] for line in (*seen.findings, *seen.findings)]
    assert (wrong, asked) == (["color-contrast"] * 2, [True, False, True, True])


@pytest.mark.browser
def test_axe_finds_a_fault_put_in_by_hand(browser: Browser) -> None:
    seen = visit(browser, "/gallery/")
    seen.page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert len(seen.findings) == 1


@pytest.mark.browser
def test_pasted_code_keeps_its_six_digits(browser: Browser) -> None:
    page = visit(browser, "/gallery/").page
    field = page.locator("#id_code-code")
    field.evaluate(
        "(e) => { const d = new DataTransfer(); d.setData('text', '123 456'); e.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, cancelable: true})) }"
    )
    assert field.input_value() == "123456"


@pytest.mark.browser
def test_refused_form_starts_the_reader_at_its_summary(browser: Browser) -> None:
    page = visit(browser, "/gallery/").page
    assert page.evaluate("document.activeElement.querySelectorAll('a[href^=\"#id_wrong-\"]').length") == 5


@pytest.mark.browser
def test_copied_code_is_said_in_a_toast(browser: Browser) -> None:
    page = visit(browser, "/gallery/").page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    page.locator("#toasts").get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("python verify_receipt.py")


@pytest.mark.browser
def test_small_act_asks_once_more_and_lets_go(browser: Browser) -> None:
    page = visit(browser, "/gallery/").page
    page.get_by_role("button", name="A small act, asked once more").click()
    assert page.locator("dialog").inner_text().startswith("End the session on the other device?")
    page.get_by_role("button", name="Keep it").click()
    assert page.locator("dialog").count() == 0


@pytest.mark.browser
def test_draft_that_cannot_be_saved_says_so_and_keeps_the_text(browser: Browser) -> None:
    page = visit(browser, "/gallery/").page
    page.locator("#id_empty-notes").fill("Words in danger")
    page.get_by_text("The draft could not be saved.").wait_for()
    assert page.locator("#id_empty-notes").input_value() == "Words in danger"


@pytest.mark.browser
def test_skip_link_comes_first_and_leads_to_the_page(browser: Browser) -> None:
    page = visit(browser, "/").page
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
