"""What follows the decision of an erasure, step by step; each step can be repeated, so a crash anywhere is made good (PC-35).

The rights journal learns of it, keys die or go to the archive, stored objects go, then another eye looks for what is
left, and the certificate is made and sent. What is done stands in :class:`lifecycle.models.Erasure`, and is read again
before each step.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.erasure import certificate, identity, mailbox
from lifecycle.erasure.answers import DESTRUCTIVE, answers
from lifecycle.erasure.approving import journal
from lifecycle.erasure.files import STAYS, Fate, pieces
from lifecycle.models import ClosedAccount, Disposal, Erasure
from lifecycle.residue.recording import record_scan
from lifecycle.retention import door
from lifecycle.retention.archiving import archive_files
from lifecycle.retention.objects import remove_objects
from records.models import ImportRun, PatientFile
from vault import rings

LOCK_CLASS: Final = 0x65726173
"""Keeps our advisory locks apart from those of others."""

State = Erasure.State
log = logging.getLogger(__name__)
before_keys_die: list[Callable[[], object]] = []
"""What has to know of a decision before anything irreversible follows it (the rights journal, NEW-08)."""


class ResidueFound(Exception):
    """The scan found copies: the erasure isn't verified, and is tried again. Names stores and counts only."""


also_end: list[Callable[[datetime], object]] = []
"""What layers above keep of accounts beside their rows (archives of exports): destroyed with each erasure, and checked."""


def end_also(callback: Callable[[datetime], object]) -> None:
    """Have ``callback`` called once the rows of an account are gone, before the search for what is left."""
    if callback not in also_end:
        also_end.append(callback)


def first_tell(callback: Callable[[], object]) -> None:
    """Have ``callback`` called between each decision and the death of the first key. Registering it twice keeps one."""
    if callback not in before_keys_die:
        before_keys_die.append(callback)


def finish(erasure_id: UUID, *, by: Actor, now: datetime) -> None:
    """Bring a decided erasure to its certificate, from wherever it stands. Two at once do it once.

    Raises :class:`ResidueFound`, and what a database, the storage or the seal raises; the next call goes on from there.
    """
    with _alone(erasure_id):
        for state, step in STEPS:
            if not Erasure.objects.filter(erasure_id=erasure_id, state=state).exists():
                figures = step(_decided(erasure_id), by, now)
                _enter(erasure_id, state, figures, by, now)
        certificate.send(erasure_id, by=by, now=now)


def unfinished(now: datetime) -> list[UUID]:
    """The erasures that were decided and have no certificate yet, oldest first."""
    done = Erasure.objects.filter(state=State.CERTIFIED).values("erasure_id")
    decided = Erasure.objects.filter(state=State.DECIDED).exclude(erasure_id__in=done).order_by("at")
    return [*decided.values_list("erasure_id", flat=True), *certificate.unsent(now)]


def resume(*, by: Actor, now: datetime) -> int:
    """Finish what was cut off; returns how many erasures were finished. Raises what the first failing one raises."""
    waiting = list(dict.fromkeys(unfinished(now)))
    for erasure_id in waiting:
        finish(erasure_id, by=by, now=now)
    return len(waiting)


def _carry_out(decided: Erasure, by: Actor, now: datetime) -> dict[str, Any]:
    """Keys, objects, rows of files; archive; imports; mails. Returns what the ledger keeps of it: no id of anybody."""
    for tell in before_keys_die:
        tell()
    gone = _files(decided, Fate.ERASED)
    for piece in pieces(gone):
        while door.finish_decided(piece, by=by, now=now):
            pass
    kept = [file_id for fate in STAYS for file_id in _files(decided, fate)] if decided.kind == "account" else []
    practices = [UUID(one) for one in decided.figures["practices"]]
    for piece in pieces([*kept, *_come_late(practices, kept)]):
        archive_files(piece, by=by, now=now)
    _end_imports(practices, now)
    if decided.kind == "account" and decided.subject_id:
        rings.destroy([decided.subject_id], now)  # a patient's side has a key of the account's own
    for end in also_end:
        end(now)
    rings.archive(_closed(decided).values_list("pk", flat=True), now)
    return {
        "lines": [line for line in decided.figures["lines"] if line["count"]],
        "files": {"erased": len(gone), "archived": len(kept)},
        "disposals": _digest(gone),
        "decided": decided.at.isoformat(),
    }


