"""Sealed files leave for a store through the gates of the door, with a line each in the egress journal (PC-91, PC-92, MD-46).

Two targets by one adapter: new objects go where the settings have their folder lie, what lies somewhere is read from there, and
what is erased is erased at both. The register says which folder may lie where (``adapters.folders``); the rest is refused.

The line stands in the transaction that stores the file: when that is rolled back, the object is an orphan, which the sweep of
orphans takes away. What is read back or deleted brings nothing to anybody, and has no line; with its way switched off, nothing is
exchanged at all.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from botocore.config import Config
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages
from django.utils.translation import gettext as _
from storages.backends.s3 import S3Storage

from adapters import breaker, gates, journal
from adapters.faults import Broken, Closed, Fault, Rejected, TimedOut
from adapters.folders import folder_of
from adapters.grounds import NoGround, necessary
from adapters.objects import erase
from adapters.storage_faults import must_have_bucket, named_faults
from privacy.refusals import Refusal
from privacy.subprocessors import counted
from vault.files import MAGIC

CONNECTING, SILENCE = 5, 10
"""Seconds until there is a connection, and without a byte of an answer."""
ATTEMPTS: Final = 3
"""How often one request is sent, with growing pauses: S3's requests may all be sent twice (503 SlowDown, a broken connection)."""
IN_MEMORY: Final = 1 << 20
"""Bytes of an opened object, still sealed, before a temporary file is used."""
NO_LINK: Final = "no link leads to a stored object: what it holds is opened here, for who may see it"

Found = TypeVar("Found")


class NotSealed(ValueError):
    """What was to be stored isn't a file of the vault; nothing left."""


class JournaledS3(S3Storage):
    """django-storages' S3 behind the gates and the journal. A store inside the house (a name without a dot) isn't outside."""

    carrier: str

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_memory_size": IN_MEMORY, "client_config": _config(options), **options})

    def get_default_settings(self) -> dict[str, Any]:
        """django-storages' own, and who carries it."""
        return {**super().get_default_settings(), "carrier": settings.STORAGE_CARRIER}

    @property
    def bucket(self) -> Any:
        """The bucket, if something may be asked there now: else not even a question about a name leaves."""
        self._must_be_open()
        return super().bucket

    @property
    def connection(self) -> Any:
        """As the bucket."""
        self._must_be_open()
        return super().connection

    @contextmanager
    def contact(self) -> Iterator[None]:
        """One exchange: gates before it, faults by their kind, the breaker told. One within another belongs to the outer.

        Raises ``adapters.faults.Fault``, and FileNotFoundError.
        """
        if self._in_contact:
            yield
            return
        self._must_be_open()
        now = journal.database_clock()
        if not self.inside and (until := breaker.resting_until(self.carrier, now)):
            raise Closed(self.carrier, "breaker", _("resting after failures in a row"), until)
        self._connections.inside = True
        try:
            with named_faults(self.carrier):
                yield
        except (TimedOut, Broken):
            breaker.failed(self.carrier, journal.database_clock())
            raise
        except (Rejected, FileNotFoundError):
            breaker.succeeded(self.carrier)  # it answers
            raise
        finally:
            self._connections.inside = False
        breaker.succeeded(self.carrier)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Store a sealed file, with its line. Raises ``adapters.faults.Fault``, :class:`NotSealed` and ``privacy.refusals.Refused``."""
        sealed = _Counted(content)
        sealed.must_be_sealed()
        with self.contact():
            if self.inside:
                return str(super().save(name, sealed, max_length))
            line, began = self._depart(name or ""), time.monotonic()
            try:
                with named_faults(self.carrier):
                    kept_as = str(super().save(name, sealed, max_length))
            except Fault as fault:
                seconds, status = time.monotonic() - began, getattr(fault, "status", None)
                journal.arrive(line, fault.outcome, status=status, bytes_out=sealed.read_bytes, seconds=seconds)
                raise
            journal.arrive(line, "delivered", bytes_out=sealed.read_bytes, seconds=time.monotonic() - began)
            return kept_as

    def _open(self, name: str, mode: str = "rb") -> Any:
        """The object, fetched whole and still sealed. FileNotFoundError only where the bucket itself is there."""
        with self.contact():
            try:
                found = super()._open(name, mode)
                found.file  # noqa: B018 - fetches it: a fault shows here, not at the first byte read
            except FileNotFoundError:
                must_have_bucket(self)
                raise
            return found

    def delete(self, name: str) -> None:
        """Every version of it. Raises ``adapters.objects.NotRemoved``."""
        erase(self, [name])

    def exists(self, name: str) -> bool:
        """Whether the object is there. Raises ``adapters.faults.Fault`` when nobody knows."""
        with self.contact():
            return bool(super().exists(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """Folders and objects below a name."""
        with self.contact():
            folders, files = super().listdir(name)
            return folders, files

    def size(self, name: str) -> int:
        """Bytes of the sealed object."""
        with self.contact():
            return int(super().size(name))

    def get_modified_time(self, name: str) -> Any:
        """When it was stored."""
        with self.contact():
            return super().get_modified_time(name)

    def url(self, name: str, *_how: Any, **_more: Any) -> str:
        """There is none."""
        raise NotImplementedError(NO_LINK)

    @property
    def host(self) -> str:
        """The name that is called."""
        return urlsplit(self.endpoint_url or f"https://s3.{self.region_name}.amazonaws.com").hostname or ""

    @property
    def inside(self) -> bool:
        """A container of our own."""
        return "." not in self.host and self.host not in gates.LOOPBACK

    @property
    def stand_in(self) -> bool:
        """A server on this machine, outside production, in its carrier's name."""
        return self.host in gates.LOOPBACK and not settings.PRODUCTION

    @property
    def _in_contact(self) -> bool:
        return getattr(self._connections, "inside", False)

    def _must_be_open(self) -> None:
        """Raises :class:`Closed` for a host that no version which counts ever had, without credentials, or switched off.

        A register that has closed the way since lets us fetch and delete what lies there; only storing asks for more.
        """
        if self._in_contact or self.inside:
            return
        if not self.stand_in and not any(one and one.host(self.host) for one in _entries(self.carrier)):
            raise Closed(self.carrier, "register", _("the register doesn't know this host"))
        if not (self.access_key and self.secret_key):
            raise Closed(self.carrier, "setting", _("no access key or secret key of the storage is set"))
        by_us = gates.by_setting(self.carrier, needs_credentials=False)
        if closed := by_us or gates.by_office(self.carrier):
            raise closed

    def _depart(self, name: str) -> int:
        """The line in the journal. Raises :class:`Closed` and NoGround for what the register doesn't have lie there now."""
        now, ground, folder = journal.database_clock(), necessary("sealed_storage"), folder_of(name)
        host = gates.registered(self.carrier, now).hosts[0].name if self.stand_in else self.host
        found, _row = gates.known_host(self.carrier, host, now)
        if folder.categories - found.categories:
            raise NoGround(Refusal("wrong_categories", _("The register doesn't have such files lie at this service.")))
        ground.covers(self.carrier, folder.categories)
        return journal.depart(
            self.carrier, host, ground=ground, categories=folder.categories, bytes_out=None, stand_in=self.stand_in, now=now,
            durable=False,
        )  # fmt: skip


