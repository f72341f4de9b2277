"""What exports and requests say that lies in the storage (PC-91)."""

from collections.abc import Iterator
from typing import Final

from adapters.folders import Folder, Named
from gdpr_requests.desk.identity import FOLDER as IDENTITY
from gdpr_requests.export.actions import FOLDER as EXPORTS
from gdpr_requests.export.actions import name_of
from gdpr_requests.models import IdentityDocument
from gdpr_requests.models.exports import Export, ExportState
from privacy.declare import Category


def exports() -> Iterator[Named]:
    """Archives: one that is ready has its object, one that is being made may have it."""
    rows = list(Export.objects.values_list("pk", "state"))
    yield from ((name_of(export_id), state == ExportState.READY) for export_id, state in rows)


def identity() -> Iterator[Named]:
    """Papers that wait to be checked; nothing in them is about health, so that they may lie at either target."""
    names = list(IdentityDocument.objects.exclude(storage_name="").values_list("storage_name", flat=True))
    yield from ((name, True) for name in names)


FOLDERS: Final = (
    Folder(EXPORTS, frozenset(Category), exports),
    Folder(IDENTITY, frozenset({Category.IDENTITY, Category.CONTACT}), identity),
)
