"""Stored objects leave with every version of them: a versioned bucket keeps what a plain delete only hides."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files.storage import Storage, default_storage

AT_ONCE = 1_000
"""Objects that one call to S3 may name."""


class NotRemoved(RuntimeError):
    """The storage kept something; the next run tries again."""


def remove_objects(names: Iterable[str], storage: Storage = default_storage) -> int:
    """Delete the stored objects and all their versions; returns how many names there were. Safe to repeat.

    Raises NotRemoved when the storage refuses one.
    """
    wanted = list(names)
    bucket = getattr(storage, "bucket", None)
    if bucket is None:
        for name in wanted:
            storage.delete(name)
    else:
        found = [version for name in wanted for version in _versions(storage, bucket, name)]
        for start in range(0, len(found), AT_ONCE):
            _delete(bucket, found[start : start + AT_ONCE])
    return len(wanted)


def _versions(storage: Any, bucket: Any, name: str) -> Iterator[dict[str, str]]:
    """Every version of one object, markers of earlier deletions too."""
    key = storage._normalize_name(name)
    for version in bucket.object_versions.filter(Prefix=key):
        if version.object_key == key:
            yield {"Key": key, "VersionId": version.id}


def _delete(bucket: Any, versions: list[dict[str, str]]) -> None:
    answer = bucket.delete_objects(Delete={"Objects": versions, "Quiet": True})
    if refused := answer.get("Errors"):
        raise NotRemoved(f"the storage kept {len(refused)} of {len(versions)} objects: {refused[0].get('Code')}")