class Stores(Storage):
    """The storage of the house: one or two targets. ``placed``: folders whose new objects go to another than the first."""

    def __init__(
        self, targets: Mapping[str, Mapping[str, Any]], first: str, placed: Mapping[str, str] | None = None
    ) -> None:
        self.stores = {carrier: JournaledS3(carrier=carrier, **options) for carrier, options in targets.items()}
        self.first, self.placed = first, dict(placed or {})

    def target(self, name: str) -> JournaledS3:
        """Where a new object of this name goes."""
        return self.stores[self.placed.get(name.partition("/")[0], self.first)]

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Store a sealed file at its folder's target. Raises as :meth:`JournaledS3.save`."""
        return self.target(name or "").save(name, content, max_length)

    def _open(self, name: str, mode: str = "rb") -> Any:
        return self._wherever(name, lambda store: store.open(name, mode))

    def size(self, name: str) -> int:
        """Bytes of the sealed object."""
        return self._wherever(name, lambda store: store.size(name))

    def get_modified_time(self, name: str) -> Any:
        """When it was stored."""
        return self._wherever(name, lambda store: store.get_modified_time(name))

    def exists(self, name: str) -> bool:
        """Whether the object lies anywhere. Raises ``adapters.faults.Fault`` when one that may have it can't say."""
        return any(store.exists(name) for store in self._order(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and objects below a name, of all targets."""
        found = [store.listdir(path) for store in self._order(path)]
        folders, files = ({name for one in found for name in one[which]} for which in (0, 1))
        return sorted(folders), sorted(files)

    def delete(self, name: str) -> None:
        """Every version at every target."""
        for store in self.stores.values():
            store.delete(name)

    def url(self, name: str | None) -> str:
        """There is none."""
        raise NotImplementedError(NO_LINK)

    def _order(self, name: str) -> list[JournaledS3]:
        """Its folder's target first: where it most likely lies."""
        likely = self.target(name)
        return [likely, *(store for store in self.stores.values() if store is not likely)]

    def _wherever(self, name: str, ask: Callable[[JournaledS3], Found]) -> Found:
        """The answer of the target that has it. Raises FileNotFoundError only once every target says that it hasn't."""
        for store in self._order(name):
            try:
                return ask(store)
            except FileNotFoundError:
                continue
        raise FileNotFoundError(f"no store has {name}")


def carrier_of(folder: str) -> str:
    """At whose service the new files of a folder are kept; empty where they lie in the house itself."""
    store = storages["default"]
    if isinstance(store, Stores):
        store = store.target(f"{folder}/new")
    return store.carrier if isinstance(store, JournaledS3) and not store.inside else ""


def _config(options: Mapping[str, Any]) -> Config:
    """Timeouts, tries, no proxy of the environment; each body's SHA-256 is signed, so that a store refuses what changed on its way."""
    return Config(
        signature_version=options.get("signature_version", "s3v4"),
        s3={"addressing_style": options.get("addressing_style", "path"), "payload_signing_enabled": True},
        connect_timeout=CONNECTING,
        read_timeout=SILENCE,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )


def _entries(carrier: str) -> list[Any]:
    return [version.entry(carrier) for version in counted()]


class _Counted(File):  # type: ignore[type-arg]  # generic in the stubs alone
    """A file that knows how much was read of it; what is read again counts once."""

    read_bytes = 0

    def __init__(self, content: Any) -> None:
        super().__init__(content, getattr(content, "name", None))
        self._content, self._head = content, b""

    def must_be_sealed(self) -> None:
        """Raises :class:`NotSealed` unless it begins as the vault's files do. What was read for it is read again."""
        head = self._content.read(len(MAGIC))
        if not head.startswith(MAGIC):
            raise NotSealed("only what the vault sealed is stored outside")
        if self.seekable():
            self._content.seek(0)
        else:
            self._head = head

    def read(self, size: int = -1) -> Any:
        """As the file below."""
        head, self._head = self._head, b""
        piece = head + self._content.read(max(size - len(head), 0) if size >= 0 else size)
        self.read_bytes += len(piece)
        return piece

    def seek(self, position: int, whence: int = 0) -> int:
        """As the file below."""
        self.read_bytes = int(self._content.seek(position, whence))
        return self.read_bytes
