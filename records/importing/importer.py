"""Who imports into which practice, when, and how: what every step of one import needs to know."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from care.models import Practice
from care.tenancy import scope
from privacy.clocks import Jurisdiction, legal_day
from records.models import ImportRun
from records.objects import remove_objects


@dataclass(slots=True)
class Importer:
    """The frame of one import."""

    user: User
    practice: Practice
    by: Actor
    now: datetime
    dry_run: bool = False
    twins: bool = False
    """Bring a patient although a file of the same name and birth date exists (default: skip, and say so)."""
    keep_good: bool = False
    """CSV only: take the good lines of a file that has bad ones (default: the whole file or nothing)."""
    run: ImportRun | None = None
    stored: list[str] = field(default_factory=list)
    """Names in the storage that this import wrote, to take away again when it is rolled back."""

    @property
    def today(self) -> date:
        """The legal day where the practice is."""
        return legal_day(self.now, Jurisdiction(self.practice.jurisdiction))


@contextmanager
def whole(importer: Importer) -> Iterator[None]:
    """All of the block or nothing of it: rows, keys and stored documents; a dry run is always nothing.

    Both databases are rolled back together on an error. The keys commit first: a key without a file is harmless,
    a file without its key isn't.
    """
    first = len(importer.stored)
    try:
        with transaction.atomic(), scope([importer.practice.pk]), transaction.atomic(using="keys"):
            yield
            if importer.dry_run:
                raise _DryRun
    except _DryRun:
        _take_away(importer, first)
    except BaseException:
        _take_away(importer, first)
        raise


class _DryRun(Exception):
    """Ends a dry run: everything it wrote is rolled back."""


def _take_away(importer: Importer, first: int) -> None:
    remove_objects(importer.stored[first:])
    del importer.stored[first:]
