"""Files of which some are due, some held, some neither; and whether all of them are as a finished sweep leaves them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connection

from accounts.models import User
from audit.actors import Actor
from audit.models import EventEntry
from care.tenancy import ALL, scope
from lifecycle.holds.actions import place_hold
from lifecycle.models import Departed, Disposal
from lifecycle.retention.children import FILE_TABLE, LOOSE, children
from records.models import Document, PatientFile
from tests.records.factories import make_consultation, make_document, make_file, make_measure
from vault.models import FileKey

BY = Actor.operations("tests")
DESTROYED = "lifecycle.file.destroyed"
ARCHIVED = "lifecycle.file.archived"
DATES = "update records_patientfile set active_until = %s, retain_until = %s where id = any(%s)"


@dataclass
class World:
    """The files of one turn by what becomes of them, and how those that stay looked before."""

    due: list[UUID] = field(default_factory=list)
    archive: list[UUID] = field(default_factory=list)
    kept: list[UUID] = field(default_factory=list)
    objects: dict[UUID, list[str]] = field(default_factory=dict)
    before: dict[UUID, str] = field(default_factory=dict)


def make_world(practitioner: User, now: datetime) -> World:
    """Five files past their term, three past their daily use, one held, one in daily use; each with all kinds of rows."""
    past, far = now.date() - timedelta(days=3), now.date() + timedelta(days=3000)
    made = [_file(practitioner, now) for _ in range(10)]
    world = World(made[:5], made[5:8], made[8:])
    _date([*world.due, made[8]], past, past)
    _date(world.archive, past, far)
    _date([made[9]], far, far)
    with scope(ALL):
        place_hold(
            file_id=made[8], ground="dispute", case="Roux", why="a claim", by=BY, now=now,
            review_on=now.date() + timedelta(days=90),
        )  # fmt: skip
        for document in Document.objects.filter(file_id__in=made):
            world.objects.setdefault(document.file_id, []).append(document.storage_name)
        world.before = {file_id: _content(file_id, world) for file_id in (*world.kept, *world.archive)}
    # The held file's daily use is over: its key goes to the archive, its rows stay.
    world.archive.append(made[8])
    world.kept.remove(made[8])
    return world


def wrong(world: World) -> list[str]:
    """What isn't as one whole sweep leaves it: lost, done twice or half done. Empty when all is well."""
    with scope(ALL):
        found = [line for file_id in world.due for line in _not_gone(file_id, world)]
        found += [line for file_id in world.archive for line in _not_archived(file_id)]
        found += [
            f"{file_id} changed" for file_id, content in world.before.items() if _content(file_id, world) != content
        ]
        found += [f"{file_id}: {n} keys in use" for file_id in world.kept if (n := _keys(file_id, "active")) != 1]
    return found


def wrong_totals() -> list[str]:
    """Whether the aggregates count each destroyed file exactly once (MD-21)."""
    with scope(ALL):
        counted = sum(Departed.objects.filter(kind="records.PatientFile").values_list("count", flat=True))
        decided = Disposal.objects.count()
    return [] if counted == decided else [f"{counted} departed, {decided} decided"]


def _file(practitioner: User, now: datetime) -> UUID:
    now -= timedelta(hours=1)
    file = make_file(practitioner, now=now)
    make_consultation(file, practitioner, at=now, signed=True)
    make_measure(file, practitioner, at=now)
    make_document(file, practitioner)
    return file.pk


def _date(files: list[UUID], active_until: date, retain_until: date) -> None:
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(DATES, [active_until, retain_until, files])


def _tables() -> list[tuple[str, str]]:
    return [*((child.table, child.column) for child in children()), *LOOSE, (FILE_TABLE, "id")]


def _not_gone(file_id: UUID, world: World) -> list[str]:
    found = {"disposals": Disposal.objects.filter(file_id=file_id).count() - 1, "lines": _lines(file_id, DESTROYED) - 1}
    found["objects"] = sum(default_storage.exists(name) for name in world.objects[file_id])
    found["keys"] = FileKey.objects.filter(file_id=file_id, destroyed_at=None).count()
    found["wrapped"] = FileKey.objects.filter(file_id=file_id).exclude(wrapped=b"").count()
    with connection.cursor() as cursor:
        for table, column in _tables():
            cursor.execute(f"select count(*) from {table} where {column} = %s", [file_id])
            found[table] = cursor.fetchone()[0]
    return [f"due {file_id}: {name} {number:+}" for name, number in found.items() if number]


def _not_archived(file_id: UUID) -> list[str]:
    file = PatientFile.objects.filter(pk=file_id).first()
    if file is None:
        return [f"{file_id} is lost"]
    found = Counter(
        archived=file.archived_at is not None, key=_keys(file_id, "archive"), line=_lines(file_id, ARCHIVED)
    )
    return [f"archive {file_id}: {name} {number}" for name, number in found.items() if number != 1]


def _keys(file_id: UUID, ring: str) -> int:
    return FileKey.objects.filter(file_id=file_id, ring=ring, destroyed_at=None).exclude(wrapped=b"").count()


def _lines(file_id: UUID, verb: str) -> int:
    return EventEntry.objects.filter(subject_id=file_id, verb=verb).count()


def _content(file_id: UUID, world: World) -> str:
    """Every byte of a file's rows, of its wrapped key and of its stored objects; not when its key moved."""
    digest = sha256()
    with connection.cursor() as cursor:
        for table, column in _tables():
            cursor.execute(
                f"select to_jsonb(t) - 'archived_at' from {table} t where {column} = %s order by id", [file_id]
            )
            digest.update(repr(cursor.fetchall()).encode())
    for key in FileKey.objects.filter(file_id=file_id).order_by("generation"):
        digest.update(bytes(key.wrapped))
    for name in world.objects.get(file_id, []):
        with default_storage.open(name) as stored:
            digest.update(stored.read())
    return digest.hexdigest()
