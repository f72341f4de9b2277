"""Text without the names in it: what is known to name somebody, and what looks as if it did, replaced by stable tokens (PC-21, PC-97).

One :class:`Pseudonyms` serves one matter: the same name gets the same token in all its texts, and the way back is in that
object alone, in memory. Comparing forgets accents, case, hyphens, spaces and invisible characters, so "DE LA FONTAINE" and
"Delafontaine" are the same name. It hides rather too much: a name that is also a word goes with every use of it. What it can't
find is a name that nobody wrote into the file and no title or kinship stands before; so its output still counts as health data.
Pure: no Django here.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import Any, Final, Never


class Kind(StrEnum):
    """What a token stands for; the word a reader of the text sees."""

    PERSON = "PERSON"
    DATE = "DATE"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    LINK = "LINK"
    NUMBER = "NUMBER"
    ADDRESS = "ADDRESS"
    MARK = "MARK"
    """A word of the text itself that looks like a token."""


@dataclass(frozen=True, slots=True)
class Known:
    """Something that names somebody in this matter, as the file has it."""

    kind: Kind
    text: str

    def __repr__(self) -> str:
        return f"<Known {self.kind}>"


TOKEN: Final = re.compile(r"\[(?:" + "|".join(Kind) + r")-\d+\]")
GAP: Final = r"[\W_]{0,3}"
"""Between the words of one name: nothing, a hyphen, an apostrophe, spaces."""
BEFORE: Final = r"(?<![^\W_])"
AFTER: Final = r"(?![^\W_])"
ALIKE: Final = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "œ": "oe", "æ": "ae", "ı": "i", "ħ": "h"}
PARTICLES: Final = frozenset(
    "a al am an aux bin ben d da das de del della den der des di do dos du e el et i il l la las le les lo los"
    " of o saint sainte san st ste the und van von y zu zum zur".split()
)
"""Parts of names that are words on their own: hidden with the name, not alone."""
STREETS: Final = frozenset(
    "allee avenue av bis boulevard bd chaussee chemin cite cours cour etage faubourg impasse lieu dit passage place"
    " quai quartier residence rond point route rue square ter villa street road lane batiment bat escalier appartement"
    " appt cedex france".split()
)
_MONTHS: Final = (
    "janvier|janv|fevrier|fevr|fev|mars|avril|avr|mai|juin|juillet|juil|aout|septembre|sept|octobre|oct|novembre|nov|decembre|dec"
    "|january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sep|october|november|december"
)
_KIN: Final = (
    "epouse|epoux|mari|femme|conjointe?|compagne|compagnon|mere|pere|maman|papa|fille|fils|soeur|frere|tante|oncle|grand-mere"
    "|grand-pere|cousine?|niece|neveu|belle-mere|beau-pere|voisine?|tuteur|tutrice"
    "|wife|husband|partner|mother|father|daughter|son|sister|brother|aunt|uncle|grandmother|grandfather|niece|nephew|guardian"
)
_TITLES: Final = r"mme|mmes|mlle|monsieur|madame|mademoiselle|docteur|professeur|dr|pr|mr|mrs|ms|miss|doctor|professor|maitre|m(?=\.)|mm"

# Looked for in the folded text (lower case, no accents).
_WHOLE: Final = tuple(
    (kind, re.compile(pattern), "")
    for kind, pattern in (
        (Kind.EMAIL, r"[\w.+%'-]+\s?@\s?[\w-]+(?:\.[\w-]+)+"),
        (Kind.LINK, r"(?:https?://|ftp://|www\.)[^\s<>\"']+"),
        (Kind.LINK, BEFORE + r"(?:[\w-]+\.)+(?:fr|com|org|net|eu|be|ch|lu|de|io|health|info)" + AFTER + r"(?:/[^\s<>\"']*)?"),
    )
)  # fmt: skip
_SHAPES: Final = tuple(
    (kind, re.compile(pattern), "")
    for kind, pattern in (
        # INS and NIR (13 characters and a key), grouped or not; Corsica has a letter.
        (Kind.NUMBER, BEFORE + r"[1-478](?:[\s.-]?\d{2}){2}[\s.-]?(?:\d{2}|2[ab])(?:[\s.-]?\d{3}){2}(?:[\s.-]?\d{2})?" + AFTER),
        (Kind.NUMBER, BEFORE + r"[a-z]{2}\d{2}(?:\s?[a-z0-9]{4}){3,7}(?:\s?[a-z0-9]{1,3})?" + AFTER),
        (Kind.DATE, BEFORE + r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:t[\d:.]+z?)?" + AFTER),
        (Kind.DATE, BEFORE + r"\d{1,2}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?(?:\d{4}|\d{2})" + AFTER),
        (Kind.DATE, BEFORE + rf"(?:\d{{1,2}}(?:er|st|nd|rd|th)?\s+(?:of\s+)?)?(?:{_MONTHS})\.?,?\s+\d{{4}}" + AFTER),
        (Kind.DATE, BEFORE + rf"\d{{1,2}}(?:er|st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})" + AFTER),
        (Kind.DATE, BEFORE + rf"(?:{_MONTHS})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?" + AFTER),
        (Kind.PHONE, r"(?<![\w+])(?:\+|00)\s?\d{1,3}(?:[\s./()-]{0,3}\d){6,12}" + AFTER),
        (Kind.PHONE, BEFORE + r"0\s?[1-9](?:[\s./-]{0,2}\d{2}){4}" + AFTER),
        (Kind.PHONE, BEFORE + r"0\d{1,3}(?:[\s./-]\d{2,3}){3}" + AFTER),
        (Kind.NUMBER, BEFORE + r"\d{7,}" + AFTER),
    )
)  # fmt: skip
# Here capital letters count: a name follows a title or a kinship.
_CAPITAL: Final = r"[^\W\d_a-zß-öø-ÿ][\w’'-]*"
_AFTER_TITLE: Final = re.compile(BEFORE + rf"(?:{_TITLES})" + AFTER + r"\.?\s+")
_AFTER_KIN: Final = re.compile(BEFORE + rf"(?:{_KIN})" + AFTER + r"\s*(?:[:,(]\s*)?")
_NAME: Final = re.compile(
    rf"(?:(?:d'|d’|de|du|la|le|van|von)\s*)*{_CAPITAL}(?:[\s-]+(?:(?:d'|d’|de|du|la|le|van|von)\s*)*{_CAPITAL}){{0,3}}"
)


Pattern = tuple[Kind, re.Pattern[str], str]


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    kind: Kind
    name: str
    """What the way back gives; empty for the text itself."""


class Pseudonyms:
    """The tokens of one matter. Prints nothing of itself, and can't be copied or stored."""

    __slots__ = ("_back", "_patterns", "_tokens")

    def __init__(self, known: Iterable[Known]) -> None:
        self._tokens: dict[tuple[Kind, str], str] = {}
        self._back: dict[str, str] = {}
        self._patterns = [one for each in dict.fromkeys(known) for one in _patterns_of(each)]

    def __repr__(self) -> str:
        return f"<Pseudonyms of {len(self._tokens)}>"

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError("The way back from pseudonyms stays in memory")

    def hide(self, text: str) -> str:
        """``text`` with a token in the place of whatever names somebody."""
        made, last = [], 0
        for found in _apart(text, self._found(text)):
            made += [text[last : found.start], self._token(found.kind, found.name)]
            last = found.end
        return "".join([*made, text[last:]])

    def restore(self, text: str) -> str:
        """``text`` with what the tokens stand for; a token that nobody gave out stays as it is."""
        return TOKEN.sub(lambda token: self._back.get(token[0], token[0]), text)

    def _token(self, kind: Kind, name: str) -> str:
        key = kind, "".join(folded(name)[0].split())
        if key not in self._tokens:
            number = 1 + sum(taken is kind for taken, _name in self._tokens)
            self._tokens[key] = token = f"[{kind}-{number}]"
            self._back[token] = name
        return self._tokens[key]

    def _found(self, text: str) -> Iterator[_Found]:
        """Everything that names, what is surest first."""
        plain, at = folded(text)

        def all_of(patterns: Iterable[Pattern]) -> Iterator[_Found]:
            for kind, pattern, name in patterns:
                for one in pattern.finditer(plain):
                    if one.end() > one.start():
                        yield _Found(at[one.start()], _past_marks(text, at[one.end() - 1] + 1), kind, name)

        yield from (_Found(*one.span(), Kind.MARK, "") for one in TOKEN.finditer(text))
        yield from all_of(_WHOLE)
        names = [one for one in self._patterns if one[0] is not Kind.DATE]
        yield from sorted(all_of(names), key=lambda found: found.start - found.end)
        yield from all_of(_SHAPES)
        yield from all_of(one for one in self._patterns if one[0] is Kind.DATE)
        for opening in (_AFTER_TITLE, _AFTER_KIN):
            for one in opening.finditer(plain):
                begin = at[one.end()] if one.end() < len(at) else len(text)
                if name := _NAME.match(text, begin):
                    yield _Found(*name.span(), Kind.PERSON, "")