def _verify(decided: Erasure, by: Actor, now: datetime) -> dict[str, Any]:
    """Nothing that had to go is left: counted by the answers, and looked for by another eye (NEW-07).

    Raises :class:`ResidueFound`; the result of the search is kept either way.
    """
    left, words, copies = _rows_left(decided), 0, 0
    known = identity.opened(decided.subject_id, by=by, now=now) if decided.subject_id else None
    if known and known["sought"]:
        mailbox.forget(known["sought"])
        found = record_scan(subject_id=_subject(decided), tokens=known["sought"], by=by, now=now)
        words, copies = found.tokens, sum(found.counts.values())
    if left or copies:
        raise ResidueFound(f"erasure {decided.erasure_id}: {left} rows left, copies found in {copies} places")
    _closed(decided).update(sought=None)
    return {"rows_left": left, "words": words, "copies_found": copies}


def _certify(decided: Erasure, by: Actor, now: datetime) -> dict[str, Any]:
    made = certificate.make(decided, now=now)
    return {"certificate": str(made.pk), "sha256": sha256(made.content.encode()).hexdigest()}


Step = Callable[[Erasure, Actor, datetime], dict[str, Any]]
STEPS: Final[tuple[tuple[str, Step], ...]] = (
    (State.DONE, _carry_out),
    (State.VERIFIED, _verify),
    (State.CERTIFIED, _certify),
)


def _decided(erasure_id: UUID) -> Erasure:
    return Erasure.objects.get(erasure_id=erasure_id, state=State.DECIDED)


@transaction.atomic
def _enter(erasure_id: UUID, state: str, figures: dict[str, Any], by: Actor, now: datetime) -> None:
    """Write that the erasure came to ``state``. The row names nobody, so that its proof may be given away."""
    decided = _decided(erasure_id)
    row = Erasure.objects.create(
        erasure_id=erasure_id, state=state, kind=decided.kind, at=now, plan_sha256=decided.plan_sha256,
        approved_sha256=decided.approved_sha256, replayed=decided.replayed, figures=figures, actor_role="system",
    )  # fmt: skip
    journal(row, by, now)


def _subject(decided: Erasure) -> UUID:
    if decided.subject_id is None:
        raise ValueError("a decision names its subject")
    return decided.subject_id


def _closed(decided: Erasure) -> QuerySet[ClosedAccount]:
    """The archived identity that belongs to the erasure; a patient's file has none."""
    return ClosedAccount.objects.filter(account_id__in=[decided.subject_id] if decided.subject_id else [])


def _files(decided: Erasure, fate: Fate) -> list[UUID]:
    return [UUID(file_id) for file_id, its, *_rest in decided.figures["plan"]["files"] if its == fate]


def _digest(files: list[UUID]) -> str:
    """One hash over the decisions of the door on ``files``, in order; it proves them without naming any."""
    over = sha256()
    with scope(ALL):
        for piece in pieces(sorted(files)):
            decisions = Disposal.objects.filter(file_id__in=piece).order_by("file_id")
            for disposal in decisions.values_list("pk", flat=True):
                over.update(disposal.bytes)
    return over.hexdigest()


def _come_late(practices: list[UUID], known: list[UUID]) -> list[UUID]:
    """Files of a closed practice that a request in flight made while the account was decided: nobody is left for them."""
    with scope(ALL):
        there = PatientFile.objects.filter(practice_id__in=practices, archived_at=None, leaving_at=None)
        return sorted(set(there.values_list("pk", flat=True)) - set(known))


def _end_imports(practices: list[UUID], now: datetime) -> None:
    """Uploads that wait and the keys of reports go with the practices that closed."""
    with scope(ALL):
        runs = list(ImportRun.objects.filter(practice_id__in=practices).values_list("pk", "storage_names"))
        remove_objects(name for _run, names in runs for name in names)
        rings.destroy([run for run, _names in runs], now)
        open_ones = ImportRun.objects.filter(practice_id__in=practices, finished_at=None)
        open_ones.update(state=ImportRun.State.FAILED, finished_at=now)
        ImportRun.objects.filter(practice_id__in=practices).exclude(storage_names=[]).update(storage_names=[])


def _rows_left(decided: Erasure) -> int:
    """Rows that had to go and are still there, counted by the answers of the plan."""
    gone = _files(decided, Fate.ERASED)
    left = 0
    with scope(ALL):
        for answer in answers():
            if answer.rows is None:
                left += sum(answer.living(answer.of_files(piece)).count() for piece in pieces(gone))
            elif decided.kind == "account" and decided.subject_id and answer.outcome in DESTRUCTIVE:
                left += answer.living(answer.of_account(decided.subject_id)).count()
    return left


@contextmanager
def _alone(erasure_id: UUID) -> Iterator[None]:
    """One at a time on an erasure; PostgreSQL gives the lock back when this process is killed."""
    lock = int.from_bytes(erasure_id.bytes[-4:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s, %s)", [LOCK_CLASS, lock])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s, %s)", [LOCK_CLASS, lock])
