"""Passwords known to attackers, looked up offline (promise MD-54): no password leaves the server.

The list is one file of sorted 8-byte prefixes of SHA-1 (the hash in which breach corpora are published; it protects nothing
here). It is memory-mapped, so a look-up costs about twenty comparisons and no memory. `manage.py breached_list` builds it,
either from what this package ships (Django's 20,000 common passwords, and the ways in which people stretch them to
twelve characters) or from a dump of SHA-1 hashes.
"""

import hashlib
import itertools
import mmap
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator

PREFIX_BYTES = 8
SHIPPED = Path(__file__).parent / "data" / "breached-passwords.bin"
SHORTEST = 12

YEARS = tuple(str(year) for year in range(1990, 2031))
TAILS = (
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "!",
    "!!",
    "1!",
    "123!",
    "1234!",
    *YEARS,
    *(f"{year}!" for year in YEARS),
)
WORDS_HERE = (
    "password qwerty qwertyuiop welcome letmein admin iloveyou motdepasse azerty azertyuiop bonjour soleil chocolat marseille doudou camille nicolas docteur cabinet medecin medecine hopital "
    "clinique patient sante infirmier infirmiere praticien praticonnect osteopathe dentiste pharmacie ordonnance consultation "
    "secretariat bienvenue jetaime france paris lyon toulouse israel telaviv jerusalem shalom refua rofeh administrateur"
).split()


def prefix(password: str) -> bytes:
    """The eight bytes under which a password is looked up."""
    return hashlib.sha1(password.encode(), usedforsecurity=False).digest()[:PREFIX_BYTES]


def _common_words() -> list[str]:
    return sorted(CommonPasswordValidator().passwords)


def _stems() -> Iterator[str]:
    letters = [word for word in _common_words() if word.isalpha() and 5 <= len(word) <= 11]
    yield from WORDS_HERE
    yield from itertools.islice((word for word in letters if word not in WORDS_HERE), 0, None, 12)


def shipped_passwords() -> Iterator[str]:
    """Every password of at least twelve characters that the shipped list refuses."""
    yield from (word for word in _common_words() if len(word) >= SHORTEST)
    for stem in _stems():
        doubled = stem + stem
        stretched = (word + tail for word in (stem, stem.capitalize()) for tail in TAILS)
        yield from (
            word for word in itertools.chain([doubled, doubled.capitalize()], stretched) if len(word) >= SHORTEST
        )


def write_list(prefixes: Iterable[bytes], path: Path) -> int:
    """Write the sorted file; returns how many entries it holds."""
    unique = sorted(set(prefixes))
    path.write_bytes(b"".join(unique))
    return len(unique)


class BreachedList:
    """A memory-mapped list of prefixes."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._data) // PREFIX_BYTES

    def _at(self, place: int) -> bytes:
        return self._data[place * PREFIX_BYTES : (place + 1) * PREFIX_BYTES]

    def __contains__(self, password: str) -> bool:
        wanted, low, high = prefix(password), 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._at(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        return low < len(self) and self._at(low) == wanted


@lru_cache(maxsize=2)
def _open(path: Path) -> BreachedList:
    return BreachedList(path)


def is_breached(password: str) -> bool:
    """True when the password, or its lower-case form, is on the list."""
    known = _open(Path(settings.BREACHED_LIST or SHIPPED))
    return password in known or password.lower() in known
