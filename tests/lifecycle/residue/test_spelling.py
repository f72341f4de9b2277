"""The forms in which a word is recognised, and what isn't it."""

import base64
import html
import io
import json
import quopri
import random
from collections.abc import Callable
from email.header import Header
from unicodedata import normalize
from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lifecycle.residue.searching import Search
from lifecycle.residue.spelling import BEGINNING, Needles, _beginnings

TOKEN = "Éloïse d'Aubigné"
FORMS: dict[str, Callable[[str], bytes]] = {
    "text": str.encode,
    "upper case": lambda text: text.upper().encode(),
    "lower case": lambda text: text.lower().encode(),
    "without accents": lambda text: b"eloise D'AUBIGNE",
    "decomposed": lambda text: normalize("NFD", text).encode(),
    "latin-1": lambda text: text.encode("latin-1"),
    "latin-1 in capitals": lambda text: text.upper().encode("latin-1"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16 in capitals, big end first": lambda text: text.upper().encode("utf-16-be"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "hexadecimal in capitals": lambda text: text.lower().encode().hex().upper().encode(),
    "address": lambda text: quote(text).encode(),
    "form": lambda text: quote_plus(text.upper()).encode(),
    "json": lambda text: json.dumps({"a": text}).encode(),
    "json in json": lambda text: json.dumps(json.dumps({"a": text})).encode(),
    "html": lambda text: html.escape(text).encode(),
    "html entities": lambda text: text.encode("ascii", "xmlcharrefreplace"),
    "html names": lambda text: b"&Eacute;lo&iuml;se d&#x27;Aubign&eacute;",
    "quoted-printable": lambda text: quopri.encodestring(b"x" * 66 + text.encode()),
    "header of a mail": lambda text: Header("Rendez-vous de bonne heure avec " + text, "utf-8").encode().encode(),
    "quoted header of a mail": lambda text: b"=?utf-8?q?Rendez-vous_de_=C3=89lo=C3=AFse_d'Aubi?=\n =?utf-8?q?gn=C3=A9?=",
    "base64 of json": lambda text: base64.b64encode(json.dumps({"ab": text}).encode()),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(b"??>" + text.upper().encode() + b"??>"),
    "base64 in lines": lambda text: base64.encodebytes(b"12" + b"x" * 45 + text.encode() + b"y" * 60),
    **{f"base64 at {n}": lambda text, n=n: base64.b64encode(b"\xfb" * n + text.encode() + b"\xff" * 4) for n in range(3)},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_recognised(form: str) -> None:
    needles = Needles([TOKEN, "somebody else"])
    assert needles.found_in(b"before \xff\x00 " + FORMS[form](TOKEN) + b"\x00 after") == {TOKEN}


@pytest.mark.parametrize("form", FORMS)
def test_another_word_in_the_same_form_is_not(form: str) -> None:
    if form in ("without accents", "html names", "quoted header of a mail"):
        pytest.skip("a form written out by hand")
    assert Needles([TOKEN]).found_in(FORMS[form]("Éloïse d'Aubignac")) == set()


@given(some.text(min_size=5, max_size=30).filter(lambda text: len(text.strip()) >= 5), some.binary(max_size=20))
def test_whatever_the_word_it_is_found_as_text_and_in_base64(word: str, before: bytes) -> None:
    try:
        needles = Needles([word])
    except ValueError:
        return  # marks alone: nothing is left of it
    assert needles.found_in(before + word.encode() + b"z") == {word.strip()}
    assert needles.found_in(base64.b64encode(before + word.encode() + b"z")) == {word.strip()}


def test_sealed_bytes_hold_no_word_by_chance() -> None:
    noise = random.Random(7).randbytes(4_000_000)  # noqa: S311 - the same noise each time
    assert Needles(["roux@", "Martin", "10987654321"]).found_in(noise) == set()


def test_an_identifier_is_recognised_as_its_bytes() -> None:
    token = "0199f2a0-1111-7222-8333-4444555566AB"
    assert Needles([token]).found_in(b"x" + UUID(token).bytes + b"y") == {token}


def test_too_short_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 5 characters"):
        Needles(["Martin", " Léa "])


def test_a_word_over_the_border_of_two_pieces_is_found() -> None:
    for start in range(1024 * 1024 - 20, 1024 * 1024 + 5):
        stream = io.BytesIO(b"x" * start + TOKEN.encode() + b"y" * 5)
        assert Search([TOKEN]).tokens_in_stream(stream) == {TOKEN}


@given(some.lists(some.binary(min_size=1, max_size=8), min_size=1, max_size=30), some.binary(max_size=200))
def test_beginnings_miss_no_needle(needles: list[bytes], data: bytes) -> None:
    pattern = _beginnings(needles)
    for needle in needles:
        assert pattern.search(data + needle + b"\n")
    assert bool(pattern.search(data)) == any(needle[:BEGINNING] in data for needle in needles)
