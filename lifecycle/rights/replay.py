"""After a restore: what people decided since the backup is carried out again (NEW-08).

Each step is finished by the next run when it was broken off, and finds nothing to do when it is done. Until the last one
is done an unfinished :class:`lifecycle.models.RightsReplay` keeps the house from starting.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final, Protocol
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection, transaction

from audit.actions import record_event
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.actions import publish_texts
from consents.usage.actions import forget_again
from lifecycle.erasure import finishing
from lifecycle.models import Erasure, RightsReplay
from lifecycle.retention import door
from lifecycle.rights import guard
from lifecycle.rights.journal import copy_new
from lifecycle.rights.putting import put_back
from lifecycle.rights.streams import BATCH, STREAMS, Stream
from privacy.clocks import legal_day
from records.models import PatientFile
from records.restriction import keys
from vault import rights, rings

REPLAY_LOCK: Final = 0x5EEA


class JournalMissing(Exception):
    """There is nothing to replay from; the message says what to do."""


class Step(Protocol):
    """One kind of work after a restore."""

    def __call__(self, *, by: Actor, now: datetime) -> dict[str, int]:
        """Do what is left of it; returns how many of each kind."""


def replay(*, by: Actor, now: datetime, rebuild: bool = False) -> dict[str, int]:
    """Bring main and keys to the state without the restore; returns how many of each kind of work was done.

    ``rebuild`` allows a journal that is lost for good to be written anew from this database. Raises
    :class:`JournalMissing` without it.
    """
    with _alone():
        if not rights.exists() or (guard.journal_lost() == guard.MISSING and not rebuild):
            raise JournalMissing(guard.MISSING)
        if not guard.why_not_start():
            return _do(STEPS, by, now)
        if not RightsReplay.objects.filter(finished_at=None).exists():
            RightsReplay.objects.create(started_at=now)
        found = _do((*STEPS, end_sessions), by, now)
        RightsReplay.objects.filter(finished_at=None).update(finished_at=now, counts=found)
        return found


def _do(steps: Iterable[Step], by: Actor, now: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    for step in steps:
        found |= step(by=by, now=now)
    return found


def put_back_decisions(*, by: Actor, now: datetime) -> dict[str, int]:
    """The rows of evidence that main lost, with their ids and moments."""
    publish_texts(by=by, now=now)
    return {f"{stream.label} put back": _put_back(stream, by, now) for stream in STREAMS}


def _put_back(stream: Stream, by: Actor, now: datetime) -> int:
    count = 0
    for batch in rights.batches(stream.table, BATCH):
        with transaction.atomic(), scope(ALL):
            missing = stream.missing(batch)
            for entry in missing:
                put_back(stream, entry)
                record_event(
                    by=by, verb="lifecycle.rights_replayed", object_type=stream.label, object_id=entry.pk,
                    subject_id=entry.subject_id, now=now,
                )  # fmt: skip
            count += len(missing)
    return count


def complete_journal(*, by: Actor, now: datetime) -> dict[str, int]:
    """What the journal lost, where the keys database is the restored one."""
    return {"entries copied to the journal": copy_new(everything=True)}


def destroy_keys_again(*, by: Actor, now: datetime) -> dict[str, int]:
    """Keys that a restored keys database brought back, of files whose end is decided; and what belongs in the archive."""
    dead = archived = 0
    for files in _files("select file_id from lifecycle_disposal"):
        dead += rings.destroy(files, now)
    today = legal_day(now)
    for files in _files("select id from records_patientfile where archived_at is not null and leaving_at is null"):
        archived += rings.archive(_not_reopened(files, today), now)
    return {"keys destroyed again": dead, "keys archived again": archived}


def decide_dead_files(*, by: Actor, now: datetime) -> dict[str, int]:
    """Files whose key died without a decision that the journal knows: nobody can read them, so they go (NEW-08)."""
    count = 0
    for files in _files("select id from records_patientfile where leaving_at is null"):
        dead = rings.dead(files)
        while dead and (decided := door.decide(dead, reason=door.Reason.REPLAY, by=by, now=now)):
            count += len(decided)
    return {"files without a living key decided": count}


def finish_disposals(*, by: Actor, now: datetime) -> dict[str, int]:
    """Objects and rows of the files whose end is decided."""
    count = 0
    while done := door.finish_decided(by=by, now=now):
        count += done
    return {"files destroyed": count}


def finish_erasures(*, by: Actor, now: datetime) -> dict[str, int]:
    """What follows the erasures that were decided, as of the moment of each decision."""
    waiting = finishing.unfinished(now)
    for erasure_id in waiting:
        decided = Erasure.objects.get(erasure_id=erasure_id, state=Erasure.State.DECIDED)
        finishing.finish(erasure_id, by=by, now=decided.at)
    return {"erasures finished": len(waiting)}


def settle_restrictions(*, by: Actor, now: datetime) -> dict[str, int]:
    """The marks on the keys follow the restrictions that stand and fall again (PC-63)."""
    return {"keys of restricted files settled": keys.settle(keys.astray(), now)}


def forget_uses_again(*, by: Actor, now: datetime) -> dict[str, int]:
    """What was counted of people who have taken it back since the backup (PC-19)."""
    return {"uses erased again": forget_again(by=by, now=now)}


def end_sessions(*, by: Actor, now: datetime) -> dict[str, int]:
    """A session that was ended after the backup must not come back to life: everybody signs in again."""
    return {"sessions ended": Session.objects.all().delete()[0]}


STEPS: Final[tuple[Step, ...]] = (
    put_back_decisions,
    complete_journal,
    destroy_keys_again,
    decide_dead_files,
    finish_disposals,
    finish_erasures,
    settle_restrictions,
    forget_uses_again,
)
"""In this order: nothing dies before its decision stands in both databases."""


def _files(sql: str) -> Iterator[list[UUID]]:
    """Ids in batches; all practices' files."""
    with transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        cursor.execute(sql)
        ids = [file_id for (file_id,) in cursor.fetchall()]
    for start in range(0, len(ids), door.BATCH):
        yield ids[start : start + door.BATCH]


def _not_reopened(files: list[UUID], today: date) -> list[UUID]:
    with scope(ALL):
        reopened = PatientFile.objects.filter(pk__in=files, reopened_until__gte=today)
        again = set(reopened.values_list("pk", flat=True))
    return [file_id for file_id in files if file_id not in again]


@contextmanager
def _alone() -> Iterator[None]:
    """One replay at a time; a second waits and then finds nothing left."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [REPLAY_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [REPLAY_LOCK])
