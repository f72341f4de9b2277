"""Where sealed files lie, by folder: what each holds, which target may hold it, and which of its objects a row names (PC-91, PC-92).

An app registers its folders when it starts. What lies in a folder that nobody registered isn't stored: nobody could say
what it is, how long it stays, or whom it may be given to.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from privacy.declare import Category
from privacy.subprocessors import NoRegister, RegisterVersion, entry

Named = tuple[str, bool]
"""A stored name that a row knows, and whether its object has to be there now (an export that is being made needn't be)."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of the storage. ``categories``: what its files hold once they are opened; ``named``: asked in its own scope."""

    name: str
    categories: frozenset[Category]
    named: Callable[[], Iterable[Named]]


class NoFolder(LookupError):
    """Nobody registered the folder of this name."""


_folders: Final[dict[str, Folder]] = {}


def register_folder(folder: Folder) -> None:
    """Have ``folder`` be one of the storage's; registering a name again replaces it."""
    _folders[folder.name] = folder


def folders() -> tuple[Folder, ...]:
    """Every registered folder, by name."""
    return tuple(_folders[name] for name in sorted(_folders))


def folder_of(name: str) -> Folder:
    """The folder of a stored name. Raises :class:`NoFolder` for one that nobody registered."""
    head, _slash, rest = name.partition("/")
    if not rest or head not in _folders:
        raise NoFolder(f"{head!r} is no folder of the storage; there are: {', '.join(sorted(_folders))}")
    return _folders[head]


def beyond(
    folder: Folder, carrier: str, day: date, versions: Sequence[RegisterVersion] | None = None
) -> frozenset[Category]:
    """What ``folder`` holds that ``carrier`` may not process, by the register of that day; empty if it may lie there."""
    try:
        return folder.categories - entry(carrier, day, versions).categories
    except (NoRegister, KeyError):
        return folder.categories
