"""The wordings of the confidentiality agreement: dated files that are never edited, only followed by newer ones (MD-41).

``agreement_texts/<day>.<language>.md``; the manifest holds the SHA-256 of each, and PostgreSQL keeps every published one.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent / "agreement_texts"
LANGUAGES: Final = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Wording:
    """One version in one language; ``number`` counts the versions from 1."""

    language: str
    number: int
    effective_on: date
    content: str

    @property
    def address(self) -> str:
        """The SHA-256 of the exact bytes, as 64 hexadecimal digits."""
        return sha256(self.content.encode()).hexdigest()

    @property
    def title(self) -> str:
        """Its heading."""
        return self.content.partition("\n")[0].removeprefix("title: ")

    @property
    def body(self) -> str:
        """What is signed, without the heading."""
        return self.content.partition("\n\n")[2]


@cache
def wordings(root: Path = ROOT) -> tuple[Wording, ...]:
    """Every wording on file, oldest first."""
    return tuple(
        Wording(language, number, date.fromisoformat(path.name.split(".")[0]), path.read_text())
        for language in LANGUAGES
        for number, path in enumerate(sorted(root.glob(f"*.{language}.md")), start=1)
    )


def in_force(on: date, language: str = "en") -> Wording:
    """The wording in force on a day, English for a language that has none. Raises LookupError before the first."""
    wanted = language if language in LANGUAGES else LANGUAGES[0]
    held = [one for one in wordings() if one.language == wanted and one.effective_on <= on]
    if not held:
        raise LookupError(f"no confidentiality agreement was in force on {on}")
    return held[-1]


def tampered(root: Path = ROOT) -> list[str]:
    """Names of the files whose bytes aren't those the manifest names, and of those it doesn't know."""
    known: dict[str, str] = json.loads((root / "manifest.json").read_text())
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in root.glob("*.md")}
    return sorted(name for name in known.keys() | found.keys() if known.get(name) != found.get(name))
