"""The deletion door removes stored objects as all of records does."""

from records.objects import NotRemoved, remove_objects

__all__ = ["NotRemoved", "remove_objects"]
