"""Time passes: a trial ends and a subscription gives everything back; a deletion waits, and comes (PC-30 to PC-35, NEW-06).

The pages of a deletion are walked in test_deletion.py; here the clock moves, and a sweep executes.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from django.conf import settings as house
from django.core import mail
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from lifecycle.sweeping import run_all
from records.models import PatientFile
from tests.accounts.factories import make_practitioner, prove, verified_client
from tests.directory.factories import address_of, make_listed
from tests.journeys.conftest import Journey
from tests.journeys.steps import CENTRE, SAMPLE, bring
from tests.records.factories import make_consultation, make_document, make_file, working

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, databases=["default", "keys"])]

DELETION = f"{CENTRE}/deletion/"
SWEEP = Actor.system("sweep")


class Clock:
    """The moment that pages take for now; it runs on from where it was set."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def go_to(self, moment: datetime) -> None:
        self.ahead = moment - datetime.now(UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock of the house that the test can set: the requests read it, as they read the real one."""
    clock = Clock()
    monkeypatch.setattr("praticonnect.middleware.timezone", clock)
    return clock


def sign_in_as(journey: Journey, user: User, now: datetime, *, fresh: bool = False) -> None:
    client = verified_client(user, now=now)
    if fresh:
        prove(client, user, at=now)
    session = client.cookies["session"].value
    journey.page.context.add_cookies([{"name": "session", "value": session, "url": journey.base}])


def exports(journey: Journey, user: User) -> dict[str, bytes]:
    """Every patient's file as its page exports it."""
    with working(user):
        files = list(PatientFile.objects.values_list("pk", flat=True))
    found = {}
    for file_id in files:
        answer = journey.page.request.get(f"{journey.base}/practitioner/patients/{file_id}/kept/imported.json")
        assert answer.status == 200
        found[str(file_id)] = answer.body()
    return found


def test_a_trial_ends_and_the_subscription_finds_every_file_as_it_was(journey: Journey, clock: Clock) -> None:
    user = make_practitioner(subscribed=False)
    sign_in_as(journey, user, clock.now(), fresh=True)
    bring(journey, sorted(SAMPLE.glob("*.json")))
    before = exports(journey, user)
    assert [len(json.loads(body)["entry"]) > 0 for body in before.values()] == [True] * len(before)
    assert len(before) > 0
    clock.go_to(timezone.now() + timedelta(days=house.TRIAL_DAYS + 2))
    sign_in_as(journey, user, clock.now())
    journey.go("/practitioner/subscription/")
    assert "Seven days of grace" in journey.words()
    clock.go_to(timezone.now() + timedelta(days=house.TRIAL_DAYS + 9))
    sign_in_as(journey, user, clock.now(), fresh=True)
    assert journey.page.goto(f"{journey.base}/practitioner/patients/").status == 403
    journey.look()
    journey.click("link", "See my subscription, and subscribe")
    assert "Free listing" in journey.words()
    for path in (CENTRE, f"{CENTRE}/consents/", f"{CENTRE}/journal/"):
        journey.go(path)
    journey.go("/practitioner/subscription/")
    journey.click("button", "Subscribe")
    assert "You are subscribed." in journey.words()
    assert exports(journey, user) == before


def test_a_deletion_is_requested_seen_everywhere_and_withdrawn(journey: Journey, clock: Clock) -> None:
    user = make_listed()
    file = make_file(user)
    sign_in_as(journey, user, clock.now(), fresh=True)
    journey.go(address_of(user))
    ask_for_deletion(journey)
    assert "The deletion waits" in journey.words()
    assert journey.page.goto(journey.base + address_of(user)).status == 404
    assert journey.page.goto(f"{journey.base}/practitioner/patients/{file.pk}/").status == 403
    journey.look()
    journey.go(CENTRE)
    assert "Your account is to be deleted" in journey.words()
    journey.click("button", "Keep my account")
    assert "Everything is open again, as you left it." in journey.words()
    journey.go(f"/practitioner/patients/{file.pk}/")
    journey.go(address_of(user))


def test_a_deletion_is_executed_and_its_certificate_verifies_offline(
    journey: Journey, clock: Clock, tmp_path: Path
) -> None:
    user = make_practitioner()
    file = make_file(user)
    make_consultation(file, user, signed=True)
    make_document(file, user)
    email = user.email
    sign_in_as(journey, user, clock.now(), fresh=True)
    ask_for_deletion(journey)
    clock.go_to(timezone.now() + timedelta(days=31))
    run_all(by=SWEEP, now=clock.now(), dry_run=False)
    journey.go(CENTRE)
    assert journey.path() == "/accounts/login/"
    last = mail.outbox[-1]
    assert last.to == [email]
    attached = {name: content for name, content, _kind in last.attachments}
    (json_name,) = [name for name in attached if name.endswith(".json")]
    (pdf_name,) = [name for name in attached if name.endswith(".pdf")]
    (tmp_path / "keys.json").write_bytes(journey.page.request.get(f"{journey.base}/privacy/keys.json").body())
    assert verified(tmp_path, json_name, attached[json_name]) == 0
    assert verified(tmp_path, pdf_name, attached[pdf_name]) == 0
    assert verified(tmp_path, json_name, tampered(attached[json_name])) == 1
    paper = pypdfium2.PdfDocument(attached[pdf_name])
    assert [paper.get_attachment(n).get_name() for n in range(paper.count_attachments())] == [json_name]
    user.refresh_from_db()
    assert (user.is_active, email in user.email) == (False, False)


def ask_for_deletion(journey: Journey) -> None:
    journey.go(DELETION)
    journey.click("link", "Ask for the deletion")
    journey.click("button", "Request the deletion")


def verified(folder: Path, name: str, content: str | bytes) -> int:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    command = [
        sys.executable,
        Path(house.BASE_DIR) / "tools/verify_certificate.py",
        path,
        "--keys",
        folder / "keys.json",
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode


def tampered(certificate: str | bytes) -> bytes:
    """The certificate with one figure changed."""
    text = certificate.decode() if isinstance(certificate, bytes) else certificate
    changed = re.sub(r'("count": ?)(\d+)', lambda found: f"{found[1]}{int(found[2]) + 1}", text, count=1)
    assert changed != text
    return changed.encode()
