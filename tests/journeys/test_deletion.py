"""The end of an account, as a practitioner meets it in a browser (issue 3, done when 8): PC-34, NEW-06."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client

from accounts.queries import account_by_email
from lifecycle import tasks
from lifecycle.deletion.queries import facts_of
from lifecycle.deletion.rules import Kind
from tests.journeys.conftest import Journey
from tests.journeys.steps import CENTRE, EMAIL, ROOT, sign_up

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases="__all__")]


def test_deletion_is_requested_and_withdrawn(journey: Journey) -> None:
    """With one click on any page, and without signing in by the link of the message."""
    sign_up(journey)
    request(journey)
    assert "Your request is noted" in journey.words()
    journey.errors.clear()
    journey.page.goto(journey.base + "/practitioner/patients/")
    journey.look()
    assert "Nothing is deleted yet" in journey.words()
    journey.click("button", "Keep my account")
    assert "Your request is withdrawn" in journey.words()
    journey.go("/practitioner/patients/")
    assert journey.heading() == "Patients"
    request(journey)
    link = re.search(r"/privacy/keep/\S+", mail.outbox[-1].body)
    assert link is not None
    journey.page.context.clear_cookies()
    journey.go(link[0])
    journey.click("button", "Keep my account")
    assert journey.heading() == "Your account stays"
    user = account_by_email(EMAIL)
    assert user is not None
    assert [fact.kind for fact in facts_of(user.pk)] == [Kind.REQUESTED, Kind.WITHDRAWN] * 2


def test_deletion_is_requested_executed_and_its_certificate_verified_offline(
    journey: Journey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.execute_deletion, "delay", tasks.execute_deletion)
    sign_up(journey)
    request(journey)
    journey.click("link", "Delete it now, without waiting")
    journey.click("button", "Delete now, for good")
    assert journey.heading() == "Your account is closed"
    assert account_by_email(EMAIL) is None
    attached = {name: content for name, content, _kind in mail.outbox[-1].attachments}
    statement = tmp_path / "certificate.json"
    statement.write_bytes(attached["certificate.json"])
    keys = tmp_path / "keys.json"
    keys.write_bytes(Client().get("/privacy/keys.json").content)
    tool = [sys.executable, str(ROOT / "tools" / "verify_certificate.py"), str(statement), "--keys", str(keys)]
    genuine = subprocess.run(tool, capture_output=True, text=True, check=False)
    assert genuine.returncode == 0, genuine.stdout + genuine.stderr
    statement.write_bytes(attached["certificate.json"].replace(b"erased", b"kept", 1))
    assert subprocess.run(tool, capture_output=True, check=False).returncode != 0
    journey.go("/accounts/login/")
    assert journey.errors == []


def request(journey: Journey) -> None:
    """From the tab: the plan, the confirmation, the request."""
    journey.go(f"{CENTRE}/")
    journey.click("link", "Deletion", exact=True)
    assert "What goes" in journey.words()
    journey.click("link", "Ask for the deletion")
    journey.click("button", "Request the deletion")
    assert journey.path() == f"{CENTRE}/deletion/"
