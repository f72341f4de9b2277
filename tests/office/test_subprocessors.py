"""The office's page of subprocessors: ends in amber and red, agreements with their proof, announcing, objections (PC-90)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import User
from gdpr_requests.integrations.actions import object_to
from gdpr_requests.models import Duty
from praticonnect.office_subprocessors import rows, tone_of
from subprocessors.models import Announcement
from subprocessors.papers import papers
from tests.accounts.factories import WebClient, make_practitioner, make_staff, prove, verified_client
from tests.consents.factories import person
from tests.records.factories import pdf
from tests.subprocessors.versions import TOLD, prepare

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = "/admin/subprocessors/"
HOUR = timedelta(hours=1)
END = date(2028, 5, 14)


def office() -> WebClient:
    """A client of the office at the present moment, whose factor was proved just now."""
    dpo = make_staff("dpo@example.org")
    client = verified_client(dpo)
    prove(client, dpo)
    return client


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org", now=TOLD - HOUR)


@pytest.mark.parametrize(
    ("days", "tone"), [(91, ""), (90, "warn"), (31, "warn"), (30, "danger"), (0, "danger"), (-1, "danger")]
)
def test_the_end_of_a_mechanism_is_amber_then_red(days: int, tone: str) -> None:
    assert tone_of(END, END - timedelta(days=days)) == tone


def test_only_what_transfers_has_an_end() -> None:
    soon = datetime(2028, 4, 20, 9, 0, tzinfo=UTC)
    assert {one.card.key: one.tone for one in rows(soon) if one.tone} == dict.fromkeys(
        ("google", "assemblyai", "resend"), "danger"
    )
    assert [one.card.key for one in rows(TOLD) if one.end] == ["google", "assemblyai", "resend"]


def test_an_agreement_is_entered_with_its_proof_and_then_on_file(settings: Any) -> None:
    settings.DEMO = False
    with time_machine.travel(TOLD, tick=False):
        client = office()
        form = client.get("/admin/duties/?subprocessor=resend")
        assert form.context["form"].initial == {"kind": "agreement", "subprocessor": "resend"}
        typed = {"kind": "agreement", "title": "DPA", "subprocessor": "", "first_due_on": "2026-12-01"}
        assert list(client.post("/admin/duties/", typed).context["form"].errors) == ["subprocessor"]
        assert list(
            client.post("/admin/duties/", typed | {"kind": "audit", "subprocessor": "resend"}).context["form"].errors
        ) == ["subprocessor"]
        client.post("/admin/duties/", typed | {"subprocessor": "resend"})
        duty, proof = Duty.objects.get(subprocessor="resend"), SimpleUploadedFile("dpa.pdf", pdf())
        client.post(reverse("admin:duty", args=[duty.pk]), {"done_on": "2026-11-02", "proof": proof})
        assert papers() == {"resend": date(2026, 11, 2)}
        pages = [client.get(page).content.decode() for page in (PAGE, "/privacy/subprocessors/")]
        settings.DEMO = True
        in_a_demo = [client.get(page).content.decode() for page in (PAGE, "/privacy/subprocessors/")]
    assert ["n file, of 2 November 2026" in page for page in pages + in_a_demo] == [True] * 4
    assert ["On file, of 2 November 2026." in pages[1], *("made up" in page for page in pages)] == [True, False, False]
    assert ["made up" in in_a_demo[0], "2026: a made-up document, since this is a demo." in in_a_demo[1]] == [
        True,
        True,
    ]


def test_a_change_is_announced_and_its_objections_counted(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr("praticonnect.office_subprocessors.tell_changes.delay", lambda: sent.append(1))
    prepare(monkeypatch)
    there = reverse("admin:subprocessor_announce", args=[2])
    with time_machine.travel(TOLD, tick=False):
        fresh = office()
        assert (fresh.post(there, {}).status_code, Announcement.objects.count()) == (422, 0)
        assert fresh.post(there, {"sure": "on"})["Location"] == PAGE
        assert (sent, Announcement.objects.count()) == ([1], 1)
        object_to(account_id=me.pk, asked=2, text="No.", by=person(me.pk), now=TOLD)
        (one,) = fresh.get(PAGE).context["changes"]
    assert (one.concerned, one.told, one.seen, len(one.objections)) == (1, 0, 1, 1)


def test_a_change_that_leaves_too_little_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    with time_machine.travel(TOLD + timedelta(days=1), tick=False):
        client = office()
        assert "Fewer than thirty whole days" in client.get(PAGE).content.decode()
