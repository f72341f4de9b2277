"""Rows and objects compared: what a row names and no store has, what a store has and no row names, and what erasure left over.

Two things at once don't disturb it: an object is an orphan only once it is older than any running upload, and a row whose object
isn't in the listing is looked for again.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from django.core.files.storage import default_storage

from adapters.folders import NoFolder, beyond, folder_of, folders
from adapters.objects import Version, abort_uploads, all_stores, erase, in_bucket, uploads, versions
from privacy.clocks import legal_day

RUNNING: Final = timedelta(hours=1)
"""No upload of one request runs longer: what is older and has no row is an orphan."""
UPLOADING: Final = timedelta(days=1)
"""No upload in parts runs longer, not even of an export."""
AT_MOST: Final = 50_000
"""Versions of one store that are looked at: fifty answers of S3."""
ASKED_AGAIN: Final = 1_000
"""Rows without an object in the listing that are looked for again."""


@dataclass
class Shelf:
    """One folder at one store. Names are ids or random; they say nothing about anybody.

    ``hidden``: names with an older version or a marker of deletion, which is what a plain delete leaves behind.
    ``not_allowed_here``: objects of a folder that the register doesn't have lie at this carrier.
    """

    store: str
    folder: str
    objects: int = 0
    hidden: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    not_allowed_here: int = 0


@dataclass
class Stock:
    """Everything compared. ``uploads``: by store, those whose worker died; ``cut``: a store has more than was looked at."""

    rows: int
    missing: list[str]
    shelves: list[Shelf]
    uploads: dict[str, list[str]]
    cut: bool = False

    @property
    def is_whole(self) -> bool:
        """Nothing is missing, nothing is left over, and everything lies where it may."""
        wrong = any(one.hidden or one.orphans or one.not_allowed_here for one in self.shelves)
        return not (self.missing or wrong or any(self.uploads.values()))


def take_stock(now: datetime, at_most: int = AT_MOST) -> Stock:
    """Compare them now. Raises ``adapters.faults.Fault`` when a store doesn't answer: then nobody knows."""
    there = [(store, list(islice(_lying(store), at_most + 1))) for store in all_stores()]
    named = _named()
    seen = {one.name for _store, found in there for one in found if one.latest and one.size is not None}
    absent = sorted(name for name, due in named.items() if due and name not in seen)[:ASKED_AGAIN]
    lost = {name for name in absent if not default_storage.exists(name)}
    still = _named() if lost else {}
    return Stock(
        rows=len(named),
        missing=sorted(name for name in lost if still.get(name)),
        shelves=[shelf for store, found in there for shelf in _shelves(store, found[:at_most], named, now)],
        uploads={who(store): _begun(store, now) for store, _found in there if in_bucket(store)},
        cut=any(len(found) > at_most for _store, found in there),
    )


def remove_orphans(stock: Stock, now: datetime) -> int:
    """Erase what no row names, and end the uploads whose worker died. Returns how many versions and uploads went."""
    named, gone = _named(), 0
    for store in all_stores():
        found = {name for one in stock.shelves if one.store == who(store) for name in (*one.orphans, *one.hidden)}
        left = sorted(found - named.keys())
        if in_bucket(store):
            gone += erase(store, left) + abort_uploads(store, before=now - UPLOADING)
            continue
        for name in left:
            store.delete(name)
        gone += len(left)
    return gone


def who(store: Any) -> str:
    """A store's name for people: its carrier, or that it is a folder of this machine."""
    return str(getattr(store, "carrier", "") or ("bucket" if in_bucket(store) else "folder"))


def _named() -> dict[str, bool]:
    return {name: due for folder in folders() for name, due in folder.named()}


def _lying(store: Any) -> Iterator[Version]:
    """Every version in a bucket; a folder of this machine has one of each."""
    if in_bucket(store):
        yield from versions(store, "")
        return
    for folder in folders():
        try:
            names = store.listdir(folder.name)[1]
        except FileNotFoundError:
            continue
        for name in (f"{folder.name}/{one}" for one in names):
            yield Version(name, "", True, store.get_modified_time(name), store.size(name))


def _begun(store: Any, now: datetime) -> list[str]:
    return sorted(one.object_key for one in uploads(store) if one.initiated < now - UPLOADING)


def _shelves(store: Any, found: list[Version], named: Collection[str], now: datetime) -> list[Shelf]:
    shelves: dict[str, Shelf] = {}
    for one in found:
        head = one.name.partition("/")[0]
        shelf = shelves.setdefault(head, Shelf(who(store), head))
        if not one.latest or one.size is None:
            shelf.hidden.append(one.name)
            continue
        shelf.objects += 1
        shelf.not_allowed_here += not _may_lie(store, one.name, now)
        if one.name not in named and one.at < now - RUNNING:
            shelf.orphans.append(one.name)
    for shelf in shelves.values():
        shelf.hidden = sorted(set(shelf.hidden))
    return [shelves[name] for name in sorted(shelves)]


def _may_lie(store: Any, name: str, now: datetime) -> bool:
    """Whether the register has it there; a store inside the house is nobody else's."""
    try:
        folder = folder_of(name)
    except NoFolder:
        return False
    carrier = getattr(store, "carrier", "")
    return not carrier or store.inside or not beyond(folder, carrier, legal_day(now))
