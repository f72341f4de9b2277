"""The main job, as a practitioner does it in a browser (issue 2, done when 3): PC-10 to PC-16, NEW-01, PC-70, PC-123, MD-01."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from privacy.consent_keys import KEYS
from tests.journeys.conftest import Journey
from tests.journeys.steps import CENTRE, ROOT, SAMPLE, SWITCHES, bring, set_up_app, shared_bundles, sign_up

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]


def test_main_job_from_sign_up_to_the_access_journal(journey: Journey, tmp_path: Path) -> None:
    journey.go("/")
    journey.go("/accounts/signup/")
    assert ticked(journey) == []
    sign_up(journey)
    _secret, codes = set_up_app(journey)
    assert len(set(codes)) == 10
    bundles = [*sorted(SAMPLE.glob("*.json")), *shared_bundles()[:1]]
    bring(journey, bundles)
    open_a_patient(journey)
    write_a_consultation(journey)
    flip_every_consent(journey)
    close_and_open_the_core(journey)
    take_the_log(journey)
    verify_a_receipt(journey, tmp_path)
    read_the_journal(journey, patients=len(bundles), in_use=sum(map(seen_of_late, bundles)))
    assert journey.errors == []


def ticked(journey: Journey) -> list[str]:
    """What is ticked or chosen on the page before anybody acts (PC-14)."""
    return journey.page.locator("input:checked").evaluate_all("all => all.map(one => one.name)")


def open_a_patient(journey: Journey) -> None:
    """Found by the beginning of a name, without its accents; every tab of the file is looked at."""
    journey.go("/practitioner/patients/")
    journey.page.get_by_role("searchbox").first.fill("dufre")
    journey.click("button", "Search")
    assert journey.page.locator("#patients tbody tr").count() == 1
    journey.click("link", re.compile("^DUFRÊNE-LE GOFF"))
    assert journey.heading() == "DUFRÊNE-LE GOFF Éléonore Maëlys"
    for tab in ("Consultations", "Measures", "Documents", "From imports", "Clock and access", "Summary"):
        journey.click("link", tab, exact=True)


def write_a_consultation(journey: Journey) -> None:
    """The draft is kept while one writes; signed, it only gets new versions, each with its reason."""
    page = journey.page
    journey.click("button", "New consultation")
    page.get_by_label("What the patient says").fill("Worse when sitting, better when walking.")
    page.get_by_text("Draft saved at").wait_for()
    page.reload()
    journey.look()
    assert page.get_by_label("What the patient says").input_value() == "Worse when sitting, better when walking."
    journey.click("button", "Sign", exact=True)
    assert "Signed. From now on it only gets new versions." in journey.words()
    journey.click("link", "Amend")
    page.get_by_label("Treatment and advice").fill("Walk twenty minutes a day.")
    page.get_by_label("Why do you amend it?").fill("Advice was forgotten")
    journey.click("button", "Sign the new version")
    assert "2 versions" in journey.words()
    journey.click("link", "Version 1")
    assert "Walk twenty minutes a day." not in journey.words()


def flip_every_consent(journey: Journey) -> None:
    """Each switch and each integration to the other side and back (PC-10, PC-16)."""
    journey.go(SWITCHES)
    for key in KEYS.values():
        if key.mandatory:
            continue
        flip(journey, key.key, on=True)
        journey.look()
        for child in key.children:
            flip(journey, f"{key.key}-{child.key}", on=True)
            flip(journey, f"{key.key}-{child.key}", on=False)
        flip(journey, key.key, on=False)
    end_on_its_page(journey, "tos_privacy")
    take_back(journey, "tos_privacy")


def flip(journey: Journey, row: str, *, on: bool) -> None:
    """Click one switch, and see that it stands on the other side."""
    assert stands(journey, row) is not on, row
    with journey.page.expect_navigation(wait_until="load"):
        journey.page.locator(f"#switch-{row}").get_by_role("switch").click()
    assert stands(journey, row) is on, row


def stands(journey: Journey, row: str) -> bool:
    """Whether a switch of the page is on."""
    return journey.page.locator(f"#switch-{row}").get_by_role("switch").get_attribute("aria-checked") == "true"


def end_on_its_page(journey: Journey, key: str) -> None:
    """What is no consent ends on a page of its own, which first says what follows (PC-09)."""
    journey.go(SWITCHES)
    journey.follow(journey.page.locator(f"#switch-{key} .switch-row__locked a"))
    assert journey.path() == f"{SWITCHES}confirm/{key}/"
    assert journey.page.get_by_role("heading", name="What you can undo").count() == 1
    journey.follow(journey.page.locator("main .confirm form button"))
    assert (journey.path(), stands(journey, key)) == (SWITCHES, False)


def take_back(journey: Journey, key: str) -> None:
    """One click, and what was ended is in force again."""
    journey.follow(journey.page.locator(f"#switch-{key}").get_by_role("switch"))
    assert "In force" in journey.page.locator(f"#switch-{key}").inner_text()


def close_and_open_the_core(journey: Journey) -> None:
    """Without the acknowledgement the files are closed, and the page says so; given back, they open (PC-12)."""
    end_on_its_page(journey, "health_data_processing")
    closed = journey.page.goto(journey.base + "/practitioner/patients/")
    journey.look()
    assert (closed and closed.status, journey.heading()) == (403, "This is closed for now")
    assert [error for error in journey.errors if "403" not in error] == []
    journey.errors.clear()
    journey.click("link", "Look at my choices")
    take_back(journey, "health_data_processing")
    journey.go("/practitioner/patients/")
    assert journey.heading() == "Patients"


def take_the_log(journey: Journey) -> None:
    """Every decision of the day is in the log, in both forms alike (PC-15)."""
    journey.go(f"{SWITCHES}log/")
    sheet = list(csv.DictReader(io.StringIO(fetched(journey, "CSV").decode("utf-8-sig"))))
    entries = json.loads(fetched(journey, "JSON"))["entries"]
    assert sheet == [{name: str(value) for name, value in entry.items()} for entry in entries]
    flipped = [key for key in KEYS.values() if not key.mandatory]
    asked_at_sign_up, taken_back = 3, 2
    switches = len(flipped) + sum(len(key.children) for key in flipped)
    assert len(entries) == asked_at_sign_up + 2 * switches + 2 * taken_back


def fetched(journey: Journey, name: str | re.Pattern[str]) -> bytes:
    """What a link of the page downloads."""
    with journey.page.expect_download() as download:
        journey.page.get_by_role("link", name=name).first.click()
    return Path(download.value.path()).read_bytes()


def verify_a_receipt(journey: Journey, folder: Path) -> None:
    """A stranger with the published keys and one command checks the receipt offline (NEW-01)."""
    receipt, keys = folder / "receipt.jsonld", folder / "keys.json"
    receipt.write_bytes(fetched(journey, re.compile("^Receipt")))
    keys.write_bytes(journey.page.request.get(journey.base + "/privacy/keys.json").body())
    assert verdict(receipt, keys) == (0, "GENUINE")
    content = bytearray(receipt.read_bytes())
    content[content.rindex(b"T", 0, content.index(b'"dct:publisher"')) + 1] ^= 1
    receipt.write_bytes(content)
    assert verdict(receipt, keys) == (1, "REFUSED")


def verdict(receipt: Path, keys: Path) -> tuple[int, str]:
    """The exit code and the first word of the verification script."""
    command = [sys.executable, "-I", str(ROOT / "tools/verify_receipt.py"), str(receipt), "--keys", str(keys)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=receipt.parent)
    return done.returncode, done.stdout.split(":")[0]


def seen_of_late(bundle: Path) -> bool:
    """Whether the newest visit in a bundle is of the last five years; else its file is archived when it comes in (PC-41)."""
    resources = [entry["resource"] for entry in json.loads(bundle.read_text())["entry"]]
    visits = [one["period"]["start"] for one in resources if one["resourceType"] == "Encounter"]
    return datetime.fromisoformat(max(visits)) > timezone.now() - timedelta(days=5 * 365)


def read_the_journal(journey: Journey, patients: int, in_use: int) -> None:
    """Each opening of this journey is one line, oldest first here, and there is no other line (PC-70)."""
    journey.go(f"{CENTRE}/journal/")
    lines = csv.DictReader(io.StringIO(fetched(journey, "Take this list away (CSV)").decode()))
    found = [(line["action"], line["part"]) for line in lines][::-1]
    assert found == openings(patients, in_use)
    assert "You (practitioner) signed a consultation" in journey.words()
    assert shown_lines(journey) == len(found)


def openings(patients: int, in_use: int) -> list[tuple[str, str]]:
    """What this journey opened, act by act."""
    listed = [("list", "list")]
    imported = [
        ("create", "file"), ("import", "import"), ("open", "import"),  # tried: the run's own key, its pages
        ("import", "import"), *[("create", "file")] * patients, ("open", "import"),  # brought in
    ]  # fmt: skip
    tabs = ("file", "consultations", "measures", "documents", "kept", "clock", "file")
    written = ["create", "open", "change", "open", "change", "sign", "open", "open", "amend", "open", "open"]
    return [
        *imported, *listed * in_use, *listed, *[("open", tab) for tab in tabs],
        *[(action, "consultation") for action in written], *listed * in_use,
    ]  # fmt: skip


def shown_lines(journey: Journey) -> int:
    """The lines of the journal's pages; a list is one row, with a link for each file that stood in it."""
    number, lines = 1, 0
    while True:
        rows = journey.page.locator("li.journal__row").all()
        lines += sum(max(1, row.locator("a").count()) for row in rows)
        number += 1
        if not journey.page.locator(f"a[href*='page={number}']").count():
            return lines
        journey.go(f"{CENTRE}/journal/?page={number}")
