"""What left about a person, in words: to which service, on which ground, with which kinds of data (MD-46)."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from adapters import queries
from adapters.grounds import NECESSITIES
from adapters.models import Outcome
from privacy.declare import Category
from privacy.patient_keys import EVERY_KEY
from privacy.register import CATEGORIES
from privacy.subprocessors import VERSIONS

SHOWN: Final = 20
_NAMES: Final = {entry.key: entry.name for version in VERSIONS for entry in version.entries}


def about(account_id: UUID, number: int = SHOWN) -> list[dict[str, Any]]:
    """The newest lines about an account, in two queries."""
    found = list(queries.about(account_id)[:number])
    ended = queries.outcomes_of(found)
    return [
        {
            "at": line.at,
            "service": _NAMES.get(line.subprocessor, line.subprocessor),
            "ground": ground_in_words(line.ground),
            "categories": categories_in_words(line.categories),
            "arrived": line.pk in ended and ended[line.pk].outcome == Outcome.DELIVERED,
            "stand_in": line.stand_in,
        }
        for line in found
    ]


def ground_in_words(name: str) -> str:
    """A ground of the egress journal as people read it."""
    if basis := NECESSITIES.get(name):
        return f"{_(basis.words)} ({_(basis.article)})"
    return " + ".join(_slots(name))


def _slots(name: str) -> Iterator[str]:
    for slot in name.split("+"):
        key, _dot, child = slot.partition(".")
        law = EVERY_KEY.get(key)
        if law is None:
            yield slot
        elif child in {one.key for one in law.children}:
            yield f"{_(law.title)}: {_NAMES.get(child, child)}"
        else:
            yield _(law.title)


def categories_in_words(names: str) -> str:
    """Kinds of data, as the journal writes them, in words."""
    return ", ".join(_(CATEGORIES[Category(name)]) for name in names.split(",") if name)
