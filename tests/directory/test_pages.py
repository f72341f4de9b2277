"""The pages of the directory: found without accents, nothing private, as many queries for fifty as for one (PC-23)."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from directory.models import Listing
from directory.queries import MOST_WORDS, PER_PAGE, _looked_for, fits, folded
from tests.accounts.factories import make_account, make_practitioner, verified_client
from tests.directory.factories import address_of, choose_listing, make_listed
from vault.index import words

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"
MINE = "/practitioner/directory/"


def names(client: Client, **wanted: str) -> list[str]:
    return [one.card.name for one in client.get("/directory/", wanted).context["shown"]]


@pytest.fixture
def three() -> None:
    """Three who are listed and one who isn't."""
    for surname, given_names, specialty, postal_code, city in (
        ("Lebœuf-Éluard", "Zoé", "SM54", "29590", "Le Faou"),
        ("Abïven", "Maëlle", "SM40", "29200", "Brest"),
        ("Çelik", "Jean-Noël", "SM54", "67000", "Strasbourg"),
    ):
        make_listed(surname=surname, given_names=given_names, specialty=specialty, postal_code=postal_code, city=city)
    make_practitioner(surname="Lebon", city="Brest")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["Maëlle Abïven", "Jean-Noël Çelik", "Zoé Lebœuf-Éluard"]),
        ({"name": "leboeuf"}, ["Zoé Lebœuf-Éluard"]),
        ({"name": "ELUARD zoe"}, ["Zoé Lebœuf-Éluard"]),
        ({"name": "Lebœuf-éluard"}, ["Zoé Lebœuf-Éluard"]),
        ({"name": "jean noel"}, ["Jean-Noël Çelik"]),
        ({"name": "celik"}, ["Jean-Noël Çelik"]),
        ({"name": "elik"}, []),
        ({"name": "lebon"}, []),
        ({"name": "%"}, ["Maëlle Abïven", "Jean-Noël Çelik", "Zoé Lebœuf-Éluard"]),
        ({"specialty": "SM54"}, ["Jean-Noël Çelik", "Zoé Lebœuf-Éluard"]),
        ({"city": "le faou"}, ["Zoé Lebœuf-Éluard"]),
        ({"city": "29"}, ["Maëlle Abïven", "Zoé Lebœuf-Éluard"]),
        ({"city": "brest", "specialty": "SM40", "name": "abiven"}, ["Maëlle Abïven"]),
        ({"city": "brest", "specialty": "SM54"}, []),
    ],
)
def test_search_finds_beginnings_of_words_without_accents(
    three: None, client: Client, wanted: dict[str, str], found: list[str]
) -> None:
    assert names(client, **wanted) == found


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"specialty": "SM99"}, "This specialty isn&#x27;t in the list: choose one of it, or all."),
        ({"name": "x" * 101}, "Write at most 100 characters: the beginning of the word is enough."),
    ],
)
def test_search_says_what_it_could_not_use(three: None, client: Client, wanted: dict[str, str], told: str) -> None:
    page = client.get("/directory/", wanted)
    assert (page.status_code, told in page.content.decode(), len(page.context["shown"])) == (200, True, 3)


@pytest.mark.parametrize(
    "name", ["c " * 50, "\ufdfa" * 100, " ".join(map(chr, range(97, 123)))], ids=["one word", "one sign", "many words"]
)
def test_search_asks_the_database_no_more_for_many_words(three: None, client: Client, name: str) -> None:
    """Anybody may search: a field full of words must not go along every name hundreds of times."""
    with CaptureQueriesContext(connection) as asked:
        page = client.get("/directory/", {"name": name, "city": name})
    assert (page.status_code, len(asked) <= 3) == (200, True)
    assert len(_looked_for(name)) <= MOST_WORDS


SIGNS = st.characters(max_codepoint=0x5EA, categories=["L", "Mn", "N", "P", "Zs"], exclude_characters="_")


@given(st.text(SIGNS, max_size=20), st.text(SIGNS, max_size=20))
def test_a_name_finds_itself_and_no_word_of_another(text: str, other: str) -> None:
    """However it is written, each beginning of each of its words finds it; the middle of a word doesn't."""
    held = folded(text, "")
    assert held.split() == words(text)
    assert all(fits([word[:length]], held) for word in words(text) for length in range(1, len(word) + 1))
    assert all(fits([word], held) == any(own.startswith(word) for own in words(text)) for word in words(other))


@pytest.mark.parametrize("address", ["list", "page"])
def test_queries_are_as_many_for_one_as_for_fifty(client: Client, address: str) -> None:
    counted = []
    for more in (1, 2, 47):
        users = [make_listed() for _ in range(more)]
        path = "/directory/" if address == "list" else address_of(users[-1])
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(path).status_code == 200
        counted.append(len(asked))
    assert counted == {"list": [3, 3, 3], "page": [2, 2, 2]}[address]


