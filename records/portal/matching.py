"""Whether what a person typed names the patient of a file. Pure, and deaf to accents, capitals and hyphens."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from hmac import compare_digest
from typing import Final

DAY: Final = len("2026-11-22")


def folded(name: str | None) -> str:
    """Letters of a name in lower case without accents; everything between them is one blank."""
    plain = unicodedata.normalize("NFKD", (name or "").casefold())
    letters = "".join(one if one.isalnum() else " " for one in plain if not unicodedata.combining(one))
    return " ".join(letters.split())


def is_identified(held: Mapping[str, str | None]) -> bool:
    """Whether the file says enough to tell its patient: a whole birth date, a surname, a given name."""
    surname = held.get("surname") or held.get("birth_name")
    return len(held.get("birth_date") or "") == DAY and bool(folded(surname)) and bool(folded(held.get("given_names")))


def names_patient(held: Mapping[str, str | None], *, surname: str, given_names: str, birth_date: date) -> bool:
    """The birth date is the file's, the surname one of its two, the first given name its first.

    All three are compared whatever the first ones say, so that the time taken tells nothing.
    """
    if not is_identified(held):
        return False
    surnames = {folded(held.get("surname")), folded(held.get("birth_name"))} - {""}
    by_surname = [compare_digest(one.encode(), folded(surname).encode()) for one in sorted(surnames)]
    first = folded(held.get("given_names")).split()[0]
    typed = (folded(given_names).split() or [""])[0]
    by_given = compare_digest(first.encode(), typed.encode())
    by_date = compare_digest((held.get("birth_date") or "").encode(), birth_date.isoformat().encode())
    return any(by_surname) & by_given & by_date
