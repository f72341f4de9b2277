"""What the rows of patient files say that lies in the storage, folder by folder, across all practices (PC-91)."""

from collections.abc import Iterator
from typing import Final

from adapters.folders import Folder, Named
from care.tenancy import ALL, scope
from privacy.declare import Category
from records.actions.documents import FOLDER as DOCUMENTS
from records.authority.actions import FOLDER as ORDERS
from records.importing.runs import FOLDER as IMPORTS
from records.models import AuthorityOrder, Document, ImportRun, TrainingBuild
from records.training.keeping import FOLDER as TRAINING
from records.training.keeping import name_of

OF_PATIENTS: Final = frozenset({Category.IDENTITY, Category.CONTACT, Category.HEALTH})


def documents() -> Iterator[Named]:
    """Documents of patients: each has its object."""
    with scope(ALL):
        names = list(Document.objects.values_list("storage_name", flat=True))
    yield from ((name, True) for name in names)


def imports() -> Iterator[Named]:
    """Uploads of imports that aren't over."""
    with scope(ALL):
        runs = list(ImportRun.objects.exclude(storage_names=[]).values_list("storage_names", flat=True))
    yield from ((name, True) for names in runs for name in names)


def orders() -> Iterator[Named]:
    """Papers of authorities' orders, until they are forgotten. Which patient's file they are about is health data by itself."""
    with scope(ALL):
        names = list(AuthorityOrder.objects.exclude(storage_name="").values_list("storage_name", flat=True))
    yield from ((name, True) for name in names)


def training() -> Iterator[Named]:
    """Training sets whose end hasn't come."""
    yield from ((name_of(build), True) for build in TrainingBuild.objects.filter(end=None).values_list("pk", flat=True))


FOLDERS: Final = (
    Folder(DOCUMENTS, OF_PATIENTS, documents),
    Folder(IMPORTS, OF_PATIENTS, imports),
    Folder(ORDERS, frozenset({Category.IDENTITY, Category.HEALTH}), orders),
    Folder(TRAINING, frozenset({Category.HEALTH}), training),
)
