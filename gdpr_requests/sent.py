"""What left about a person, in words: to which service, on which ground, with which kinds of data (MD-46)."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from adapters import queries
from adapters.grounds import NECESSITIES
from privacy import payers
from privacy.declare import Category
from privacy.patient_keys import EVERY_KEY
from privacy.register import CATEGORIES
from privacy.subprocessors import names as names_of_subprocessors

SHOWN: Final = 20
_PAYERS: Final = {
    payers.MADE_UP.key: payers.MADE_UP.name,
    **{one.key: one.name for listed in payers.VERSIONS for one in listed.entries},
}


def names(day: date) -> dict[str, str]:
    """What everybody is called who may have received something by ``day``, by key."""
    return _PAYERS | names_of_subprocessors(day)


def about(account_id: UUID, *, day: date) -> list[dict[str, Any]]:
    """The newest lines about an account, as it reads on ``day``."""
    return _shown(queries.with_arrival(queries.about(account_id))[:SHOWN], names(day))


def about_patient(account_id: UUID, file_ids: Collection[UUID], *, day: date) -> list[dict[str, Any]]:
    """The newest lines about a patient's account and files, each by its own index."""
    ways = (queries.about(account_id), queries.about_files(file_ids))
    found = {line.pk: line for way in ways for line in queries.with_arrival(way)[:SHOWN]}
    return _shown(sorted(found.values(), key=lambda line: -line.pk)[:SHOWN], names(day))


def about_file(file_id: UUID, *, day: date) -> list[dict[str, Any]]:
    """All lines about one patient's file that are still kept."""
    return _shown(queries.with_arrival(queries.about_files([file_id])), names(day))


def _shown(lines: Iterable[Any], called: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "at": line.at,
            "service": called.get(line.subprocessor, line.subprocessor),
            "ground": ground_in_words(line.ground, called),
            "categories": categories_in_words(line.categories),
            "arrived": line.arrived,
            "stand_in": line.stand_in,
        }
        for line in lines
    ]


def ground_in_words(name: str, called: Mapping[str, str]) -> str:
    """A ground of the egress journal as people read it; ``called``: the names of the services by key."""
    if basis := NECESSITIES.get(name):
        return f"{_(basis.words)} ({_(basis.article)})"
    return " + ".join(_slots(name, called))


def _slots(name: str, called: Mapping[str, str]) -> Iterator[str]:
    for slot in name.split("+"):
        key, _dot, child = slot.partition(".")
        law = EVERY_KEY.get(key)
        if law is None:
            yield slot
        elif child in {one.key for one in law.children}:
            yield f"{_(law.title)}: {called.get(child, child)}"
        else:
            yield _(law.title)


def categories_in_words(names: str) -> str:
    """Kinds of data, as the journal writes them, in words; a call without any carries a service's own numbers or tokens."""
    return ", ".join(_(CATEGORIES[Category(name)]) for name in names.split(",") if name) or _("No data about anybody")
