"""What really lies in a bucket: every version, marker of deletion and unfinished upload; and taking it away so that it is proven.

A versioned bucket keeps what a plain delete only hides, and an upload whose worker died lies there unseen: both would outlive
an erasure (PC-91, PC-92). A link that was presigned before opens nothing any more once no version is left.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.files.storage import Storage, storages

AT_ONCE: Final = 1_000
"""Objects that one call to S3 may name."""
ROUNDS: Final = 3
"""How often it is listed and deleted again before we say that something stays."""
LOCKED: Final = frozenset({"AccessDenied", "InvalidRequest", "ObjectLocked"})
"""How stores refuse to delete what a retention or a legal hold of theirs protects, or what our key may not delete."""


class NotRemoved(RuntimeError):
    """The storage kept something; nothing was forgotten here, and the next run tries again."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a marker of its deletion (``size`` None)."""

    name: str
    id: str
    latest: bool
    at: datetime
    size: int | None


def stores_of(storage: Any) -> list[Any]:
    """The single stores behind a storage: a folder, a bucket, or the targets of both."""
    stores = getattr(storage, "stores", None)
    return list(stores.values()) if stores is not None else [storage]


def all_stores() -> list[Any]:
    """Every store where sealed files may lie."""
    return stores_of(storages["default"])


def in_bucket(store: Any) -> bool:
    """Whether a store is a bucket, with versions, and not a folder of this machine."""
    return hasattr(store.__class__, "bucket")  # of the class, through Django's lazy storage: an instance's has gates


def erase(store: Any, names: Iterable[str]) -> int:
    """Delete every version, marker and unfinished upload of these names; returns how many versions and uploads went.

    Listed again at the end: it returns once nothing is listed any more. Raises :class:`NotRemoved`, and
    ``adapters.faults.Fault`` when the store doesn't answer. Safe to repeat.
    """
    wanted = list(dict.fromkeys(names))
    gone = 0
    with contact(store):
        for _round in range(ROUNDS):
            found = [one for name in wanted for one in versions(store, name) if one.name == name]
            begun = _uploads_of(store, wanted)
            if not found and not begun:
                return gone
            for start in range(0, len(found), AT_ONCE):
                _delete(store, found[start : start + AT_ONCE])
            for upload in begun:
                upload.abort()
            gone += len(found) + len(begun)
            wanted = [*{one.name for one in found} | {upload.object_key for upload in begun}]
    raise NotRemoved(f"{_who(store)} still lists versions of {len(wanted)} objects after they were deleted")


def versions(store: Any, prefix: str) -> Iterator[Version]:
    """Every version whose name begins so, markers of earlier deletions too."""
    with contact(store):
        for one in store.bucket.object_versions.filter(Prefix=prefix):
            yield Version(one.object_key, one.id, bool(one.is_latest), one.last_modified, one.size)


def uploads(store: Any, prefix: str = "") -> Iterator[Any]:
    """Unfinished uploads of several parts, as boto3 has them."""
    with contact(store):
        yield from store.bucket.multipart_uploads.filter(Prefix=prefix)


def abort_uploads(store: Any, *, before: datetime) -> int:
    """End the uploads that began before a moment: their worker died. Returns how many."""
    with contact(store):
        old = [upload for upload in uploads(store) if upload.initiated < before]
        for upload in old:
            upload.abort()
    return len(old)


def contact(store: Any) -> AbstractContextManager[None]:
    """One exchange with a store: its gates and faults, if it has some."""
    found: AbstractContextManager[None] = store.contact() if hasattr(store, "contact") else nullcontext()
    return found


def listed(storage: Storage, folder: str) -> dict[str, datetime]:
    """The objects that lie in a folder, wherever, with the moment each was stored. A marker of deletion is no object."""
    found: dict[str, datetime] = {}
    for store in stores_of(storage):
        if in_bucket(store):
            found |= {one.name: one.at for one in versions(store, f"{folder}/") if one.latest and one.size is not None}
            continue
        try:
            names = [f"{folder}/{name}" for name in store.listdir(folder)[1]]
        except FileNotFoundError:
            continue
        found |= {name: store.get_modified_time(name) for name in names}
    return found


def _uploads_of(store: Any, names: list[str]) -> list[Any]:
    heads, wanted = {name.partition("/")[0] for name in names}, set(names)
    return [one for head in sorted(heads) for one in uploads(store, head) if one.object_key in wanted]


def _delete(store: Any, found: list[Version]) -> None:
    keys = [{"Key": one.name, "VersionId": one.id} for one in found]
    answer = store.bucket.delete_objects(Delete={"Objects": keys, "Quiet": True})
    if refused := answer.get("Errors"):
        code = str(refused[0].get("Code"))
        why = ": a retention, a hold or the rights of our key keep it there" if code in LOCKED else ""
        raise NotRemoved(f"{_who(store)} kept {len(refused)} of {len(found)} objects: {code}{why}")


def _who(store: Any) -> str:
    return str(getattr(store, "carrier", "") or "the storage")
