"""The forms a word can take where it was stored: case, accents, encodings, escapes. Pure."""

import base64
import html
import json
import quopri
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Final
from unicodedata import normalize
from urllib.parse import quote, unquote_plus
from uuid import UUID

SHORTEST: Final = 5
"""Characters a token must have: a shorter one stands in other people's words, and by chance in sealed bytes."""
BEGINNING: Final = 5
"""Bytes of a needle that are looked for before the whole of it is."""
RARE: Final = 6
"""Characters of base64 that don't come up by chance."""

_MARKS = re.compile("[\u0300-\u036f]+")
_ESCAPED = re.compile(r"\\+u([0-9a-fA-F]{4})|\\+x([0-9a-fA-F]{2})")
_ENCODED_WORDS = re.compile(r"(?:=\?[\w-]+\?[bqBQ]\?[^?\s]*\?=\s*)+")
_PRINTED = re.compile(
    rb"(?:[\t\r\n -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){5,}"
)
"""Where escapes can be: runs of characters. Sealed bytes have few."""
_LINE_ENDS = re.compile(rb"\r?\n[ \t]?")


def fold(text: str) -> str:
    """``text`` without case and accents, however they were composed."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", normalize("NFKD", text)).casefold()


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


def _unquote_header(text: str) -> str:
    """The encoded words of a mail's header, joined."""
    return _ENCODED_WORDS.sub(_header_words, text)


def _header_words(found: re.Match[str]) -> str:
    try:
        return str(make_header(decode_header(found[0])))
    except (HeaderParseError, LookupError, UnicodeError):
        return found[0]


def _unquote_mail(text: str) -> str:
    return quopri.decodestring(text.encode("utf-8", "surrogatepass")).decode("utf-8", "ignore")


# The marks without which an escape can't be there, what it looks like, and how it is read.
READERS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...]] = (
    ("\\", _ESCAPED, _unescape),
    ("%+", re.compile("%[0-9a-fA-F]{2}|[a-zA-Z][+][a-zA-Z]"), unquote_plus),
    ("&", re.compile("&#?[a-zA-Z0-9]+;"), html.unescape),
    ("=", _ENCODED_WORDS, _unquote_header),
    ("=", re.compile("=(?:[0-9a-fA-F]{2}|\r?\n)"), _unquote_mail),
)


def readings(data: bytes) -> Iterator[str]:
    """``data`` as folded text: as it stands, without line ends, and with each escape undone after the other."""
    text = data.decode("utf-8", "ignore")
    yield fold(text)
    joined = _LINE_ENDS.sub(b"", data)
    if len(joined) != len(data):
        yield fold(joined.decode("utf-8", "ignore"))
    if not any(_shows(marks, sign, text) for marks, sign, _read in READERS):
        return
    printed = b"\n".join(_PRINTED.findall(data)).decode("utf-8", "ignore")
    for marks, sign, read in READERS:
        if _shows(marks, sign, printed):
            printed = read(printed)
            yield fold(printed)


def _shows(marks: str, sign: re.Pattern[str], text: str) -> bool:
    """Whether an escape may be there; the marks are looked for first, as that is fast."""
    return any(mark in text for mark in marks) and sign.search(text) is not None


@dataclass(frozen=True, slots=True)
class _Token:
    folded: str
    exact: tuple[bytes, ...]
    """Encodings in which case counts: base64."""
    lowered: tuple[bytes, ...]
    """Encodings that stand in lower-cased bytes: hexadecimal, UTF-16, Latin-1, a raw identifier."""


class Needles:
    """The tokens, ready to be looked for."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = tuple(dict.fromkeys(token.strip() for token in tokens))
        for token in self.tokens:
            if len(fold(token)) < SHORTEST:
                raise ValueError(f"a token needs at least {SHORTEST} characters: a shorter one finds other people too")
        self._ready = [_ready(token) for token in self.tokens]
        self._exact = _beginnings(needle for one in self._ready for needle in one.exact)
        self._lowered = _beginnings(needle for one in self._ready for needle in one.lowered)
        self.longest = max((len(needle) for one in self._ready for needle in (*one.exact, *one.lowered)), default=0)

    def found_in(self, data: bytes) -> set[str]:
        """The tokens that stand in ``data`` in whatever form."""
        small, joined = data.lower(), _LINE_ENDS.sub(b"", data)
        coded, encoded = bool(self._exact.search(joined)), bool(self._lowered.search(small))
        ready = tuple(zip(self.tokens, self._ready, strict=True))
        found = {
            token
            for token, one in ready
            if (encoded and any(needle in small for needle in one.lowered))
            or (coded and any(needle in joined for needle in one.exact))
        }
        for text in readings(data):
            found |= {token for token, one in ready if one.folded in text}
        return found


def _beginnings(needles: Iterable[bytes]) -> re.Pattern[bytes]:
    """Matches where one of the needles may begin: one pass over the data instead of one for each needle."""
    return re.compile(_branches({needle[:BEGINNING] for needle in needles}), re.DOTALL)


def _branches(words: set[bytes]) -> bytes:
    """The words as one expression in which no two branches begin alike."""
    if not words or b"" in words:
        return b""
    tails: dict[bytes, list[bytes]] = {}
    for first in sorted({word[:1] for word in words}):
        tail = _branches({word[1:] for word in words if word[:1] == first})
        tails.setdefault(tail, []).append(re.escape(first))
    return b"(?:" + b"|".join(b"(?:" + b"|".join(firsts) + b")" + tail for tail, firsts in tails.items()) + b")"


def _ready(token: str) -> _Token:
    spellings = {form for case in _cases(token) for form in (case, *_composed(case))}
    encoded = {form for text in spellings for form in _escapes(text)}
    exact = {part for data in encoded for part in _base64(data)}
    lowered = {data.hex().encode() for data in encoded} | _raw(token)
    for text in spellings:
        wide = [text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("latin-1", "ignore")]
        lowered |= {data.lower() for data in wide} | {data.hex().encode() for data in wide}
    return _Token(fold(token), tuple(sorted(exact)), tuple(sorted(part for part in lowered if len(part) >= SHORTEST)))


def _cases(token: str) -> set[str]:
    return {token, token.lower(), token.upper(), token.title()}


def _composed(text: str) -> set[str]:
    return {normalize("NFC", text), normalize("NFD", text), _MARKS.sub("", normalize("NFD", text))}


def _escapes(text: str) -> set[bytes]:
    """``text`` as it may have been written before it was encoded as a whole."""
    return {text.encode(), json.dumps(text)[1:-1].encode(), quote(text).encode(), html.escape(text).encode()}


def _base64(data: bytes) -> set[bytes]:
    """The part of the base64 that depends on ``data`` alone, at each of the three places it can begin, in both alphabets."""
    found = set()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        part = whole[(0, 2, 3)[before] : (before + len(data)) * 8 // 6]
        if len(part) >= RARE:
            found |= {part, part.translate(bytes.maketrans(b"+/", b"-_"))}
    return found


def _raw(token: str) -> set[bytes]:
    """An identifier as its sixteen bytes."""
    try:
        return {UUID(token).bytes.lower()}
    except ValueError:
        return set()
