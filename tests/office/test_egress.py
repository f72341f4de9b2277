"""The office's pages of the ways out, and what a practitioner reads of them (MD-46, PC-101)."""

# ruff: noqa: F811
import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from adapters import breaker, inbox, outbox
from adapters.boxes import unproven
from adapters.boxes.queries import Held, of_service, service_of
from adapters.models import Egress, EgressOutcome, Incoming, Outgoing, Switch
from audit.models import EventEntry
from privacy.ids import new_id
from privacy.subprocessors import register_at
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client
from tests.adapters.factories import KIND, Receiver, queued, receiver  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def office() -> Client:
    dpo = make_staff()
    client = verified_client(dpo)
    prove(client, dpo)
    return client


def line(outcome: str | None = "delivered", **said: Any) -> Egress:
    values: dict[str, Any] = {
        "subprocessor": "resend", "host": "smtp.resend.com", "ground": "account_message", "categories": "contact,identity",
        "bytes_out": 1200, "at": timezone.now() - timedelta(minutes=5),
    }  # fmt: skip
    made = Egress.objects.create(**(values | said))
    if outcome:
        EgressOutcome.objects.create(egress_id=made.pk, outcome=outcome, status=200, milliseconds=12)
    return made


def ways(client: Client) -> dict[str, dict[str, Any]]:
    page = client.get(reverse("admin:ways_out"))
    assert page.status_code == 200
    return {row["way"].entry.key: row for row in page.context["ways"]}


def test_each_service_says_what_closes_it_and_how_it_went(office: Client) -> None:
    now = timezone.now()
    for outcome in ("delivered", "delivered", "busy", None):
        line(outcome)
    line("broken", at=now - timedelta(days=3))
    line("broken", at=now - timedelta(days=8))
    for _failure in range(breaker.OPENS_AFTER):
        breaker.failed("resend", now)
    found = ways(office)
    assert list(found) == [one.key for one in register_at(now.date()).entries]
    way = found["resend"]["way"]
    assert (way.sent, way.sent_in_a_week, way.failed, way.failed_with) == (4, 5, 2, "unknown")
    assert [why.gate for why in way.closed] == ["breaker"]
    assert [why.gate for why in found["mistral"]["way"].closed] == ["credentials"]
    assert b"resting after failures" in office.get(reverse("admin:ways_out")).content


def test_each_service_says_what_its_boxes_hold_and_leads_there(office: Client, receiver: Receiver) -> None:
    """What waits, failed, came unknown or unproven; nothing of it is another service's."""
    now = timezone.now()
    for kind, state, number in (
        ("viva.order", "waiting", 2),
        ("repair.viva", "failed", 1),
        (KIND, "failed", 3),
        ("accounts.mail", "waiting", 1),
        ("lifecycle.certificate", "failed", 1),
        ("accounts.text", "failed", 1),
    ):
        for _more in range(number):
            row = queued(now=now)
            Outgoing.objects.filter(pk=row.pk).update(
                kind=kind, state=state, ended_at=None if state == "waiting" else now
            )
    inbox.take(subprocessor="viva", event_id="e", kind="new.thing", body="{}", now=now)
    Incoming.objects.update(state="unknown", ended_at=now)
    assert office.post("/hooks/scell/", "{}", content_type="application/json").status_code == 401
    unproven.note("scell", now - timedelta(days=6))
    unproven.note("scell", now - timedelta(days=8))
    found = ways(office)
    assert {key: row["way"].held for key, row in found.items() if row["held"]} == {
        "viva": Held(waiting=2, failed=1, unknown=1), "resend": Held(waiting=1, failed=1), "bulkgate": Held(failed=1),
    }  # fmt: skip
    assert {key: row["way"].unproven for key, row in found.items() if row["way"].unproven} == {"scell": 2}
    urls = [url for key in ("viva", "resend", "bulkgate") for url, _words, _tone in found[key]["held"]]
    assert [len(office.get(url).context["rows"]) for url in urls] == [2, 1, 1, 1, 1, 1]


def test_every_kind_of_message_is_one_service_s(receiver: Receiver) -> None:
    """Else what waits or failed is on no line of the page."""
    kinds = [kind for kind in outbox._handlers if not kind.startswith(("trial", "test", "bench"))]
    assert {service_of(kind) for kind in kinds} - settings.ADAPTERS.keys() == set()
    for kind in kinds:
        row = queued()
        Outgoing.objects.filter(pk=row.pk).update(kind=kind)
        mine = Outgoing.objects.filter(pk=row.pk)
        assert [key for key in settings.ADAPTERS if mine.filter(of_service(Outgoing, key))] == [service_of(kind)], kind


