"""Stored objects leave with every version of them, wherever they lie: a versioned bucket keeps what a plain delete only hides."""

from collections.abc import Iterable

from django.core.files.storage import Storage, default_storage

from adapters.objects import NotRemoved, erase, in_bucket, stores_of

__all__ = ["NotRemoved", "remove_objects"]


def remove_objects(names: Iterable[str], storage: Storage = default_storage) -> int:
    """Delete the stored objects and all their versions at every target; returns how many names there were. Safe to repeat.

    Returns once nothing of them is listed any more. Raises NotRemoved when a store keeps one, and ``adapters.faults.Fault``
    when one doesn't answer.
    """
    wanted = list(names)
    for store in stores_of(storage):
        if in_bucket(store):
            erase(store, wanted)
            continue
        for name in wanted:
            store.delete(name)
    return len(wanted)
