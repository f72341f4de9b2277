"""The second half of a build, and the end of a set: sealed, opened, destroyed. Two databases and a storage can't commit together, so
the row of a set comes last and its end comes last: what is cut off in between has a name without a row, and goes (PC-21)."""

import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from io import RawIOBase
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Max

from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.grants import NoGrant
from privacy.ids import new_id
from privacy.purposes import Purpose
from privacy.refusals import require
from records.actions.documents import stored_names
from records.models import TrainingBuild, TrainingEnd, TrainingMember
from records.objects import remove_objects
from records.training.doubts import Doubt, settled
from records.training.drawing import Draw, Drawn, alone
from records.training.rules import KEPT, LEAST, VERSION, Out, grant_of, why_not_open, why_too_few
from vault import access, rings

FOLDER: Final = "training"
PART: Final = "training_set"
IN_MEMORY: Final = 1 << 20
"""Bytes of ciphertext kept in memory before a temporary file is used."""
TURN: Final = "select pg_advisory_xact_lock(hashtextextended(%s, 0))"


class _Lines(RawIOBase):
    """The lines of a set as a stream to seal."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines, self._rest = lines, b""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        while not self._rest:
            if not (line := next(self._lines, b"")):
                return b""
            self._rest = line
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def keep(draw: Draw, *, by: Actor, now: datetime) -> TrainingBuild:
    """Seal what was drawn and enter the set, after both locks of each member were asked again at ``now``. Raises Refused.

    Whoever takes a consent back from here on waits with what follows until this is committed or gone (``alone``), and then finds it.
    """
    build_id = new_id()
    try:
        with transaction.atomic(), scope(ALL):
            kept = _chosen(draw, now)
            require(why_too_few(len({text.file_id for text in kept})))
            secrets.SystemRandom().shuffle(kept)
            size, digest = _seal(build_id, (draw.line(text) for text in kept), by, now)
            build = _enter(build_id, draw, kept, size, digest, by, now)
    except BaseException:
        _discard(build_id, now)
        raise
    for older in TrainingBuild.objects.filter(end=None, number__lt=build.number):
        end(older, why="replaced", by=by, now=now)
    return build


def opened(build: TrainingBuild, *, by: Actor, now: datetime) -> Iterator[bytes]:
    """The lines of a set, in verified pieces, journaled; for whoever checks it. Raises Refused, and OSError without the bytes."""
    require(why_not_open(build, now))
    with transaction.atomic():
        handle = access.open(build.pk, by=by, purpose=Purpose.IMPROVEMENT, part=PART, practice_id=None, now=now)
    with closing(default_storage.open(name_of(build.pk), "rb")) as stored:
        yield from handle.open_file(cast(Any, stored), name=name_of(build.pk))


def end(build: TrainingBuild, *, why: str, by: Actor, now: datetime) -> bool:
    """Destroy the key and the file of a set, and record that and why; False when it was done before. Safe to repeat or to cut off."""
    _discard(build.pk, now)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(TURN, [f"training {build.pk}"])
        if TrainingEnd.objects.filter(build=build).exists():
            return False
        row = TrainingEnd.objects.create(build=build, ended_at=now, why=why)
        record_event(
            by=by, verb="records.training.destroyed", object_type=TrainingEnd._meta.label, object_id=row.pk,
            detail={"set": build.number, "why": why}, now=now,
        )  # fmt: skip
    return True


def strays() -> list[UUID]:
    """Sets whose sealed bytes lie in the storage without a row: their build was cut off."""
    ids = [UUID(hex=name.rsplit("/", 1)[-1]) for name in stored_names(FOLDER)]
    known = set(TrainingBuild.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return [build_id for build_id in ids if build_id not in known]


def destroy_strays(*, now: datetime) -> int:
    """Destroy them, unless a set is being built at this moment. How many."""
    with alone() as nobody_builds:
        found = strays() if nobody_builds else []
        for build_id in found:
            _discard(build_id, now)
    return len(found)


def name_of(build_id: UUID) -> str:
    """Where the sealed file lies."""
    return f"{FOLDER}/{build_id.hex}"


def _chosen(draw: Draw, now: datetime) -> list[Drawn]:
    """Those that both locks still let in, without those whose words are too rare; counts the others."""
    allowed = {member for member in {text.member for text in draw.texts} if _is_allowed(member, now)}
    still = [text for text in draw.texts if text.member in allowed]
    draw.out[Out.CHANGED.value] += len({text.file_id for text in draw.texts} - {text.file_id for text in still})
    require(why_too_few(len({text.file_id for text in still})))
    kept = settled(still, LEAST)
    draw.texts_out[Doubt.WORD.value] += len(still) - len(kept)
    return kept


def _is_allowed(member: tuple[UUID, UUID, UUID], now: datetime) -> bool:
    try:
        grant_of(*member, now=now)
    except NoGrant:
        return False
    return True


def _seal(build_id: UUID, lines: Iterator[bytes], by: Actor, now: datetime) -> tuple[int, str]:
    """Store the lines under a key of their own; the size and the hash of what lies there."""
    handle = access.new_file(file_id=build_id, by=by, practice_id=None, purpose=Purpose.IMPROVEMENT, now=now)
    name, digest, size = name_of(build_id), sha256(), 0
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as sealed:
        handle.seal_file(cast(BinaryIO, _Lines(lines)), cast(BinaryIO, sealed), name=name)
        sealed.seek(0)
        while piece := sealed.read(IN_MEMORY):
            digest.update(piece)
            size += len(piece)
        sealed.seek(0)
        kept_as = default_storage.save(name, File(cast(Any, sealed)))
    if kept_as != name:
        remove_objects([kept_as])
        raise RuntimeError(f"the storage renamed {name} to {kept_as}")
    return size, digest.hexdigest()


def _enter(
    build_id: UUID, draw: Draw, kept: list[Drawn], size: int, digest: str, by: Actor, now: datetime
) -> TrainingBuild:
    members = sorted({text.member for text in kept})
    patients = len({text.file_id for text in kept})
    build = TrainingBuild.objects.create(
        id=build_id, number=_next_number(), built_at=now, asked_role=by.role, rules=VERSION, minimum=LEAST,
        patients=patients, texts=len(kept), counts=_counts(draw, len(members), _practices(members)), sha256=digest,
        size=size, expires_at=now + KEPT,
    )  # fmt: skip
    TrainingMember.objects.bulk_create(
        TrainingMember(build=build, file_id=file_id, practice_id=practice_id, author_id=author_id)
        for file_id, practice_id, author_id in members
    )
    record_event(
        by=by, verb="records.training.built", object_type=TrainingBuild._meta.label, object_id=build.pk,
        detail={"set": build.number, "patients": patients, "texts": len(kept), "training_members": len(members)}, now=now,
    )  # fmt: skip
    return build


def _next_number() -> int:
    return int(TrainingBuild.objects.aggregate(most=Max("number"))["most"] or 0) + 1


def _practices(members: Iterable[tuple[UUID, UUID, UUID]]) -> int:
    return len({practice_id for _file, practice_id, _author in members})


def _counts(draw: Draw, members: int, practices: int) -> dict[str, Any]:
    return {
        "considered": draw.considered, "members": members, "practices": practices, "out": dict(+draw.out),
        "texts_out": dict(+draw.texts_out),
    }  # fmt: skip


def _discard(build_id: UUID, now: datetime) -> None:
    rings.destroy([build_id], now)
    remove_objects([name_of(build_id)])
