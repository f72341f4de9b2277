"""Search without plaintext: keyed tokens of names, birth dates, phones and e-mail addresses.

The database holds tokens (HMAC-SHA256 under the practice's own key, cut to 12 bytes) of each value
and of each beginning of a name's words. Equal words give equal tokens inside one practice only, so
tokens of two practices never compare. What a token can't tell apart, the caller filters after opening.
"""

import hmac
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from uuid import UUID

import phonenumbers
from django.db import IntegrityError, transaction

from vault import master
from vault.models import IndexKey

TOKEN_BYTES = 12
SHORTEST_PREFIX = 2
LONGEST_PREFIX = 12
WORD = re.compile(r"\w+")
JOINERS = re.compile(r"['’ʼ׳״\"\-‐‑.]")
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
DAY_FIRST = re.compile(r"(\d{1,2})[./\- ](\d{1,2})[./\- ](\d{4})")
REGION = "FR"


def fold(text: str) -> str:
    """Without case, accents, vowel points and ligatures: "Lebœuf-Éloïse" and "LEBOEUF-ELOISE" are the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(LIGATURES))
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def words(text: str) -> list[str]:
    """The folded words of a name, in order."""
    return WORD.findall(JOINERS.sub(" ", fold(text)))


def name_prefixes(text: str) -> set[str]:
    """The beginnings under which a name is found: of each word, and of hyphenated words written as one."""
    joined = [JOINERS.sub("", chunk) for chunk in fold(text).split()]
    every = [*words(text), *(word for chunk in joined for word in WORD.findall(chunk))]
    return {word[:length] for word in every for length in _lengths(word)}


def phone_number(text: str) -> str:
    """The national number without prefix or zero: +33 6 12 34 56 78, 0033 6… and 06 12 34 56 78 are the same."""
    dialled = re.sub(r"^\s*00", "+", text)
    try:
        return str(phonenumbers.parse(dialled, REGION).national_number)
    except phonenumbers.NumberParseException:
        return "".join(filter(str.isdigit, text))


def birth_date(text: str) -> str:
    """ISO form of a day written 1980-02-29 or 29/02/1980; other text as it stands."""
    found = DAY_FIRST.fullmatch(text.strip())
    if not found:
        return text.strip()
    day, month, year = map(int, found.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text.strip()


def email(text: str) -> str:
    """The address without case and outer spaces."""
    return text.strip().casefold()


def initial(text: str) -> str:
    """The folded first letter, for an index from A to Z."""
    return next((word[0] for word in words(text)), "")


EXACT: dict[str, Callable[[str], str]] = {
    "birth_date": birth_date,
    "phone": phone_number,
    "email": email,
    "initial": initial,
}


class Index:
    """The tokens of one practice. Fetches the practice's key once; keep it no longer than the work at hand."""

    def __init__(self, practice_id: UUID) -> None:
        self._key = hmac_key(practice_id)

    def tokens(self, kind: str, text: str) -> list[bytes]:
        """All tokens to store for a value, sorted; none for an empty one. Raises ValueError for an unknown kind."""
        return sorted(self._token(kind, word) for word in _stored(kind, text))

    def query(self, kind: str, text: str) -> list[bytes]:
        """The tokens that a row must all hold (``@>``) to match what was typed."""
        wanted = {word[:LONGEST_PREFIX] for word in words(text)} if kind == "name" else _stored(kind, text)
        return sorted(self._token(kind, word) for word in wanted)

    def _token(self, kind: str, word: str) -> bytes:
        return hmac.digest(self._key, f"{kind}|{word}".encode(), "sha256")[:TOKEN_BYTES]


def tokens(practice_id: UUID, kind: str, text: str) -> list[bytes]:
    """The tokens to store for one value; for many values keep an :class:`Index`."""
    return Index(practice_id).tokens(kind, text)


def query_tokens(practice_id: UUID, kind: str, text: str) -> list[bytes]:
    """The tokens to search with."""
    return Index(practice_id).query(kind, text)


def hmac_key(practice_id: UUID) -> bytes:
    """The practice's index key; the first to ask makes it."""
    found = IndexKey.objects.filter(practice_id=practice_id).first()
    return master.unwrap(found or _made(practice_id))


def _made(practice_id: UUID) -> IndexKey:
    key = IndexKey(practice_id=practice_id)
    master.new_key(key)
    try:
        with transaction.atomic(using="keys"):
            key.save(force_insert=True)
    except IntegrityError:
        return IndexKey.objects.get(practice_id=practice_id)
    return key


def _stored(kind: str, text: str) -> set[str]:
    if kind == "name":
        return name_prefixes(text)
    if kind not in EXACT:
        raise ValueError(f"there is no search by {kind}: use name, {', '.join(EXACT)}")
    value = EXACT[kind](text)
    return {value} if value else set()


def _lengths(word: str) -> range:
    """From two letters (a one-letter word as it is) to twelve: longer queries are cut to twelve."""
    return range(min(SHORTEST_PREFIX, len(word)), min(len(word), LONGEST_PREFIX) + 1)
