"""Patients are found by name, birth date, phone and e-mail, without plaintext in the database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.ids import new_id
from vault import index
from vault.models import IndexKey

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]


@pytest.fixture
def own() -> index.Index:
    return index.Index(new_id())


def found(own: index.Index, kind: str, stored: str, typed: str) -> bool:
    return set(own.query(kind, typed)) <= set(own.tokens(kind, stored))


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Lebœuf", "leboeuf"),
        ("Éloïse Noël", "eloise NOEL"),
        ("Jean-Pierre", "pierre"),
        ("Jean-Pierre", "jeanpi"),
        ("D'Artagnan", "dartagnan"),
        ("D’Artagnan", "artag"),
        ("Müller Straße", "muller strasse"),
        ("O", "o"),
        ("שָׁלוֹם כהן", "שלום"),
        ("צ׳רצ׳יל", "צרציל"),
        ("Wolfeschlegelsteinhausen", "wolfeschlegelstein"),
        ("Nguyễn Thị", "nguyen thi"),
        ("ŁUKASZ", "lukasz"),
    ],
)
def test_name_is_found_as_people_type_it(stored: str, typed: str, own: index.Index) -> None:
    assert found(own, "name", stored, typed)


@pytest.mark.parametrize(
    ("stored", "typed"), [("Martin", "artin"), ("Martin", "martine"), ("Martin", "m"), ("Jean Martin", "jean paul")]
)
def test_name_is_not_found_by_what_it_does_not_begin_with(stored: str, typed: str, own: index.Index) -> None:
    assert not found(own, "name", stored, typed)


@pytest.mark.parametrize(
    "typed",
    ["0612345678", "06 12 34 56 78", "06.12.34.56.78", "+33 6 12 34 56 78", "0033612345678", "+33 (0)6 12 34 56 78"],
)
def test_phone_is_the_same_in_every_notation(typed: str, own: index.Index) -> None:
    assert own.query("phone", typed) == own.tokens("phone", "+33612345678")


def test_israeli_phone_is_the_same_in_both_notations(own: index.Index) -> None:
    assert own.query("phone", "050-123-4567") == own.tokens("phone", "+972 50-123-4567")


@pytest.mark.parametrize("typed", ["1980-02-29", "29/02/1980", "29.2.1980", "29-02-1980"])
def test_birth_date_is_the_same_in_every_notation(typed: str, own: index.Index) -> None:
    assert own.query("birth_date", typed) == own.tokens("birth_date", "1980-02-29")


def test_impossible_birth_date_matches_no_day(own: index.Index) -> None:
    assert own.query("birth_date", "31/02/1980") != own.tokens("birth_date", "1980-02-29")


def test_email_ignores_case(own: index.Index) -> None:
    assert own.query("email", " Rosa@Example.ORG ") == own.tokens("email", "rosa@example.org")


def test_initial_is_the_first_letter_without_accent(own: index.Index) -> None:
    assert own.query("initial", "e") == own.tokens("initial", " Éloïse Noël")


def test_empty_value_has_no_token(own: index.Index) -> None:
    assert [own.tokens(kind, " ") for kind in ("name", *index.EXACT)] == [[], [], [], [], []]


def test_unknown_kind_is_named(own: index.Index) -> None:
    with pytest.raises(ValueError, match="no search by diagnosis"):
        own.tokens("diagnosis", "x")


def test_kinds_and_practices_never_compare(own: index.Index) -> None:
    one = own.tokens("email", "1980-02-29")
    assert one != own.tokens("birth_date", "1980-02-29")
    assert one != index.tokens(new_id(), "email", "1980-02-29")


def test_practice_keeps_its_key(own: index.Index) -> None:
    practice = new_id()
    assert index.tokens(practice, "name", "Rosa") == index.tokens(practice, "name", "Rosa")
    assert index.query_tokens(practice, "name", "Ro")[0] in index.tokens(practice, "name", "Rosa")
    assert IndexKey.objects.filter(practice_id=practice).count() == 1


@given(st.text(max_size=40))
def test_every_name_finds_itself(name: str) -> None:
    assert {word[:12] for word in index.words(name)} <= index.name_prefixes(name)


@given(st.text(max_size=40))
def test_phone_never_fails(text: str) -> None:
    assert isinstance(index.phone_number(text), str)
