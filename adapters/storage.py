"""Sealed files leave for the store with a line each in the egress journal (PC-91, MD-46).

The line stands in the transaction that stores the file: when that is rolled back, the object is an orphan, which the sweep of
orphans takes away. What is read back or deleted brings nothing to anybody, and has no line.
"""

import time
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage

from adapters import gates, journal
from adapters.faults import Closed
from adapters.grounds import necessary
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.subprocessors import VERSIONS, entry

SEALED: Final = frozenset({Category.HEALTH, Category.IDENTITY})


class JournaledS3(S3Storage):
    """django-storages' S3 behind the gates and the journal. A store inside the house (a name without a dot) isn't outside."""

    @property
    def bucket(self) -> Any:
        """The bucket, if the register has its host: else not even a question about a name leaves."""
        if not self._inside and not self._stand_in:
            carrier = settings.STORAGE_CARRIER
            if not any(one and one.host(self._host) for one in (version.entry(carrier) for version in VERSIONS)):
                raise Closed(carrier, "register", "the register doesn't know this host")
        return super().bucket

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Store it, with its line. Raises ``adapters.faults.Fault``, ``privacy.refusals.Refused`` and what S3 says."""
        if self._inside:
            return str(super().save(name, content, max_length))
        line, counted, began = self._depart(self._host), _Counted(content), time.monotonic()
        try:
            kept_as = str(super().save(name, counted, max_length))
        except (BotoCoreError, ClientError, OSError):
            journal.arrive(line, "broken", bytes_out=counted.read_bytes, seconds=time.monotonic() - began)
            raise
        journal.arrive(line, "delivered", bytes_out=counted.read_bytes, seconds=time.monotonic() - began)
        return kept_as

    @property
    def _host(self) -> str:
        return urlsplit(self.endpoint_url or f"https://s3.{self.region_name}.amazonaws.com").hostname or ""

    @property
    def _inside(self) -> bool:
        """A container of our own."""
        return "." not in self._host and self._host not in gates.LOOPBACK

    @property
    def _stand_in(self) -> bool:
        return self._host in gates.LOOPBACK and not settings.PRODUCTION

    def _depart(self, host: str) -> int:
        carrier, now = settings.STORAGE_CARRIER, journal.database_clock()
        ground, stand_in = necessary("sealed_storage"), self._stand_in
        host = entry(carrier, legal_day(now)).hosts[0].name if stand_in else host
        found, _row = gates.known_host(carrier, host, now)
        categories = SEALED & found.categories
        ground.covers(carrier, categories)
        gates.require_open(carrier, now, needs_credentials=False)
        return journal.depart(
            carrier, host, ground=ground, categories=categories, bytes_out=None, stand_in=stand_in, now=now, durable=False
        )  # fmt: skip


class _Counted(File):  # type: ignore[type-arg]  # generic in the stubs alone
    """A file that knows how much was read of it; what is read again counts once."""

    read_bytes = 0

    def __init__(self, content: Any) -> None:
        super().__init__(content, getattr(content, "name", None))
        self._content = content

    def read(self, *size: int) -> Any:
        """As the file below."""
        piece = self._content.read(*size)
        self.read_bytes += len(piece)
        return piece

    def seek(self, position: int, whence: int = 0) -> int:
        """As the file below."""
        self.read_bytes = int(self._content.seek(position, whence))
        return self.read_bytes
