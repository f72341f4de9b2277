"""Finding patients without plaintext in the database: keyed tokens, per practice (PC-80)."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from vault.index import Index, words

NAMES: Final = ("surname", "birth_name", "given_names")
EXACT: Final = ("birth_date", "phone", "email")
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DAY: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d{2}-\d{2}")
PHONE_DIGITS: Final = 6

Values = Mapping[str, str | None]


def tokens_of(practice_id: UUID, values: Values) -> list[bytes]:
    """What a file can be found by: beginnings of its names, its birth date, phone and e-mail."""
    index = Index(practice_id)
    found = {token for name in NAMES for token in index.tokens("name", values.get(name) or "")}
    for kind in EXACT:
        found.update(index.tokens(kind, values.get(kind) or ""))
    found.update(index.tokens("initial", filed_under(values)))
    return sorted(found)


def filed_under(values: Values) -> str:
    """What the A to Z index files the patient under: the first name that there is."""
    return next((text for name in NAMES if (text := values.get(name))), "")


def query_tokens(practice_id: UUID, text: str) -> list[bytes]:
    """The tokens a file must hold to fit ``text``; none when nothing in it can be looked for."""
    index = Index(practice_id)
    if len(letters := text.strip()) == 1 and letters.isalpha():
        return index.query("initial", letters)
    if _is_phone(text):
        return index.query("phone", text)
    return [token for word in text.split() for token in index.query(_kind(word), word)]


def letter_tokens(practice_id: UUID, letter: str) -> list[bytes]:
    """The token of everybody filed under ``letter``."""
    return Index(practice_id).query("initial", letter)


def twin_tokens(practice_id: UUID, values: Values) -> list[bytes]:
    """What a file of the same person would hold: the surname's words and the birth date.

    Empty without both of them: half of it would make twins of strangers.
    """
    surname, born = values.get("surname") or "", values.get("birth_date") or ""
    if not words(surname) or not born:
        return []
    index = Index(practice_id)
    return [*index.query("name", surname), *index.query("birth_date", born)]


def _kind(word: str) -> str:
    if "@" in word:
        return "email"
    return "birth_date" if DAY.fullmatch(word) else "name"


def _is_phone(text: str) -> bool:
    digits = re.sub(r"[\s().+/-]", "", text)
    return digits.isdigit() and len(digits) >= PHONE_DIGITS and not DAY.fullmatch(text.strip())
