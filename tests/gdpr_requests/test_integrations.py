"""Each integration has a page with its switch, what the register says of it, and why it is closed (PC-22, PC-101)."""

# ruff: noqa: F811
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from accounts.models import User
from adapters.boxes.models import Outgoing
from fakes.server import Fakes
from gdpr_requests.integrations.queries import integrations
from tests.accounts.factories import make_practitioner, verified_client
from tests.adapters.conftest import all_fakes, fakes  # noqa: F401 - fixtures
from tests.adapters.factories import work
from tests.consents.factories import choose, person

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATE = datetime(2028, 5, 15, 9, 0, tzinfo=UTC)
PAGES = "/practitioner/settings/gdpr/integrations/"
PARENT = "third_party_integrations"
CLOSED = "Closed since 15 May 2028: the transfer has no legal mechanism."


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org", now=NOW)


def test_the_list_has_each_integration_with_its_switch(me: User) -> None:
    choose(person(me.pk), PARENT, on=True, now=NOW)
    choose(person(me.pk), PARENT, child="google", on=True, now=NOW)
    found = integrations(me.pk, language="en", now=NOW)
    assert [(one.card.key, bool(one.switch.on), one.needs_patient) for one in found] == [
        ("scell", False, False), ("viva", False, False), ("google", True, False),
        ("livekit", False, True), ("mistral", False, True), ("assemblyai", False, True),
    ]  # fmt: skip
    with time_machine.travel(NOW, tick=False):
        answer = verified_client(me).get(PAGES)
    assert (answer.status_code, answer.context["on"]) == (200, 1)


def test_a_page_opens_and_closes_its_integration_through_the_ledger(me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        locked = client.get(f"{PAGES}google/").content.decode()
        choose(person(me.pk), PARENT, on=True, now=NOW)
        page = client.get(f"{PAGES}google/")
        posted = {"key": PARENT, "child": "google", "on": "yes", "shown": page.context["one"].switch.text.sha256}
        client.post("/practitioner/settings/gdpr/consents/decide/", posted)
        after = client.get(f"{PAGES}google/")
        unknown = client.get(f"{PAGES}resend/")
    assert ("Turn on the switch above first" in locked, 'name="child" value="google"' in page.content.decode()) == (
        True,
        True,
    )
    assert (after.context["one"].switch.on, unknown.status_code) == (True, 404)


def test_a_closed_integration_says_so_on_its_page_and_beside_the_switch(me: User) -> None:
    choose(person(me.pk), PARENT, on=True, now=NOW)
    addresses = [f"{PAGES}google/", PAGES, "/practitioner/settings/gdpr/consents/", "/privacy/subprocessors/"]
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        assert [CLOSED in client.get(address).content.decode() for address in addresses] == [False] * 4
    with time_machine.travel(LATE, tick=False):
        later = verified_client(me)
        assert [CLOSED in later.get(address).content.decode() for address in addresses] == [True] * 4


def test_a_calendar_is_connected_and_disconnected_on_its_page(me: User, fakes: Fakes, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Away with a state that only this session knows, back with a code; a worker does the rest (PC-96)."""
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    fakes.at(NOW)
    page, away = f"{PAGES}google/", f"{PAGES}google/calendar/"
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        assert (client.get(away).headers["Location"], fakes.count) == (page, 0)
        choose(person(me.pk), PARENT, on=True, now=NOW)
        choose(person(me.pk), PARENT, child="google", on=True, now=NOW)
        there = client.get(away).headers["Location"]
        asked = {name: value[0] for name, value in parse_qs(urlsplit(there).query).items()}
        assert asked["redirect_uri"].endswith(away)
        code = fakes["google"].grant(asked["code_challenge"], asked["redirect_uri"])
        assert "begun here" in client.get(away, {"state": "forged", "code": code}, follow=True).content.decode()
        assert "begun here" in client.get(away, {"state": asked["state"], "code": code}, follow=True).content.decode()
        assert not Outgoing.objects.exists()
        asked = {
            name: value[0] for name, value in parse_qs(urlsplit(client.get(away).headers["Location"]).query).items()
        }
        code = fakes["google"].grant(asked["code_challenge"], asked["redirect_uri"])
        assert (
            "being connected" in client.get(away, {"state": asked["state"], "code": code}, follow=True).content.decode()
        )
        work(NOW)
        assert "Disconnect the calendar" in client.get(page).content.decode()
        assert "disconnected" in client.post(away, follow=True).content.decode()
        work(NOW)
        assert fakes["google"].refresh == set()
        assert "Connect Google Calendar" in client.get(page).content.decode()


def test_a_no_at_google_is_a_no_here(me: User, fakes: Fakes) -> None:
    with time_machine.travel(NOW, tick=False):
        choose(person(me.pk), PARENT, on=True, now=NOW)
        choose(person(me.pk), PARENT, child="google", on=True, now=NOW)
        client, away = verified_client(me), f"{PAGES}google/calendar/"
        state = parse_qs(urlsplit(client.get(away).headers["Location"]).query)["state"][0]
        answer = client.get(away, {"state": state, "error": "access_denied"}, follow=True)
    assert ("Nothing was connected" in answer.content.decode(), Outgoing.objects.count()) == (True, 0)
