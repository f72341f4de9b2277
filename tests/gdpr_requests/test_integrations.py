"""Each integration has a page with its switch, what the register says of it, and why it is closed (PC-22, PC-101)."""

from datetime import UTC, datetime

import pytest
import time_machine

from accounts.models import User
from gdpr_requests.integrations.queries import integrations
from tests.accounts.factories import make_practitioner, verified_client
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
