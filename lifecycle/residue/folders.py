"""Stored objects with every version of them, and the files that the house leaves: mails, logs, uploads, exports."""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages

from adapters.objects import contact, in_bucket, stores_of
from lifecycle.residue.databases import ScanIncomplete
from lifecycle.residue.searching import Hit, Search
from lifecycle.residue.unpacking import PIECE

DATA_OF_POSTGRES: Final = "PG_VERSION"
"""Marks a server's own data: its tables are read through the server."""


def scan_storages(search: Search) -> Iterator[Hit]:
    """Hits in the stored objects: names and contents. Raises ScanIncomplete for a kind of storage it doesn't know."""
    for name in settings.STORAGES:
        if name == "staticfiles":
            continue
        for store in stores_of(storages[name]):
            if isinstance(store, FileSystemStorage):
                yield from _scan_folder(Path(store.base_location), "storage", search)
            elif in_bucket(store):
                with contact(store):
                    yield from _scan_bucket(store, search)
            else:
                raise ScanIncomplete(f"the storage {name} can't be looked into: teach lifecycle/residue of it")


def scan_folders(search: Search) -> Iterator[Hit]:
    """Hits in what lies under VAR_DIR, in the mail and upload folders and in log files, wherever those are."""
    mail = Path(getattr(settings, "EMAIL_FILE_PATH", None) or settings.VAR_DIR / "mail")
    yield from _scan_folder(mail, "mail", search)
    seen = [mail, *_storage_folders(), Path(settings.STATIC_ROOT)]
    for root in (Path(settings.VAR_DIR), Path(settings.FILE_UPLOAD_TEMP_DIR)):
        if not any(root.is_relative_to(one) for one in seen):
            yield from _scan_folder(root, "folder", search, without=seen)
            seen.append(root)
    for log in sorted(_log_files()):
        if not any(log.is_relative_to(one) for one in seen):
            yield from _scan_file(log, log.name, "logs", search)


def _storage_folders() -> list[Path]:
    found = [storages[name] for name in settings.STORAGES if name != "staticfiles"]
    return [Path(storage.base_location) for storage in found if isinstance(storage, FileSystemStorage)]


def _log_files() -> set[Path]:
    """The files that loggers of this process write, and their older parts beside them."""
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.Logger.manager.loggerDict)]
    handlers = {handler for logger in loggers for handler in logger.handlers}
    bases = [Path(handler.baseFilename) for handler in handlers if isinstance(handler, logging.FileHandler)]
    return {part for base in bases for part in base.parent.glob(f"{base.name}*")}


def _scan_folder(root: Path, store: str, search: Search, without: list[Path] | None = None) -> Iterator[Hit]:
    for folder, below, names in os.walk(root):
        here = Path(folder)
        kept = [name for name in below if here / name not in (without or ()) and not _is_of_postgres(here / name)]
        below[:] = sorted(kept)
        for name in sorted(names):
            path = here / name
            kind = "logs" if store == "folder" and ".log" in path.suffixes else store
            yield from _scan_file(path, str(path.relative_to(root)), kind, search)


def _is_of_postgres(folder: Path) -> bool:
    return (folder / DATA_OF_POSTGRES).exists()


def _scan_file(path: Path, where: str, store: str, search: Search) -> Iterator[Hit]:
    found = search.tokens_in(where.encode(errors="surrogateescape"))
    if path.is_file() and not path.is_symlink():
        try:
            with path.open("rb") as stream:
                found |= search.tokens_in_stream(stream)
        except FileNotFoundError:
            return  # it went away meanwhile
        except PermissionError as refused:
            raise ScanIncomplete(f"the file {path} can't be read") from refused
    yield from (Hit(store, where, token) for token in sorted(found))


def _scan_bucket(storage: Storage, search: Search) -> Iterator[Hit]:
    """Every version of every object: name, what is noted beside it, content. A marker of deletion has a name only."""
    bucket: Any = cast(Any, storage).bucket
    for version in bucket.object_versions.all():
        found = search.tokens_in(version.object_key.encode())
        if version.size is not None:
            answer = version.get()
            notes = [
                answer.get("ContentDisposition", ""),
                *(part for pair in answer["Metadata"].items() for part in pair),
            ]
            found |= search.tokens_in(" ".join(notes).encode())
            with tempfile.TemporaryFile() as copy:
                found |= search.tokens_in_stream(_copied(answer["Body"], copy))
        for token in sorted(found):
            yield Hit("storage", f"{version.object_key} (version {version.id})", token)


def _copied(body: Any, copy: Any) -> BinaryIO:
    """A local copy, for an archive is read from its end."""
    for piece in body.iter_chunks(PIECE):
        copy.write(piece)
    copy.seek(0)
    return cast(BinaryIO, copy)
