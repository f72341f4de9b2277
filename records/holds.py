"""What stops the clocks of patient files. Holds are kept by a layer above; it says here how they are read (LAW-03)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from privacy.retention import Hold

Holds = Mapping[UUID, tuple[Hold, ...]]
Source = Callable[[Iterable[UUID]], Holds]

_sources: list[Source] = []
Held = Callable[[], "QuerySet[Any, Any]"]
_held: list[Held] = []


def read_holds_from(source: Source) -> None:
    """Have the holds of files, live and lifted, read from ``source``; naming it twice changes nothing."""
    if source not in _sources:
        _sources.append(source)


def read_held_files_from(query: Held) -> None:
    """Have the files under a live hold read from ``query``; naming it twice changes nothing."""
    if query not in _held:
        _held.append(query)


def held_files() -> Any:
    """Ids of all files under a live hold, as a query of one column."""
    found = [query() for query in _held]
    return found[0].union(*found[1:]) if len(found) > 1 else found[0] if found else []


def is_held(file_id: UUID) -> bool:
    """Whether a live hold is on the file now."""
    return any(hold.lifted_on is None for hold in holds_of([file_id])[file_id])


def holds_of(file_ids: Iterable[UUID]) -> dict[UUID, tuple[Hold, ...]]:
    """Every hold there ever was on each of the files, live ones included; one query a source."""
    wanted = list(file_ids)
    found: dict[UUID, tuple[Hold, ...]] = dict.fromkeys(wanted, ())
    for source in _sources:
        for file_id, holds in source(wanted).items():
            found[file_id] += holds
    return found
