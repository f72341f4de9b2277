"""Documents: judged by their content, sealed, stored under random names; no orphan, none lost."""

import secrets
import tempfile
from datetime import datetime, timedelta
from hashlib import sha256
from typing import BinaryIO, Final, cast

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from adapters.objects import abort_uploads, in_bucket, listed, stores_of
from adapters.stock import UPLOADING
from audit.actors import Actor
from care.tenancy import ALL, scope
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records.actions.journal import journal, person
from records.fields import clean
from records.models import Consultation, Document, Origin, PatientFile
from records.objects import remove_objects
from records.preview import MAX_BYTES, inspect, too_large
from vault import access
from vault.handles import Handle

FOLDER: Final = "documents"
SPOOL: Final = 1024 * 1024
"""Bytes of ciphertext kept in memory before a temporary file is used."""
ORPHAN_AGE: Final = timedelta(hours=1)
"""An object without a row is older than any running upload after this."""


def add_document(
    *,
    file: PatientFile,
    source: BinaryIO,
    name: str,
    title: str = "",
    consultation: Consultation | None = None,
    origin: str = Origin.WRITTEN,
    handle: Handle | None = None,
    by: Actor,
    now: datetime,
) -> Document:
    """Seal and store a document of the patient; ``name`` is the name it came under.

    Raises :class:`privacy.refusals.Refused` for what isn't a readable PDF, JPEG or PNG of up to
    20 MB. If the row can't be written, the stored object is removed again.
    """
    data = source.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Refused(too_large())
    found = inspect(data)
    document = Document(
        id=new_id(),
        practice_id=file.practice_id,
        file=file,
        consultation=consultation,
        added_at=now,
        added_by_id=person(by),
        origin=origin,
        content_type=found.content_type,
        size=len(data),
        pages=found.pages,
        storage_name=f"{FOLDER}/{secrets.token_hex(20)}",
    )
    source.seek(0)
    stored = False
    try:
        with transaction.atomic():
            handle = handle or _open(file, by, now)
            _store(document, handle, source)
            stored = True
            handle.write(document, title=clean(title) or clean(name), original_name=clean(name))
            document.save(force_insert=True)
            journal(document, "document.added", file_id=file.id, by=by, now=now)
    except BaseException:
        if stored:
            remove_objects([document.storage_name])
        raise
    return document


def remove_orphans(*, now: datetime) -> int:
    """Delete what an upload left in the storage whose transaction failed, in parts or whole. Returns how many objects."""
    for store in stores_of(default_storage):
        if in_bucket(store):
            abort_uploads(store, before=now - UPLOADING)
    return remove_objects(orphans(now=now))


def orphans(*, now: datetime) -> list[str]:
    """Stored objects that no row names, once they are older than any upload still running.

    Looks at the rows of all practices, or it would take the others' documents for orphans.
    """
    old = stored_before(FOLDER, now=now)
    with scope(ALL):
        rows = Document.objects.filter(storage_name__in=old)
        known = set(rows.values_list("storage_name", flat=True))
    return [name for name in old if name not in known]


def stored_before(folder: str, *, now: datetime) -> list[str]:
    """The stored objects of a folder that are older than any upload still running."""
    return [name for name, stored_at in listed(default_storage, folder).items() if stored_at < now - ORPHAN_AGE]


def stored_names(folder: str = FOLDER) -> list[str]:
    """The names of all stored objects of a folder, by default of the documents."""
    return [*listed(default_storage, folder)]


def _store(document: Document, handle: Handle, source: BinaryIO) -> None:
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as sealed:
        handle.seal_file(source, cast(BinaryIO, sealed), name=document.storage_name)
        sealed.seek(0)
        digest = sha256()
        while chunk := sealed.read(SPOOL):
            digest.update(chunk)
        document.sha256 = digest.digest()
        sealed.seek(0)
        kept_as = default_storage.save(document.storage_name, File(sealed))
    if kept_as != document.storage_name:
        remove_objects([kept_as])
        raise RuntimeError(f"the storage renamed {document.storage_name} to {kept_as}")


def _open(file: PatientFile, by: Actor, now: datetime) -> Handle:
    return access.open(
        file.id,
        by=by,
        purpose=Purpose.CARE,
        part="documents",
        practice_id=file.practice_id,
        now=now,
        action="create",
    )
