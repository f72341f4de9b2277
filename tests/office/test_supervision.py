"""The supervision tool (MD-45): attempts to connect with account and public address, filtered, and taken away as CSV."""

import csv
import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.journal import CHANGES, EMAIL_EVENTS, FACTOR_EVENTS, PASSWORD_EVENTS
from accounts.models import User
from audit import promises, supervision
from audit.actions import AccessRow, record_accesses, record_event, record_security
from audit.actors import Actor
from audit.models import EventEntry, SecurityEntry
from audit.supervision import Wanted
from audit.words import KINDS
from consents.log import safe
from praticonnect import supervising
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner, make_staff, prove, verified_client

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def dpo() -> User:
    return make_staff()


@pytest.fixture
def office(dpo: User) -> Client:
    client = verified_client(dpo)
    prove(client, dpo)
    return client


def person(user: User, ip: str | None = "203.0.113.7") -> Actor:
    return Actor(user.pk, "practitioner", ip=ip, user_agent="Firefox")


def attempt(user: User, kind: str = "login.ok", ip: str | None = "203.0.113.7") -> SecurityEntry:
    outcome: Any = "ok" if kind == "login.ok" else "refused"
    return record_security(
        by=person(user, ip), kind=kind, account_id=user.pk, outcome=outcome, detail={}, now=timezone.now()
    )


def shown(client: Client, **asked: str) -> list[tuple[Any, ...]]:
    page = client.get(reverse("admin:supervision"), asked)
    assert page.status_code == 200
    return [(row["what"], row["account"], row["ip"]) for row in page.context["rows"]]


def taken(client: Client, **asked: str) -> list[dict[str, str]]:
    answer = client.get(reverse("admin:supervision_csv"), asked)
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(StringIO(text)))


def test_attempts_are_shown_with_account_and_public_address(office: Client) -> None:
    one, other = make_practitioner(), make_practitioner()
    attempt(one)
    attempt(other, "login.failed", "198.51.100.9")
    record_security(by=person(one), kind="factor.added", account_id=one.pk, now=timezone.now())
    assert shown(office, show="attempts", ip="198.51.100.9") == [("wrong password", other.email, "198.51.100.9")]
    assert shown(office, show="ok", account=one.email) == [("signed in", one.email, "203.0.113.7")]
    assert shown(office, show="refused", account=str(other.pk)) == [("wrong password", other.email, "198.51.100.9")]
    assert [what for what, *_rest in shown(office, account=one.email)] == [
        "factor added",
        "signed in",
        "account created",
    ]


def test_openings_and_changes_are_found_by_file_and_by_who_acted(office: Client) -> None:
    reader, writer, file = make_practitioner(), make_practitioner(), new_id()
    now = timezone.now()
    record_accesses(
        by=person(reader), rows=[AccessRow(file, "identity"), AccessRow(new_id(), "identity")], purpose="care", now=now
    )
    record_event(
        by=person(writer),
        verb="records.file.changed",
        object_type="records.PatientFile",
        object_id=file,
        subject_id=file,
        now=now,
    )
    assert [(account, ip) for _what, account, ip in shown(office, journal="access", file=str(file))] == [
        (reader.email, "203.0.113.7")
    ]
    assert shown(office, journal="event", file=str(file)) == [("a patient file was changed", writer.email, None)]
    assert {account for _what, account, _ip in shown(office, journal="event", account=writer.email)} == {writer.email}


def test_what_happened_is_chosen_in_words_and_in_its_own_journal(office: Client) -> None:
    one, now = make_practitioner(), timezone.now()
    attempt(one)
    for verb in ("records.file.changed", "records.measure.added"):
        record_event(by=person(one), verb=verb, object_type="records.PatientFile", object_id=new_id(), now=now)
    assert shown(office, journal="event", what="verb:records.measure.added") == [
        ("a measure was added", one.email, None)
    ]
    assert [what for what, *_rest in shown(office, what="kind:login.ok", account=one.email)] == ["signed in"]
    (line,) = taken(office, journal="event", what="verb:records.measure.added")
    assert line["what"] == "a measure was added"
    wrong = office.get(reverse("admin:supervision"), {"journal": "access", "what": "kind:login.ok"})
    assert wrong.status_code == 422
    assert "This stands in another journal: choose “Sign-ins and factors” above." in wrong.content.decode()


