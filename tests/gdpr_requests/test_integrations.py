"""Each integration has a page with its switch, what the register says of it, and why it is closed (PC-22, PC-101)."""

# ruff: noqa: F811
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import override_settings

from accounts.models import User
from adapters import actions as ways
from adapters import breaker
from adapters.boxes.models import Outgoing
from adapters.models import Payment
from audit.actors import Actor
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
    found = integrations(me, language="en", now=NOW)
    switched = [(one.card.key, one.switch and bool(one.switch.on), one.needs_patient) for one in found]
    assert switched == [
        ("scell", False, False), ("viva", False, False), ("google", True, False),
        ("livekit", False, True), ("mistral", False, True), ("assemblyai", False, True),
        ("scaleway", None, False), ("aws", None, False), ("bulkgate", None, False), ("resend", False, False),
    ]  # fmt: skip
    assert [one.card.key for one in found if one.optional] == [key for key, _on, _patient in switched[:6]]
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
        back = client.post("/practitioner/settings/gdpr/consents/decide/", {**posted, "page": "integration"})
        after = client.get(f"{PAGES}google/")
        unknown = client.get(f"{PAGES}payer/")
    assert ("Turn on the switch above first" in locked, 'name="child" value="google"' in page.content.decode()) == (
        True,
        True,
    )
    assert (after.context["one"].switch.on, unknown.status_code) == (True, 404)
    assert back.headers["Location"] == f"{PAGES}google/#switch-third_party_integrations-google"


def test_a_closed_integration_says_so_on_its_page_and_beside_the_switch(me: User) -> None:
    choose(person(me.pk), PARENT, on=True, now=NOW)
    addresses = [f"{PAGES}google/", PAGES, "/practitioner/settings/gdpr/consents/", "/privacy/subprocessors/"]
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        assert [CLOSED in client.get(address).content.decode() for address in addresses] == [False] * 4
    with time_machine.travel(LATE, tick=False):
        later = verified_client(me)
        assert [CLOSED in later.get(address).content.decode() for address in addresses] == [True] * 4


OPENED = {
    "scell": "No invoice and no signature is under way.",
    "viva": "No payment is under way.",
    "livekit": "No video room is open.",
    "mistral": "No draft is on its way, and Mistral keeps none.",
    "assemblyai": "No copy of yours lies there.",
}


def test_a_page_says_what_stands_there_and_what_keeps_it_shut(me: User, fakes: Fakes) -> None:
    """Nothing under way, then a payment and a message that waits; closed by the office, resting, not set up."""
    by = Actor(account_id=me.pk, role="practitioner")
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        said = {key: client.get(f"{PAGES}{key}/").context["standing"] for key in OPENED}
        assert said == {key: [words] for key, words in OPENED.items()}
        Payment.objects.create(way="order", kind="patient", subject_id=me.pk, amount=100, asked_at=NOW, changed_at=NOW)
        assert client.get(f"{PAGES}viva/").context["standing"] == ["1 payment is under way."]
        ways.switch_off(subprocessor="viva", reason="Their incident 4711", by=by, now=NOW)
        for _failure in range(breaker.OPENS_AFTER):
            breaker.failed("scell", NOW)
        fakes_off = {**settings.ADAPTERS["mistral"], "credentials": {"MISTRAL_API_KEY": ""}}
        with override_settings(ADAPTERS={**settings.ADAPTERS, "mistral": fakes_off}):
            pages = {key: client.get(f"{PAGES}{key}/").content.decode() for key in OPENED}
    shut = {"viva": "Our team has closed it", "scell": "try again at", "mistral": "set up on this platform"}
    assert {key: [word for word in shut.values() if word in page] for key, page in pages.items()} == {
        key: [shut[key]] if key in shut else [] for key in OPENED
    }
    assert "4711" not in "".join(pages.values())


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