def test_the_list_comes_in_pages(client: Client) -> None:
    for number in range(PER_PAGE + 3):
        make_listed(surname=f"Roux{number:03d}")
    first, second = (client.get("/directory/", {"page": page}).context["shown"] for page in ("1", "2"))
    assert [len(first), len(second)] == [PER_PAGE, 3]
    assert [one.card.name for one in second] == [
        f"Camille Roux{number:03d}" for number in range(PER_PAGE, PER_PAGE + 3)
    ]


def test_a_page_shows_the_public_fields_and_nothing_private(client: Client) -> None:
    user = make_listed(
        "camille.secret@example.org", rpps="10003456786", qualifications="DU de sport\nDU de sommeil", phone="+33298990142"
    )  # fmt: skip
    for path in ("/directory/", address_of(user)):
        page = client.get(path).content.decode()
        private = ("camille.secret", "10003456786", str(user.pk), "98990142", "98 99 01 42")
        assert [word for word in private if word in page] == []
    shown = (
        "Camille Roux",
        "General practice",
        "DU de sport<br>DU de sommeil",
        "12 rue des Tilleuls",
        "75014 Paris",
        "France",
    )
    assert [word for word in shown if word not in page] == []


def test_a_page_names_the_controller_and_its_officer(client: Client) -> None:
    """PC-01, on both pages."""
    user = make_listed()
    for path in ("/directory/", address_of(user)):
        page = client.get(path).content.decode()
        assert ("123 Avenue de la Santé, 75014 Paris, France" in page, "dpo@praticonnect.com" in page) == (True, True)


def test_what_a_practitioner_wrote_stays_text(client: Client) -> None:
    written = dict.fromkeys(("surname", "given_names", "qualifications", "address_line", "city"), SCRIPT)
    user = make_listed(**written)
    for path in ("/directory/", address_of(user), f"/directory/?name={SCRIPT}"):
        assert SCRIPT not in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("query", "robots"), [("", "index, noarchive"), ("?name=zz", "noindex"), ("?specialty=SM54", "noindex")]
)
def test_engines_may_index_the_list_but_no_search(client: Client, query: str, robots: str) -> None:
    assert robots_of(client.get(f"/directory/{query}")) == [robots]


def test_engines_may_index_a_page_while_it_is_listed(client: Client) -> None:
    user = make_listed()
    assert robots_of(client.get(address_of(user))) == ["index, noarchive"]
    choose_listing(user, False)
    answer = client.get(address_of(user))
    assert (answer.status_code, robots_of(answer)) == (404, [])


def robots_of(answer: Any) -> list[str]:
    return re.findall(r'<meta name="robots" content="([^"]*)">', answer.content.decode())


def test_my_page_shows_what_it_would_show_before_anybody_sees_it() -> None:
    user = make_practitioner(qualifications="DU de sommeil", phone="+33298990142")
    client = verified_client(user)
    page = client.get(MINE)
    assert ("DU de sommeil" in page.content.decode(), page.context["own"].public_id) == (True, None)
    assert "If you turn it on: Anyone can find your name" in page.content.decode()
    assert Listing.objects.count() == 0
    assert client.get(f"{MINE}page/")["Location"] == MINE


def test_my_page_leads_to_the_public_one_and_to_the_switch() -> None:
    user = make_listed()
    client = verified_client(user)
    page = client.get(MINE).content.decode()
    assert [address in page for address in (address_of(user), "#switch-public_directory_listing")] == [True, True]
    assert "If you turn it off: Your page leaves the directory" in page
    assert client.get(f"{MINE}page/")["Location"] == address_of(user)
    switches = client.get("/practitioner/settings/gdpr/consents/").content.decode()
    assert (switches.count('id="switch-public_directory_listing"'), f"{MINE}page/" in switches) == (1, True)


def test_my_page_saves_the_choice_about_the_telephone() -> None:
    user = make_listed(phone="+33298990142")
    client = verified_client(user)
    shown = []
    for sent in ({"shows_phone": "on"}, {"shows_phone": "on"}, {}):
        assert client.post(MINE, {"csrf": "x", **sent})["Location"] == MINE
        shown.append("tel:+33298990142" in Client().get(address_of(user)).content.decode())
    assert shown == [True, True, False]


def test_my_page_is_for_practitioners() -> None:
    assert [verified_client(make_account()).get(path).status_code for path in (MINE, f"{MINE}page/")] == [404, 404]
    assert Client().get(MINE).status_code == 302
