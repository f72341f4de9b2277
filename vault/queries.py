"""How the keys stand: counts only."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count

from vault import master
from vault.actions import KEY_TABLES, stale
from vault.models import FileKey


@dataclass(frozen=True)
class Status:
    """Keys by table and master key; ``missing`` names master keys that wrap something but aren't given."""

    current: str
    given: list[str]
    missing: list[str]
    waiting: int
    tables: dict[str, dict[str, int]]
    files: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def status() -> Status:
    """Count the keys as they are now."""
    given = [key_id for key_id, _ in settings.MASTER_KEYS]
    tables = {model._meta.label: _by_master(model) for model in KEY_TABLES}
    used = {key_id for counts in tables.values() for key_id in counts}
    return Status(
        current=master.current_id(),
        given=given,
        missing=sorted(used - set(given)),
        waiting=sum(stale(model).count() for model in KEY_TABLES),
        tables=tables,
        files=_files(),
    )


def with_key(file_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the files whose key is alive, in whatever ring."""
    return set(FileKey.objects.filter(file_id__in=list(file_ids), destroyed_at=None).values_list("file_id", flat=True))


def _by_master(model: Any) -> dict[str, int]:
    rows = model.objects.exclude(wrapped=b"").values("master_id").annotate(count=Count("pk")).order_by("master_id")
    return {row["master_id"]: row["count"] for row in rows}


def _files() -> dict[str, int]:
    living = FileKey.objects.filter(destroyed_at=None)
    return {
        "active": living.filter(ring=FileKey.Ring.ACTIVE).count(),
        "archive": living.filter(ring=FileKey.Ring.ARCHIVE).count(),
        "restricted": living.exclude(restricted_at=None).count(),
        "destroyed": FileKey.objects.exclude(destroyed_at=None).count(),
    }
