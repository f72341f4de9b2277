"""All stores, one after the other."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from lifecycle.residue.databases import ScanIncomplete, scan_databases
from lifecycle.residue.folders import scan_folders, scan_storages
from lifecycle.residue.redis_keys import scan_caches
from lifecycle.residue.searching import Hit, Search

Found = Hit
SCANNERS: Final[tuple[Callable[[Search], Iterator[Hit]], ...]] = (
    scan_databases,
    scan_storages,
    scan_caches,
    scan_folders,
)
STORES: Final = ("database", "keys", "statistics", "storage", "cache", "queue", "mail", "logs", "folder")

__all__ = ["STORES", "Found", "ScanIncomplete", "scan"]


def scan(tokens: Iterable[str]) -> list[Found]:
    """Every place where one of ``tokens`` stands, in whatever form (NEW-07). Changes nothing.

    Raises ValueError for a token too short to say anything, :class:`ScanIncomplete` when a place can't be looked into.
    """
    search = Search(tokens)
    return [hit for scanner in SCANNERS for hit in scanner(search)]