def test_page_costs_the_same_queries_for_one_line_and_for_three(office: Client) -> None:
    attempt(make_practitioner(), ip="198.51.100.1")
    for _ in range(3):
        attempt(make_practitioner(), ip="198.51.100.3")
    counted = []
    for ip, lines in (("198.51.100.1", 1), ("198.51.100.3", 3)):
        with CaptureQueriesContext(connection) as queries:
            assert len(shown(office, ip=ip)) == lines
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_every_line_is_taken_once_whatever_the_size_of_a_piece(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    user = make_practitioner()
    numbers = [attempt(user, ip="198.51.100.4").pk for _ in range(7)]
    for size in (1, 2, 7, 50):
        monkeypatch.setattr(supervision, "CHUNK", size)
        assert [int(row["entry"]) for row in taken(office, ip="198.51.100.4")] == numbers[::-1]


def test_pages_follow_each_other_without_gap_while_others_write(
    monkeypatch: pytest.MonkeyPatch, office: Client
) -> None:
    user = make_practitioner()
    numbers = [attempt(user, ip="198.51.100.5").pk for _ in range(5)]
    now = timezone.now()
    wanted = Wanted("security", now - timedelta(days=1), now + timedelta(days=1), ip="198.51.100.5")
    first, more = supervision.page(wanted, before=None, size=2)
    attempt(user, ip="198.51.100.5")
    second, last = supervision.page(wanted, before=more, size=3)
    assert ([e.pk for e in first + second], last) == (numbers[::-1], None)
    assert supervision.page(replace(wanted, until=now - timedelta(hours=1)), before=None, size=9) == ([], None)


def test_extraction_asks_for_a_fresh_factor_and_is_an_event(dpo: User) -> None:
    address = reverse("admin:supervision_csv")
    stale = verified_client(dpo)
    assert stale.get(address, {"show": "attempts"}).status_code == 302
    assert EventEntry.objects.filter(verb="audit.extracted").count() == 0
    prove(stale, dpo)
    assert stale.get(address, {"show": "attempts"}).status_code == 200
    event = EventEntry.objects.get(verb="audit.extracted")
    assert (event.actor_id, event.object_id, event.detail) == (dpo.pk, "security", {"filters": "show"})


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"account": "nobody@example.org"}, "account"),
        ({"ip": "not an address"}, "ip"),
        ({"since": "2026-11-20", "until": "2026-11-01"}, "until"),
        ({"file": "12"}, "file"),
    ],
)
def test_wrong_filter_is_told_beside_its_field_and_takes_nothing_away(
    office: Client, asked: dict[str, str], field: str
) -> None:
    page = office.get(reverse("admin:supervision"), asked)
    assert (page.status_code, list(page.context["form"].errors), page.context["rows"]) == (422, [field], [])
    assert office.get(reverse("admin:supervision_csv"), asked).status_code == 422
    assert EventEntry.objects.filter(verb="audit.extracted").count() == 0


@pytest.mark.parametrize("name", ["supervision", "supervision_csv"])
def test_supervision_is_not_there_for_a_practitioner(name: str) -> None:
    assert verified_client(make_practitioner()).get(reverse(f"admin:{name}")).status_code == 404


@given(st.text())
def test_no_device_name_becomes_a_formula(said: str) -> None:
    entry = SecurityEntry(
        pk=1, at=timezone.now(), kind=said, outcome="ok", user_agent=said, actor_role="anonymous", channel="web"
    )
    (row,) = supervising.cells([entry])
    assert [cell for cell in row if cell != safe(cell)] == []


def test_md_45_turns_false_when_an_attempt_has_no_address() -> None:
    user = make_practitioner()
    attempt(user)
    before = promises.attempts_to_connect_can_be_supervised(timezone.now())
    assert (before.kept, before.figures["successful"]) == (True, 1)
    attempt(user, ip=None)
    after = promises.attempts_to_connect_can_be_supervised(timezone.now())
    assert (after.kept, after.figures["attempts_without_address"]) == (False, 1)


def test_every_kind_of_security_line_has_its_words() -> None:
    """Spelled out in the sources, so that a new kind can't show its code to the officer."""
    root = Path(__file__).parents[2]
    spelled = {
        kind
        for app in ("accounts", "care", "lifecycle", "records", "vault", "gdpr_requests", "praticonnect")
        for source in (root / app).rglob("*.py")
        for call in re.findall(r"record_security\((?:[^()]|\([^()]*\))*\)", source.read_text())
        for kind in re.findall(r'kind="([a-z_.]+)"', call)
    }
    heard = {kind for _signal, kind in (*PASSWORD_EVENTS, *EMAIL_EVENTS, *FACTOR_EVENTS, *CHANGES)}
    assert len(spelled) > 10
    assert (spelled | heard) - set(KINDS.known) == set()