class Away:
    """A cache that doesn't answer."""

    def add(self, *_asked: object) -> None:
        raise ConnectionError

    incr = get_many = add


def test_an_office_without_its_cache_says_what_it_cannot_count(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unproven, "cache", Away())
    assert office.post("/hooks/scell/", "{}", content_type="application/json").status_code == 401
    assert b"nobody can say how many events" in office.get(reverse("admin:ways_out")).content


def test_the_page_asks_as_much_for_many_lines_as_for_none(office: Client) -> None:
    ways(office)
    counted = []
    for _more in range(2):
        line()
        with CaptureQueriesContext(connection) as captured:
            ways(office)
            office.get(reverse("admin:egress"))
        counted.append(len(captured))
    assert counted[0] == counted[1]


def test_the_office_closes_a_service_with_a_reason_and_opens_it_again(office: Client) -> None:
    page = reverse("admin:way_out", args=["resend"])
    assert b"sign-in codes by e-mail stop too" in office.get(page).content
    assert (office.post(page, {"reason": " "}).status_code, Switch.objects.count()) == (422, 0)
    office.post(page, {"reason": "An incident there"})
    assert [why.gate for why in ways(office)["resend"]["way"].closed] == ["office"]
    office.post(reverse("admin:way_open", args=["resend"]))
    assert ways(office)["resend"]["way"].closed == ()
    assert EventEntry.objects.filter(object_type="adapters.Switch").count() == 2
    assert office.get(reverse("admin:way_out", args=["databroker"])).status_code == 404


@pytest.mark.parametrize("name", ["admin:way_out", "admin:way_open"])
def test_a_switch_asks_for_a_fresh_factor(name: str) -> None:
    answer = verified_client(make_staff()).post(reverse(name, args=["resend"]), {"reason": "why"})
    assert (answer.status_code, Switch.objects.count()) == (302, 0)


def shown(client: Client, **asked: str) -> list[int]:
    page = client.get(reverse("admin:egress"), asked)
    assert page.status_code == 200
    return [row["line"].pk for row in page.context["rows"]]


def test_the_journal_is_filtered(office: Client) -> None:
    user = make_practitioner()
    mine, rejected, unseen, google = (
        line(subject_id=user.pk), line("rejected"), line(None), line(subprocessor="google", ground="third_party_integrations.google"),
    )  # fmt: skip
    assert shown(office) == [one.pk for one in (google, unseen, rejected, mine)]
    assert shown(office, account=user.email) == [mine.pk]
    assert shown(office, outcome="rejected") == [rejected.pk]
    assert shown(office, outcome="unknown") == [unseen.pk]
    assert shown(office, subprocessor="google") == [google.pk]
    assert shown(office, until=str(timezone.localdate() - timedelta(days=2))) == []
    assert shown(office, before=str(rejected.pk)) == [mine.pk]
    assert office.get(reverse("admin:egress"), {"account": "nobody@example.org"}).status_code == 422
    assert b"Google Ireland" in office.get(reverse("admin:egress"), {"subprocessor": "google"}).content


def test_the_journal_is_taken_away_and_that_is_written_down(office: Client) -> None:
    made = line(file_id=new_id())
    answer = office.get(reverse("admin:egress_csv"), {"subprocessor": "resend"})
    (row,) = csv.DictReader(StringIO(b"".join(answer.streaming_content).decode()))  # type: ignore[attr-defined]
    assert (row["line"], row["service"], row["outcome"], row["bytes_out"]) == (
        str(made.pk),
        "resend",
        "delivered",
        "1200",
    )
    assert EventEntry.objects.get(verb="adapters.extracted").detail == {"filters": "subprocessor"}
    stale = verified_client(make_staff("b@example.org"))
    assert stale.get(reverse("admin:egress_csv")).status_code == 302


def test_a_practitioner_reads_what_left_about_them_and_nobody_else(office: Client) -> None:
    user, other = make_practitioner(), make_practitioner()
    line(subject_id=user.pk)
    line(
        None,
        subject_id=user.pk,
        ground="third_party_integrations.google",
        subprocessor="google",
        categories="appointment",
    )
    line(subject_id=other.pk, subprocessor="bulkgate")
    page = verified_client(user).get(reverse("gdpr:journal"))
    assert [(row["service"], row["arrived"]) for row in page.context["sent"]] == [
        ("Google Ireland", False),
        ("Resend", True),
    ]
    text = page.content.decode()
    assert ("What left about your account" in text, "Integrations with other services: Google Ireland" in text) == (
        True,
        True,
    )
    assert "BulkGate" not in text
