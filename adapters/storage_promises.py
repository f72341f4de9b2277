"""PC-91 and PC-92, measured at the stores themselves: what lies there is sealed, named by a row, and closed to everybody else."""

from datetime import datetime
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db.models import Count

from adapters.folders import folders
from adapters.models import Egress
from adapters.objects import contact, versions
from adapters.stock import Shelf, take_stock
from adapters.storage_faults import anybody_may
from privacy.promises import Measure, promise
from privacy.subprocessors import NoRegister, counted, entry
from vault.files import MAGIC

TESTS: Final = "tests/adapters/test_storage_real.py"
SAMPLE: Final = 20
"""Objects of each store whose first bytes are read each time, the newest of those listed."""
LISTED: Final = 5_000
UNSET: Final = {
    "scaleway": "no S3 storage is set (S3_BUCKET): sealed files lie in a folder of this machine",
    "aws": "no second target is set (AWS_S3_BUCKET): every sealed file lies at the first",
}


@promise("PC-91", checked_by=TESTS)
def files_lie_sealed_at_the_first_target(now: datetime) -> Measure:
    """Each row's object lies there, sealed; nothing is left of what was erased; nobody reaches it without our key."""
    return _measure(next(iter(_targets()), None), UNSET["scaleway"], now)


@promise("PC-92", checked_by=TESTS)
def files_lie_sealed_at_the_second_target(now: datetime) -> Measure:
    """The same at the second, where moreover nothing lies and nothing ever went that the register doesn't allow there."""
    return _measure(next(iter(_targets()[1:]), None), UNSET["aws"], now)


def _targets() -> list[Any]:
    """The first target, then the second; none where files lie in a folder of this machine."""
    first, stores = getattr(default_storage, "first", ""), getattr(default_storage, "stores", {})
    return sorted(stores.values(), key=lambda store: store.carrier != first)


def _measure(store: Any, unset: str, now: datetime) -> Measure:
    if store is None:
        return Measure(None, {"why": unset})
    stock, heads = take_stock(now, LISTED), _heads(store)
    shelves = [one for one in stock.shelves if one.store == store.carrier]
    wrong = {
        "rows_without_an_object": len(stock.missing),
        **_left_over(shelves),
        "uploads_left_over": len(stock.uploads[store.carrier]),
        "not_allowed_there": sum(one.not_allowed_here for one in shelves),
        "not_sealed": sum(head != MAGIC for head in heads),
        "open_to_anybody": anybody_may(store),
        "lines_beyond_the_register": _beyond_register(store.carrier),
    }
    figures = {
        "host": store.host,
        "lies": "inside the house"
        if store.inside
        else "a server of this machine"
        if store.stand_in
        else "at its carrier",
        "folders": sorted(one.name for one in folders()),
        "rows": stock.rows,
        "objects": sum(one.objects for one in shelves),
        "all_were_looked_at": not stock.cut,
        "first_bytes_read_of": len(heads),
        "stored_with_a_line": Egress.objects.filter(subprocessor=store.carrier, ground="sealed_storage").count(),
        **wrong,
    }
    return Measure(not any(wrong.values()), figures)


def _left_over(shelves: list[Shelf]) -> dict[str, int]:
    return {
        "objects_without_a_row": sum(len(one.orphans) for one in shelves),
        "versions_left_over": sum(len(one.hidden) for one in shelves),
    }


def _heads(store: Any) -> list[bytes]:
    """The first bytes of the newest objects: the vault's files all begin alike."""
    with contact(store):
        lying = [one for one, _n in zip(versions(store, ""), range(LISTED), strict=False) if one.latest and one.size]
        newest = sorted(lying, key=lambda one: one.at)[-SAMPLE:]
        return [_head(store, one.name) for one in newest]


def _head(store: Any, name: str) -> bytes:
    answer = store.bucket.Object(name).get(Range=f"bytes=0-{len(MAGIC) - 1}")
    found: bytes = answer["Body"].read()
    return found


def _beyond_register(carrier: str) -> int:
    """Lines about files of a kind that the register of their day didn't have lie there."""
    lines = Egress.objects.filter(subprocessor=carrier, ground="sealed_storage")
    found, versions = 0, counted()
    for categories, day, number in lines.values_list("categories", "at__date").annotate(Count("pk")).order_by():
        try:
            allowed = entry(carrier, day, versions).categories
        except (NoRegister, KeyError):
            allowed = frozenset()
        found += number if set(categories.split(",")) - allowed else 0
    return found
