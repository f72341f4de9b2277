"""Which files are only stored (Art. 18). Restrictions are recorded by a layer above; it says here how they are read.

The record decides, from its commit on; the mark on the key follows it, and holds where the record isn't in sight.
"""

from collections.abc import Callable, Iterable
from uuid import UUID

Source = Callable[[Iterable[UUID]], set[UUID]]

_sources: list[Source] = []


def read_from(source: Source) -> None:
    """Have the restricted ones of some files read from ``source``; naming it twice changes nothing."""
    if source not in _sources:
        _sources.append(source)


def of(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the files that a record restricts now; one query a source."""
    wanted = list(file_ids)
    return {file_id for source in _sources if wanted for file_id in source(wanted)}
