"""The dated, content-addressed texts that people see before they decide (PC-11, PC-24).

A text is a file ``texts/<key>/<day>.<language>.md``. Its address is the SHA-256 of its canonical
form; ``manifest.json`` holds the address of every file, so that none is ever edited in place: a new
wording is a new file under a new day, which may lie ahead. Pure: no Django here.
"""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from privacy.consent_keys import KEYS
from privacy.own_keys import OWN_KEYS
from privacy.patient_keys import PATIENT_KEYS

ROOT = Path(__file__).resolve().parent / "texts"
MANIFEST = ROOT / "manifest.json"
POLICY = "policy"
DECLARED_FROM = 3
"""The first version of the policy whose head must say what kind of change it is; the two before were published before anybody was told."""
MATERIAL, MINOR = "material", "minor"
LANGUAGES = ("en", "fr")


class NoText(LookupError):
    """No wording was in force on the day asked for, or a text lacks a line it must have."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The parts of a text as a page shows them; one line each, but for the body.

    ``change`` says whether it changes what was agreed to ("material") or only how it is said ("minor"), and ``news`` what
    changes, in a sentence: both are told to everybody concerned before the text is in force (MD-13).
    """

    title: str
    body: str
    on: str = ""
    off: str = ""
    purpose: str = ""
    basis: str = ""
    summary: str = ""
    change: str = ""
    news: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of one key in one language. ``number`` counts the key's versions from 1."""

    slot: str
    language: str
    effective_on: date
    number: int
    content: str

    @property
    def sha256(self) -> str:
        """The address of the text: 64 hexadecimal digits over its canonical form."""
        return digest(self.content)

    @property
    def wording(self) -> Wording:
        """The parts of the text. Raises :class:`NoText` when a head line is unknown or missing."""
        return parse(self.content)


def canonical(content: str) -> str:
    """Composed Unicode, ``\\n`` line ends, no blanks at line ends, one line end at the end."""
    lines = unicodedata.normalize("NFC", content).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"


@lru_cache(maxsize=256)
def digest(content: str) -> str:
    """The SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return sha256(canonical(content).encode()).hexdigest()


@lru_cache(maxsize=256)
def parse(content: str) -> Wording:
    """Split a text into its head (``name: line``) and its body, which a blank line divides."""
    head, _, body = canonical(content).partition("\n\n")
    lines = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
    try:
        found = Wording(body=body, **lines)
        if found.change not in ("", MATERIAL, MINOR):
            raise TypeError(f"change is {MATERIAL} or {MINOR}, not {found.change!r}")
        return found
    except TypeError as error:
        raise NoText(f"The head of this text is wrong ({error}): {head.splitlines()[0]}") from error


def slot_of(key: str, child: str = "") -> str:
    """The name of a switch: the key, or ``key.child`` for one integration."""
    return f"{key}.{child}" if child else key


@cache
def slots() -> tuple[str, ...]:
    """All switches of an account in the order of the policy: the eight keys, each followed by its children."""
    return tuple(
        slot for key in KEYS.values() for slot in (key.key, *(slot_of(key.key, child.key) for child in key.children))
    )


@cache
def every_slot() -> tuple[str, ...]:
    """All switches there are: an account's, those of its own pages, then a patient's."""
    return (*slots(), *OWN_KEYS, *PATIENT_KEYS)


def slots_beside(key: str) -> tuple[str, ...]:
    """The switches that stand in one ledger with ``key``: a patient's four, or an account's with those of its own pages."""
    return tuple(PATIENT_KEYS) if key in PATIENT_KEYS else (*slots(), *OWN_KEYS)


@cache
def catalogue(root: Path = ROOT) -> tuple[Text, ...]:
    """Every text on file, oldest first. Read once: texts don't change while the house runs."""
    return tuple(
        _read(path, number)
        for folder in sorted(path for path in root.iterdir() if path.is_dir())
        for language in LANGUAGES
        for number, path in enumerate(sorted(folder.glob(f"*.{language}.md")), start=1)
    )


def in_force(slot: str, language: str, on: date, texts: Iterable[Text] | None = None) -> Text:
    """The text of ``slot`` that holds on the day ``on``. Raises :class:`NoText` when none does.

    English stands in for a language that has no text.
    """
    wanted = language if language in LANGUAGES else LANGUAGES[0]
    held = [
        text
        for text in (catalogue() if texts is None else texts)
        if text.slot == slot and text.language == wanted and text.effective_on <= on
    ]
    if not held:
        raise NoText(f"No text of {slot} in {wanted} was in force on {on.isoformat()}")
    return max(held, key=lambda text: text.effective_on)


def of_hash(address: str, texts: Iterable[Text] | None = None) -> Text | None:
    """The text with this address, if it is on file."""
    held = catalogue() if texts is None else texts
    return next((text for text in held if text.sha256 == address), None)


def manifest(root: Path = ROOT) -> dict[str, str]:
    """The addresses as committed: file name relative to ``root`` → SHA-256."""
    committed: dict[str, str] = json.loads((root / MANIFEST.name).read_text(encoding="utf-8"))
    return committed


def addresses(root: Path = ROOT) -> dict[str, str]:
    """The addresses as the files stand now; differs from :func:`manifest` when one was edited."""
    return {
        str(path.relative_to(root)): digest(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("*.md"))
    }


def _read(path: Path, number: int) -> Text:
    day, language, _ = path.name.split(".")
    content = canonical(path.read_text(encoding="utf-8"))
    return Text(path.parent.name, language, date.fromisoformat(day), number, content)
