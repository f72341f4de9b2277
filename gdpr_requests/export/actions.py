"""Asking for an export, taking it, destroying it. What it holds is made in :mod:`gdpr_requests.export.building`."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from gdpr_requests.export import queries
from gdpr_requests.export.rules import Refused, why_not_another, why_not_take
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models.exports import UNDER_WAY, Export, ExportState
from lifecycle.sweeping import Outcome
from privacy.purposes import Purpose
from records.actions.documents import stored_names
from records.objects import remove_objects
from vault import access, rings
from vault.handles import Handle

FOLDER: Final = "exports"
PART: Final = "export"
RULE: Final = "PC-64"
"""The sweep's name for archives whose seven days are over."""


@transaction.atomic
def ask(*, user: User, scope: Scope, by: Actor, now: datetime) -> Export:
    """Ask for an export; while one is under way, that is the one. Raises :class:`Refused` when too many lie ready.

    The caller rings the worker after the commit; without it the next minute's round finds the row.
    """
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    asked = Export.objects.filter(account=user, state__in=UNDER_WAY, request_id=None)
    same = asked.filter(scope=Scope.ACCOUNT) if scope is Scope.ACCOUNT else asked.exclude(scope=Scope.ACCOUNT)
    if known := same.first():
        return known
    if reason := why_not_another(user.pk):
        raise Refused(reason)
    export = Export.objects.create(account=user, scope=scope, asked_at=now)
    journal(export, "asked", by=by, now=now, scope=scope.value)
    return export


def again(export: Export, *, by: Actor, now: datetime) -> bool:
    """Try once more what couldn't be made; False when it isn't failed (any more). The caller rings the worker."""
    with transaction.atomic():
        row = Export.objects.select_for_update(of=("self",)).filter(pk=export.pk, state=ExportState.FAILED).first()
        if row is None:
            return False
        row.state, row.attempts, row.asked_at = ExportState.WAITING, 0, now
        row.save(update_fields=["state", "attempts", "asked_at"])
        journal(row, "asked", by=by, now=now, scope=row.scope)
    return True


def download(export: Export, *, by: Actor, now: datetime) -> "Archive":
    """The archive, piece by verified piece, and the line that says so.

    Raises OSError when the storage hasn't it, and Refused when a file in it was restricted since.
    """
    if reason := why_not_take(export, by.practice_id):
        raise Refused(reason)
    sealed = default_storage.open(name_of(export.pk), "rb")
    try:
        with transaction.atomic():
            handle = open_key(export.pk, by=by, now=now, action="download")
            Export.objects.filter(pk=export.pk).update(downloads=F("downloads") + 1)
            journal(export, "downloaded", by=by, now=now, size=export.size)
    except BaseException:
        sealed.close()
        raise
    return Archive(handle, sealed, export.pk)


def destroy(export: Export, *, why: str, by: Actor, now: datetime) -> bool:
    """Destroy the key, the sealed archive and the row, in this order: cut off anywhere, a second call does the rest."""
    rings.destroy([export.pk], now)
    remove_objects([name_of(export.pk)])
    with transaction.atomic():
        gone, _rows = Export.objects.filter(pk=export.pk).delete()
        if gone:
            journal(export, why, by=by, now=now)
    return bool(gone)


def destroy_strays(now: datetime) -> int:
    """Destroy archives that no row names: their account was erased, or they were deleted while being built. How many.

    A row is there before its archive is, so there is nothing to wait for. The archive of a file goes with the file.
    """
    for export in queries.of_gone_files():
        destroy(export, why="dropped", by=Actor.system("exports"), now=now)
    names = stored_names(FOLDER)
    ids = [UUID(hex=name.rsplit("/", 1)[-1]) for name in names]
    known = set(Export.objects.filter(pk__in=ids).values_list("pk", flat=True))
    stray = [export_id for export_id in ids if export_id not in known]
    rings.destroy(stray, now)
    return remove_objects(name_of(export_id) for export_id in stray)


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Destroy what is over, and strays; one that fails is tried again by the next sweep."""
    outcome = Outcome()
    for export in queries.over(now):
        outcome.due += 1
        if dry_run:
            continue
        try:
            outcome.done += destroy(export, why="expired", by=by, now=now)
        except Exception:  # noqa: BLE001 - counted as failed: the others still go
            outcome.failed += 1
    if not dry_run:
        destroy_strays(now)
    return {RULE: outcome}


def name_of(export_id: UUID) -> str:
    """Where the sealed archive lies."""
    return f"{FOLDER}/{export_id.hex}"


def open_key(export_id: UUID, *, by: Actor, now: datetime, action: str) -> Handle:
    """The way into the archive; its line stands in the access journal."""
    return access.open(
        export_id, by=by, purpose=Purpose.LEGAL, part=PART, practice_id=by.practice_id, now=now, action=action
    )


def journal(export: Export, verb: str, *, by: Actor, now: datetime, **detail: str | int) -> None:
    """One line in the event journal; details are sizes and codes."""
    record_event(
        by=by, verb=f"gdpr.export.{verb}", object_type=Export._meta.label, object_id=export.pk,
        subject_id=export.account_id, detail=detail, now=now,
    )  # fmt: skip


class Archive:
    """The opened archive: its verified pieces, in order. Close it if they aren't read to the end."""

    def __init__(self, handle: Handle, sealed: Any, export_id: UUID) -> None:
        self._handle, self._sealed, self._name = handle, sealed, name_of(export_id)

    def __iter__(self) -> Iterator[bytes]:
        """Raises SealBroken where it stops being what was sealed."""
        with closing(self._sealed):
            yield from self._handle.open_file(cast(Any, self._sealed), name=self._name)

    def close(self) -> None:
        """Let the storage's object go."""
        self._sealed.close()
