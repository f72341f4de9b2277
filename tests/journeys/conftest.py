"""What a browser journey needs: Debian's Chromium, axe-core on every page, codes from mail and app."""

import base64
import hmac
import re
import shutil
import struct
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from playwright.sync_api import Locator, Page
from pytest_django.live_server_helper import LiveServer

from tests.look.browsing import violations

FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-quic "
    "--disable-component-update --disable-sync"
)


SIDEWAYS = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter(one => one.getBoundingClientRect().right > page.clientWidth);
  return wide.slice(0, 5).map(one => one.outerHTML.slice(0, 120)).concat("the page is wider than its window");
}"""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's headless Chromium; Playwright's own downloads aren't used."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert found, "install chromium-headless-shell (apt-test.txt)"
    return {"executable_path": found, "args": FLAGS.split()}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Journeys know their address; Playwright's own fixture warns under this pytest."""


@dataclass
class Journey:
    """One person at one browser. ``errors`` collects what the console and the network complain of."""

    page: Page
    base: str
    errors: list[str]

    def go(self, path: str) -> None:
        """Open a page by its path and look at it."""
        self.page.goto(self.base + path)
        self.look()

    def click(self, role: str, name: str | re.Pattern[str], *, exact: bool = False) -> None:
        """Click what a person would: a button or link by its words; then look at the page."""
        self.follow(self.page.get_by_role(role, name=name, exact=exact).first)

    def follow(self, what: Locator) -> None:
        """Click a link or button that leads to a page, wait for it, look at it."""
        with self.page.expect_navigation(wait_until="load"):
            what.click()
        self.look()

    def look(self) -> None:
        """The page is accessible (axe-core, WCAG 2.2 AA) and doesn't scroll sideways."""
        found = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in violations(self.page)]
        assert found == [], f"{self.page.url}: {found}"
        assert self.page.evaluate(SIDEWAYS) == [], f"{self.page.url} scrolls sideways"

    def heading(self) -> str:
        """The words of the page's main heading."""
        return self.page.locator("h1").first.inner_text()

    def path(self) -> str:
        """Where the browser is."""
        return urlsplit(self.page.url).path

    def words(self) -> str:
        """Everything that the page says, in one line."""
        return " ".join(self.page.locator("body").inner_text().split())


@pytest.fixture
def journey(page: Page, live_server: LiveServer, settings: Any) -> Journey:
    """A journey that ends with no error in the browser's console."""
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = live_server.url
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    return Journey(page, live_server.url, errors)


def mailed_code() -> str:
    """The newest six-digit code in the mailbox."""
    for message in reversed(mail.outbox):
        if found := re.search(r"\b(\d{6})\b", str(message.body)):
            return found.group(1)
    raise AssertionError(f"no code in {[m.subject for m in mail.outbox]}")


def app_code(secret: str, *, steps: int = 0) -> str:
    """What an authenticator app shows ``steps`` half-minutes from now for a base32 secret (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + steps), "sha1")
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"


def secret_of(uri: str) -> str:
    """The secret in an otpauth:// address."""
    return parse_qs(urlsplit(uri).query)["secret"][0]
