"""Every version public, any two compared in both languages, and a feed of the changes (PC-24, MD-13)."""

from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consents import notices
from consents.rendering import by_section
from privacy.clocks import start_of
from tests.consents.versions import DAY, NEWS, prepare, put_on_file, written

pytestmark = pytest.mark.django_db
HISTORY = "/privacy/history/"
ATOM = "{http://www.w3.org/2005/Atom}"


def test_history_lists_every_version_and_compares_the_last_two(client: Client) -> None:
    page = client.get(HISTORY)
    assert [one.number for one, _wording in page.context["versions"]] == [2, 1]
    assert (page.context["old"].number, page.context["new"].number, page.context["current"]) == (1, 2, 2)
    assert "What version 2 says otherwise than version 1." in page.content.decode()


def test_history_compares_any_two_versions_whatever_their_order(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(monkeypatch)
    for first, second in ((1, 3), (3, 1)):
        page = client.get(HISTORY, {"text": "policy", "first": first, "second": second})
        assert (page.context["old"].number, page.context["new"].number) == (1, 3)
        assert "Connection logs: version 3." in page.content.decode()


def test_history_says_added_and_removed_to_who_listens(client: Client) -> None:
    page = client.get(HISTORY).content.decode()
    assert '<ins><span class="visually-hidden">[added: </span>explicit' in page
    assert '<del><span class="visually-hidden">[removed: </span>(6.1.a)' in page


def test_history_is_in_french_with_the_french_words(client: Client) -> None:
    page = client.get(HISTORY, headers={"accept-language": "fr"})
    assert {one.language for one, _ in page.context["versions"]} == {"fr"}
    assert 'lang="fr"' in page.content.decode()


def test_history_says_what_kind_of_change_a_coming_version_is(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch)
    page = client.get(HISTORY).content.decode()
    assert [words in page for words in (NEWS["en"], "Material: it is put before everybody again.", "to come")] == [
        True
    ] * 3


def test_history_of_another_text_with_one_version_has_nothing_to_compare(client: Client) -> None:
    page = client.get(HISTORY, {"text": "marketing_emails"})
    assert (page.status_code, "nothing to compare" in page.content.decode()) == (200, True)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"text": "policy", "first": "1", "second": "1"}, "This is the same version twice."),
        ({"text": "policy", "first": "1", "second": "9"}, "There is no such version."),
        ({"text": "policy", "first": "x", "second": "2"}, "There is no such version."),
        ({"text": "nothing"}, "nothing"),
    ],
)
def test_history_says_what_is_wrong_with_a_question(client: Client, asked: dict[str, str], words: str) -> None:
    page = client.get(HISTORY, asked)
    assert (page.status_code, words in page.content.decode()) == (422, True)


def test_history_asks_the_database_as_often_for_three_versions_as_for_two(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureQueriesContext(connection) as two:
        client.get(HISTORY)
    prepare(monkeypatch)
    with CaptureQueriesContext(connection) as three:
        client.get(HISTORY)
    assert len(two) == len(three)


@pytest.mark.parametrize("language", notices.LANGUAGES)
def test_feed_has_each_version_in_its_language_at_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    prepare(monkeypatch)
    answer = client.get(f"/privacy/history.{language}.atom", headers={"accept-language": "en"})
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 - our own words
    told = {entry.findtext(f"{ATOM}id"): entry.findtext(f"{ATOM}summary") for entry in feed.findall(f"{ATOM}entry")}
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert told[f"urn:sha256:{written_sha(language)}"] == NEWS[language]
    assert len(told) == sum(text.language == language for text in notices.catalogue())


def written_sha(language: str) -> str:
    return next(t.sha256 for t in notices.catalogue() if (t.slot, t.language, t.number) == ("policy", language, 3))


def test_feed_is_named_in_the_head_of_the_policy(client: Client) -> None:
    for address in ("/privacy/", HISTORY):
        assert 'type="application/atom+xml"' in client.get(address).content.decode()
    assert client.get("/privacy/history.he.atom").status_code == 404


def test_sections_name_the_heading_a_change_stands_under() -> None:
    old = "title: x\nchange: minor\n\nBefore.\n\n## One\n\nSame.\n\n## Two\n\nOld words.\n\n## Gone\n\nBye.\n"
    new = "title: x\nchange: material\nnews: It is new.\n\nBefore.\n\n## One\n\nSame.\n\n## Two\n\nNew words.\n\n## Come\n\nHello.\n"
    found = by_section(old, new)
    assert [heading for heading, _lines in found] == ["Two", "Come", "Gone"]
    assert [(piece.kind, piece.words) for piece in found[0][1][0]] == [
        ("removed", "Old"),
        ("added", "New"),
        ("kept", "words."),
    ]


@pytest.mark.parametrize("head", ["change: big", "change: Material"])
def test_a_kind_of_change_that_is_none_is_refused(head: str) -> None:
    with pytest.raises(notices.NoText, match="material or minor"):
        notices.parse(f"title: x\n{head}\n\nbody")


def test_each_version_since_notices_began_says_what_it_changes() -> None:
    late = [t for t in notices.catalogue() if t.slot == notices.POLICY and t.number >= notices.DECLARED_FROM]
    assert [t.number for t in late if not (t.wording.change and t.wording.news)] == []


def test_a_version_of_a_later_day_is_not_in_force_before(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_file(monkeypatch, *(written(language) for language in notices.LANGUAGES))
    assert notices.in_force("policy", "en", DAY).number == 3
    assert start_of(DAY).isoformat() == "2026-12-09T23:00:00+00:00"
    assert client.get("/privacy/versions/3/").status_code == 200
