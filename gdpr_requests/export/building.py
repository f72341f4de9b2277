"""Building one archive in the worker: once, whoever else tries, and from the start again after a loss (PC-64)."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction

from accounts.patients.actions import ROLE
from audit.actors import Actor
from care.models import Capacity
from care.queries import practice_of
from gdpr_requests.export import mails
from gdpr_requests.export.actions import destroy, journal, name_of, open_key
from gdpr_requests.export.archive import AccountExport
from gdpr_requests.export.making import Making, Progress
from gdpr_requests.export.of_file import Asked, FileExport, FileGone, FileShut
from gdpr_requests.export.queries import VALID_FOR, link_of, request_of
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models.exports import UNDER_WAY, Export, ExportState
from privacy.purposes import Purpose
from records.objects import remove_objects
from vault import access
from vault.handles import Handle

LOCK_CLASS: Final = 0x65787074
"""Keeps our advisory locks apart from those of others."""
MOST_ATTEMPTS: Final = 5
IN_MEMORY: Final = 1 << 20
"""Bytes of ciphertext kept in memory before a temporary file is used."""


def build(export_id: UUID, *, now: datetime) -> bool:
    """Build what was asked for; True when it is ready now. Raises what the storage or a database raises.

    A second worker at the same export goes away at once. PostgreSQL gives the lock back when this process is killed,
    and the next round begins again: what was stored half is replaced, and its key opens nothing else.
    """
    with _alone(export_id) as mine:
        export = Export.objects.select_related("account").filter(pk=export_id, state__in=UNDER_WAY).first()
        if not mine or export is None:
            return False
        by = _person(export, now)
        if export.attempts >= MOST_ATTEMPTS:
            _give_up(export, by, now)
            return False
        Export.objects.filter(pk=export_id).update(
            state=ExportState.BUILDING, attempts=export.attempts + 1, done=0, total=0
        )
        try:
            made = _make(export, by, now)
        except FileGone:
            destroy(export, why="dropped", by=by, now=now)
            return False
        except FileShut:
            _give_up(export, by, now)
            return False
        return _finish(export, made, by, now)


class _Made(io.RawIOBase):
    """The archive as a stream to seal; counts and hashes what went through."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, memoryview(b"")
        self.size, self.digest = 0, sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = memoryview(chunk)
        taken, self._rest = bytes(self._rest[:size]), self._rest[size:]
        self.size += len(taken)
        self.digest.update(taken)
        return taken


def _make(export: Export, by: Actor, now: datetime) -> _Made:
    """Seal the archive while it is made, and store it under the export's name."""

    def progress(done: int, total: int) -> None:
        Export.objects.filter(pk=export.pk).update(done=min(done, total), total=total)

    made, name = _Made(_maker(export, by, now, progress).chunks()), name_of(export.pk)
    handle = _key(export.pk, by, now)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as sealed:
        handle.seal_file(cast(BinaryIO, made), cast(BinaryIO, sealed), name=name)
        sealed.seek(0)
        remove_objects([name])
        kept_as = default_storage.save(name, File(cast(Any, sealed)))
    if kept_as != name:
        remove_objects([kept_as])
        raise RuntimeError(f"the storage renamed {name} to {kept_as}")
    return made


def _maker(export: Export, by: Actor, now: datetime, progress: Progress) -> Making:
    """Whoever makes this kind of archive."""
    if export.account is not None and export.scope != Scope.FILE:
        return AccountExport(export.account, by=by, now=now, how_far=Scope(export.scope), progress=progress)
    request = request_of(export)
    if export.file_id is None or (export.account_id and not link_of(export.account_id, export.file_id, now)):
        raise FileGone(str(export.file_id))
    language = export.account.language if export.account else settings.LANGUAGE_CODE
    asked = Asked(request, export.account_id, language)
    return FileExport(export.file_id, asked, by=by, now=now, progress=progress)


def _finish(export: Export, made: _Made, by: Actor, now: datetime) -> bool:
    """Ready, unless it was deleted meanwhile: then nothing of it stays."""
    with transaction.atomic():
        row = Export.objects.select_for_update(of=("self",)).filter(pk=export.pk, state=ExportState.BUILDING).first()
        if row:
            row.state, row.ready_at, row.expires_at = ExportState.READY, now, now + VALID_FOR
            row.size, row.sha256 = made.size, made.digest.hexdigest()
            row.save(update_fields=["state", "ready_at", "expires_at", "size", "sha256"])
            journal(row, "ready", by=by, now=now, size=made.size)
            mails.ready(export, expires_at=now + VALID_FOR)
    if row is None:
        destroy(export, why="dropped", by=by, now=now)
        return False
    return True


def _give_up(export: Export, by: Actor, now: datetime) -> None:
    with transaction.atomic():
        Export.objects.filter(pk=export.pk).update(state=ExportState.FAILED)
        journal(export, "failed", by=by, now=now, attempts=export.attempts)
        mails.failed(export)


def _key(export_id: UUID, by: Actor, now: datetime) -> Handle:
    """The archive's own key, made at the first attempt."""
    with transaction.atomic():
        try:
            return access.new_file(file_id=export_id, by=by, practice_id=None, purpose=Purpose.LEGAL, now=now)
        except ValueError:
            return open_key(export_id, by=by, now=now, action="create")


def _person(export: Export, now: datetime) -> Actor:
    """Who asked, in the capacity in which they asked: the worker writes in their name; else in that of who granted it."""
    if export.account is None:
        request = request_of(export)
        return Actor(request.decided_by_id, request.decided_role, request.practice_id, channel="task")
    if export.scope == Scope.ACCOUNT:
        return Actor(export.account_id, ROLE, channel="task")
    if export.scope == Scope.FILE and export.file_id:
        link = link_of(export.account.pk, export.file_id, now)
        role = ROLE if link is None or link.capacity == Capacity.SELF else str(link.capacity)
        return Actor(export.account_id, role, link.practice_id if link else None, channel="task")
    practice = practice_of(export.account)
    role = "practitioner" if practice else "patient"
    return Actor(account_id=export.account_id, role=role, practice_id=practice.pk if practice else None, channel="task")


@contextmanager
def _alone(export_id: UUID) -> Iterator[bool]:
    """Whether nobody else is at work on it."""
    lock = [LOCK_CLASS, int.from_bytes(export_id.bytes[-4:], signed=True)]
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", lock)
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(%s, %s)", lock)