def folded(text: str) -> tuple[str, list[int]]:
    """``text`` in lower case without accents and invisible characters, and from where in ``text`` each character comes."""
    made: list[str] = []
    at: list[int] = []
    for place, character in enumerate(text):
        for one in _fold(character):
            made.append(one)
            at.append(place)
    return "".join(made), at


@cache
def _fold(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""
    if unicodedata.category(character) == "Pd":
        return "-"
    if character in "’‘ʼ´`′":
        return "'"
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(ALIKE.get(one, one) for one in apart if not unicodedata.combining(one))


def _past_marks(text: str, end: int) -> int:
    """The end of a word whose last letter is followed by its accents."""
    while end < len(text) and not _fold(text[end]):
        end += 1
    return end


def _apart(text: str, found: Iterable[_Found]) -> list[_Found]:
    """In the order of the text, each character in one at most: what comes first keeps it, of what overlaps the rest is hidden too."""
    taken, apart = bytearray(len(text)), []
    for one in found:
        free = [place for place in range(one.start, one.end) if not taken[place]]
        taken[one.start : one.end] = b"\1" * (one.end - one.start)
        if len(free) == one.end - one.start:
            apart.append(one if one.name else _Found(one.start, one.end, one.kind, text[one.start : one.end]))
        else:
            apart += _pieces(text, free, one.kind)
    return sorted(apart, key=lambda each: each.start)


def _pieces(text: str, free: list[int], kind: Kind) -> Iterator[_Found]:
    """What is left of something of which a part is hidden already; blanks and commas alone name nobody."""
    for _gap, run in groupby(enumerate(free), key=lambda each: each[1] - each[0]):
        places = [place for _number, place in run]
        rest = text[places[0] : places[-1] + 1]
        if any(one.isalnum() for one in rest):
            begin = places[0] + len(rest) - len(rest.lstrip())
            yield _Found(begin, begin + len(rest.strip()), kind, rest.strip())


def _patterns_of(known: Known) -> Iterator[Pattern]:
    """The whole as it is known, then each word that names by itself."""
    words = [(folded(word)[0], word) for word in re.findall(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*", known.text)]
    words = [(plain, word) for plain, word in words if plain]
    if not words:
        return
    if known.kind in (Kind.PHONE, Kind.NUMBER):
        yield from _digits_of(known)
        return
    if known.kind is Kind.DATE:
        yield from _days_of(known)
        return
    whole = GAP.join(re.escape(plain) for plain, _word in words)
    yield known.kind, re.compile(BEFORE + whole + r"s?" + AFTER), " ".join(known.text.split())
    if known.kind is Kind.PERSON or known.kind is Kind.ADDRESS:
        yield from (
            (known.kind, re.compile(BEFORE + re.escape(plain) + r"s?" + AFTER), word)
            for plain, word in words
            if len(words) > 1 and _names_alone(plain, known.kind)
        )


def _names_alone(plain: str, kind: Kind) -> bool:
    if kind is Kind.ADDRESS:
        return len(plain) >= 4 and plain not in STREETS
    return len(plain) >= 2 and plain not in PARTICLES


def _digits_of(known: Known) -> Iterator[Pattern]:
    """A number however it is grouped; of a phone number its last nine digits, whatever stands before."""
    plain = re.sub(r"[\W_]+", "", folded(known.text)[0])
    if known.kind is Kind.PHONE and len(plain) >= 9:
        lead = r"(?:(?:(?:\+|00)[\W_]?)?\d{1,3}[\W_]{0,3}(?:0[\W_]{0,3})?|0[\W_]?)?"
        yield known.kind, re.compile(r"(?<![\w+])" + lead + GAP.join(plain[-9:]) + AFTER), known.text
    if plain:
        yield known.kind, re.compile(BEFORE + GAP.join(map(re.escape, plain)) + AFTER), known.text


def _days_of(known: Known) -> Iterator[Pattern]:
    """A known day's year; the day itself is found by how days are written."""
    yield known.kind, re.compile(BEFORE + GAP.join(map(re.escape, folded(known.text)[0])) + AFTER), known.text
    for year in re.findall(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)", known.text):
        yield known.kind, re.compile(BEFORE + year + AFTER), year
