"""The second look at a text whose names were taken out: whatever might still name somebody keeps the text out. Pure.

The first look (:mod:`privacy.pseudonyms`) hides what the file knows and what has the shape of an identifier. This one knows nobody:
it asks which words with a capital letter are written about fewer than eleven patients of the set, and what has a suspicious shape.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from privacy.pseudonyms import TOKEN, folded

WORD: Final = re.compile(r"[^\W\d_]+")
SHAPES: Final = re.compile(
    r"@|://|www\.|\d{5,}|\d{2}(?:[ .\u00a0-]\d{2}){3}|\d{3}(?:[ .\u00a0-]\d{3}){2}", re.IGNORECASE
)
"""Of addresses, links, postal codes and numbers of people; blood pressures, doses and temperatures are shorter."""
PLAIN: Final = frozenset(
    "bpco bmi bp ca covid crp ct ecg eeg er fc hba hta ih im imc inr iv ir irm mg mri nfs or pa po rai ras rx sa se spo ta tdm tsh ttt urgent"
    " pas patient patiente consultation examen douleur douleurs toux fievre depuis traitement repos controle auscultation tension".split()
)  # fmt: skip
"""What notes write in capitals or begin with, folded: abbreviations of medicine and words that are no name."""


class Doubt(StrEnum):
    """Why a text stays out."""

    SHAPE = "shape"
    """A number, link or address that the first look left."""
    SCRIPT = "script"
    """Letters without capitals: nothing tells a name from a word."""
    WORD = "word"
    """A word with a capital letter that too few patients' texts have."""


class Looked(Protocol):
    """A text as the second look sees it."""

    @property
    def person(self) -> str:
        """Whose it is, within this set."""

    @property
    def capitals(self) -> Collection[str]:
        """:func:`capitals_of` it."""


SomeText = TypeVar("SomeText", bound=Looked)


def doubt_at_once(text: str) -> Doubt | None:
    """What can be said of a text by itself."""
    left = TOKEN.sub(" ", text)
    if SHAPES.search(left):
        return Doubt.SHAPE
    if any(letter.isalpha() and letter.lower() == letter.upper() and letter not in "ªº" for letter in left):
        return Doubt.SCRIPT
    return None


def capitals_of(text: str) -> set[str]:
    """The words with a capital letter anywhere in them, folded; single letters and plain words aside."""
    words = WORD.findall(TOKEN.sub(" ", text))
    found = {folded(word)[0] for word in words if len(word) > 1 and any(letter.isupper() for letter in word)}
    return found - PLAIN


def settled(texts: Iterable[SomeText], least: int) -> list[SomeText]:
    """Those whose capital words are each written about ``least`` patients or more, counted among those that stay."""
    kept = list(texts)
    while True:
        common = _common(kept, least)
        left = [text for text in kept if common.issuperset(text.capitals)]
        if len(left) == len(kept):
            return kept
        kept = left


def _common(texts: Iterable[Looked], least: int) -> set[str]:
    of_person: dict[str, set[str]] = {}
    for text in texts:
        of_person.setdefault(text.person, set()).update(text.capitals)
    return {word for word, persons in _counted(of_person).items() if persons >= least}


def _counted(of_person: Mapping[str, Collection[str]]) -> Counter[str]:
    return Counter(word for words in of_person.values() for word in words)
