"""The public pages of the register and their feed (PC-90)."""

import xml.etree.ElementTree as ET

import pytest
import time_machine
from django.test import Client
from django.utils import translation

from subprocessors.queries import closures
from subprocessors.wording import closed
from tests.subprocessors.versions import BEGINS, TOLD, announced, prepare

pytestmark = pytest.mark.django_db
PAGE, HISTORY, FEED = "/privacy/subprocessors/", "/privacy/subprocessors/history/", "/privacy/subprocessors.en.atom"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    announced()


def test_the_register_shows_everybody_each_of_the_ten(client: Client) -> None:
    with time_machine.travel(TOLD, tick=False):
        answer = client.get(PAGE)
    cards = {one.key: one for one in answer.context["cards"]}
    assert (answer.status_code, list(cards)) == (200, [
        "scaleway", "aws", "viva", "scell", "livekit", "google", "mistral", "assemblyai", "bulkgate", "resend",
    ])  # fmt: skip
    assert [key for key, one in cards.items() if one.abroad] == ["google", "assemblyai", "resend"]
    assert [key for key, one in cards.items() if one.health] == ["scaleway", "livekit", "mistral", "assemblyai"]
    resend = dict(cards["resend"].facts)
    assert resend["Transfer outside the EEA"][1:] == [
        "Standard contractual clauses (Commission decision 2021/914): checked on 14 May 2026, counts until 14 May 2028",
        "EU-US Data Privacy Framework (Commission decision 2023/1795): checked on 14 May 2026, counts until 14 May 2027",
    ]
    assert "aren't on file here" in resend["Agreement (Art. 28)"][0]


def test_an_announced_change_stands_on_the_page_until_it_is_the_page(client: Client, told: None) -> None:
    with time_machine.travel(TOLD, tick=False):
        before = client.get(PAGE).content.decode()
    with time_machine.travel(BEGINS, tick=False):
        after = client.get(PAGE).content.decode()
    assert ["takes effect on 24 December 2026" in page for page in (before, after)] == [True, False]
    assert ["until 23 December 2026" in page for page in (before, after)] == [True, False]
    assert ['id="newcomer"' in page for page in (before, after)] == [False, True]
    assert "Closed since 24 December 2026: the transfer has no legal mechanism." in after


def test_a_closure_is_said_in_one_line(told: None) -> None:
    with translation.override("en"):
        assert {key: closed(one) for key, one in closures(BEGINS).items()} == {
            "bulkgate": "Closed since 24 December 2026: the transfer has no legal mechanism."
        }
    assert closures(TOLD) == {}


def test_the_history_compares_two_versions_by_subprocessor(client: Client, told: None) -> None:
    with time_machine.travel(TOLD, tick=False):
        answer = client.get(HISTORY)
    assert [(one.number, bool(when)) for one, when in answer.context["versions"]] == [(2, True), (1, False)]
    assert [title for title, _lines in answer.context["sections"]] == ["BulkGate", "Newcomer", "Amazon Web Services"]


@pytest.mark.parametrize("query", ["?text=subprocessors&first=1&second=1", "?text=subprocessors&first=1&second=9"])
def test_versions_that_cannot_be_compared_are_said_at_the_field(client: Client, told: None, query: str) -> None:
    with time_machine.travel(TOLD, tick=False):
        answer = client.get(HISTORY + query)
    assert (answer.status_code, "second" in answer.context["form"].errors, "sections" in answer.context) == (
        422,
        True,
        False,
    )


def test_one_version_alone_has_nothing_to_compare(client: Client) -> None:
    with time_machine.travel(TOLD, tick=False):
        assert "There is one version so far" in client.get(HISTORY).content.decode()


def test_the_feed_tells_of_each_version_once_it_is_announced(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def titles() -> list[tuple[str | None, str | None]]:
        with time_machine.travel(TOLD, tick=False):
            root = ET.fromstring(client.get(FEED).content)  # noqa: S314 - made by ourselves
        return [(one.findtext(f"{ATOM}title"), one.findtext(f"{ATOM}summary")) for one in root.iter(f"{ATOM}entry")]

    prepare(monkeypatch)
    first = ("Version 1 of the register, in force from 14 May 2026", "The first version.")
    assert titles() == [first]
    announced()
    assert titles() == [
        ("Version 2 of the register, in force from 24 December 2026", "What changes concerns: BulkGate, Newcomer, Amazon Web Services"),
        first,
    ]  # fmt: skip
