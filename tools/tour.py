"""Takes the pictures of the README's tour from a running demo: ``python tools/tour.py BASE FOLDER``.

Needs the demo at BASE (``./dev run``), Playwright and Debian's Chromium; run it in the prepared
environment. Signs in with the demo's own logins and codes.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = "--no-sandbox --disable-gpu --disable-background-networking --no-first-run --disable-component-update"
MINE = {
    "patients": "/practitioner/patients/",
    "centre": "/practitioner/settings/gdpr",
    "consents": "/practitioner/settings/gdpr/consents/",
    "deletion": "/practitioner/settings/gdpr/deletion/",
}
OFFICE = {"promises": "/admin/promises/", "operations": "/admin/operations/", "desk": "/admin/requests/"}


def manage(*words: str) -> str:
    """What a command of ours prints."""
    done = subprocess.run([sys.executable, "manage.py", *words], capture_output=True, text=True, check=True)
    return done.stdout


def sign_in(browser: Browser, base: str, login: dict[str, Any]) -> Page:
    """A page signed in with password and app code, in English."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}, locale="en").new_page()
    page.goto(f"{base}/accounts/login/")
    page.fill("[name=login]", login["email"])
    page.fill("[name=password]", login["password"])
    page.locator("main form button").first.click()
    found = re.search(r"\d{6}", manage("login_code", login["email"]))
    page.fill("[name=code]", found.group() if found else "")
    page.locator("main form button").first.click()
    page.wait_for_load_state("networkidle")
    page.goto(base)
    page.locator("button[lang=en], button[value=en]").first.click()
    return page


def picture(page: Page, folder: Path, name: str, address: str) -> None:
    """One picture of the first screen at an address."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=folder / f"{name}.png")
    sys.stdout.write(f"{name}: {page.title()}\n")


def enter_breach(page: Page, base: str, login: dict[str, Any]) -> None:
    """A breach under way, entered by its page: known for 26 hours, so that its clock runs."""
    page.goto(f"{base}/admin/breaches/")
    if page.locator("[name=code]").count():
        page.fill("[name=code]", next_code(login["email"]))
        page.locator("main form button").first.click()
        page.wait_for_load_state("networkidle")
    known = datetime.now(ZoneInfo("Europe/Paris")) - timedelta(hours=26)
    page.fill("[name=nature]", "A practitioner's laptop was stolen on a train; its session was still open.")
    page.fill("[name=aware_at]", f"{known:%Y-%m-%dT%H:%M}")
    page.locator("main form button").first.click()
    page.wait_for_load_state("networkidle")


def next_code(email: str) -> str:
    """The code of the half-minute that comes: an app's code is taken once."""
    time.sleep(31)
    found = re.search(r"\d{6}", manage("login_code", email))
    return found.group() if found else ""


def main(base: str, folder: Path) -> None:
    """Take every picture of the tour."""
    folder.mkdir(parents=True, exist_ok=True)
    logins = {one["role"]: one for one in json.loads(manage("demo", "--json"))["logins"]}
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        mine = sign_in(browser, base, logins["practitioner"])
        for name, path in MINE.items():
            picture(mine, folder, name, base + path)
        mine.goto(base + MINE["patients"])
        first = mine.locator("main table a").first.get_attribute("href") or ""
        picture(mine, folder, "file", base + first)
        picture(mine, folder, "clock", f"{base}{first}clock/")
        patient = sign_in(browser, base, logins["patient (/patient/)"])
        picture(patient, folder, "portal", f"{base}/patient/")
        officer = logins["DPO (/admin/)"]
        office = sign_in(browser, base, officer)
        enter_breach(office, base, officer)
        picture(office, folder, "office", f"{base}/admin/")
        for name, path in OFFICE.items():
            picture(office, folder, name, base + path)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
