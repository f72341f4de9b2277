"""What erasures promise, measured on the live database (PC-35, PC-36, PC-40, PC-50, PC-62, NEW-06)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from care.tenancy import ALL, scope
from consents.receipts import is_genuine
from lifecycle.erasure import paper
from lifecycle.erasure.answers import DESTRUCTIVE, answers, nameless, personal_tables
from lifecycle.erasure.closing import due
from lifecycle.erasure.files import STAYS, Fate, pieces
from lifecycle.erasure.identity import last_day
from lifecycle.models import ClosedAccount, Erasure, ErasureCertificate
from privacy.clocks import Jurisdiction, legal_day
from privacy.promises import Measure, promise
from records.models import PatientFile
from vault.models import FileKey

TESTS: Final = "tests/lifecycle/test_erasure_promises.py"
LATE: Final = timedelta(days=1)
"""How long the hourly sweep may need for what is due or was cut off."""

NEWEST: Final = 100
"""Of erasures, those whose rows are counted table by table: the others were counted when they were verified."""


@promise("PC-35", checked_by=TESTS)
def deletions_are_final(now: datetime) -> Measure:
    """No erased account has a name or a row of its own left; each certificate says ground and end of what is kept."""
    decided = _decided("account")
    erased = User.objects.filter(pk__in=decided.values("subject_id"))
    broken = {
        "erased_accounts_with_a_name": erased.exclude(nameless(erased)).count(),
        "own_rows_left": sum(_own_rows(row.subject_id) for row in _newest(decided) if row.subject_id),
        "exceptions_without_ground_or_end": sum(map(_unexplained, _documents())),
    }
    return _measure({"erased_accounts": decided.count()}, broken)


@promise("PC-36", checked_by=TESTS)
def identities_go_after_three_years(now: datetime) -> Measure:
    """No identity of a closed account is there past its last day, which is at most three years after the contract."""
    wrong = sum(row.keep_until > last_day(_closed_on(row)) for row in ClosedAccount.objects.iterator())
    broken = {"past_their_end": due(now - LATE).count(), "kept_longer_than_three_years": wrong}
    return _measure({"identities_archived": ClosedAccount.objects.count()}, broken)


@promise("PC-40", checked_by=TESTS)
def identities_stay_three_years_sealed(now: datetime) -> Measure:
    """Every archived identity can still be opened, from the archive alone, and its searched words are gone."""
    ids = list(ClosedAccount.objects.values_list("pk", flat=True))
    verified = Erasure.objects.filter(state=Erasure.State.VERIFIED).values("erasure_id")
    done = _decided("account").filter(erasure_id__in=verified).values("subject_id")
    broken = {
        "without_a_key": len(ids) - _keys(ids).values("file_id").distinct().count(),
        "in_daily_use": _keys(list(_of(done).values_list("pk", flat=True))).exclude(ring="archive").count(),
        "searched_words_left": _of(done).filter(sought__isnull=False).count(),
    }
    return _measure({"identities_archived": len(ids)}, broken)


@promise("PC-50", checked_by=TESTS)
def patient_files_of_erased_accounts_went(now: datetime) -> Measure:
    """Files that were to go are gone with their keys; the others are in the archive; nothing waits longer than a day."""
    finished = Erasure.objects.filter(state=Erasure.State.DONE).values("erasure_id")
    rows = list(Erasure.objects.filter(state=Erasure.State.DECIDED, erasure_id__in=finished))
    gone = [file_id for row in rows for file_id in _files(row, Fate.ERASED)]
    kept = [file_id for row in rows if row.kind == "account" for file_id in _files(row, *STAYS)]
    waiting = Erasure.objects.filter(state=Erasure.State.DECIDED, at__lt=now - LATE).exclude(erasure_id__in=finished)
    with scope(ALL):
        broken = {
            "files_to_be_gone": sum(PatientFile.objects.filter(pk__in=piece).count() for piece in pieces(gone)),
            "keys_to_be_dead": sum(_keys(piece).count() for piece in pieces(gone)),
            "files_in_daily_use": sum(_active(piece) for piece in pieces(kept)),
            "erasures_left_half_done": waiting.count(),
        }
    return _measure({"files_destroyed": len(gone), "files_archived": len(kept)}, broken)


@promise("PC-62", checked_by=TESTS)
def erasures_follow_an_approved_plan(now: datetime) -> Measure:
    """Every personal table answers, and no erasure destroyed a file that the approved plan didn't name."""
    answered = {answer.table.label for answer in answers()}
    decided = Erasure.objects.filter(state=Erasure.State.DECIDED, replayed=False)
    broken = {
        "tables_without_an_answer": len({table.label for table in personal_tables()} - answered),
        "erasures_without_an_approved_plan": decided.filter(approved_sha256="").count(),
        "files_beyond_the_approved_plan": sum(map(_beyond, decided.iterator())),
    }
    return _measure({"tables_answered": len(answered), "erasures": decided.count()}, broken)


@promise("NEW-06", checked_by=TESTS)
def erasures_end_with_a_genuine_certificate(now: datetime) -> Measure:
    """Each erasure that was verified has its certificate; each is genuine, statement and document, and names no account."""
    certified = ErasureCertificate.objects.values("erasure_id")
    verified = Erasure.objects.filter(state=Erasure.State.VERIFIED, at__lt=now - LATE)
    newest = list(ErasureCertificate.objects.order_by("-made_at")[:NEWEST])
    broken = {
        "verified_without_a_certificate": verified.exclude(erasure_id__in=certified).count(),
        "statements_not_genuine": sum(not is_genuine(json.loads(one.content)) for one in newest),
        "documents_not_genuine": sum(not paper.is_genuine(bytes(one.pdf)) for one in newest),
        "certificates_naming_an_account": sum(map(_names_somebody, newest)),
    }
    return _measure({"certificates": ErasureCertificate.objects.count()}, broken)


def _measure(figures: dict[str, int], broken: dict[str, int]) -> Measure:
    return Measure(kept=not any(broken.values()), figures=figures | broken)


def _decided(kind: str) -> QuerySet[Erasure]:
    return Erasure.objects.filter(state=Erasure.State.DECIDED, kind=kind)


def _newest(rows: QuerySet[Erasure]) -> QuerySet[Erasure]:
    return rows.order_by("-at")[:NEWEST]


def _own_rows(user_id: UUID) -> int:
    own = [answer for answer in answers() if answer.rows is not None and answer.outcome in DESTRUCTIVE]
    with scope(ALL):
        return sum(answer.living(answer.of_account(user_id)).count() for answer in own)


def _documents() -> Iterator[dict[str, Any]]:
    for content in ErasureCertificate.objects.order_by("-made_at").values_list("content", flat=True)[:NEWEST]:
        yield json.loads(content)


def _unexplained(document: dict[str, Any]) -> int:
    """Kept parts without a ground, or with neither a last day nor a hold or a colleague that keeps them."""
    kept = [part for part in document["parts"] if part["outcome"] not in DESTRUCTIVE]
    open_ended = (Fate.HELD, Fate.RESTRICTED, Fate.SHARED)
    return sum(not part["ground"] or (not part["until"] and part["fate"] not in open_ended) for part in kept)


def _closed_on(row: ClosedAccount) -> Any:
    return legal_day(row.closed_at, Jurisdiction(row.jurisdiction))


def _of(account_ids: Any) -> QuerySet[ClosedAccount]:
    return ClosedAccount.objects.filter(account_id__in=account_ids)


def _keys(file_ids: list[UUID]) -> QuerySet[FileKey]:
    return FileKey.objects.filter(file_id__in=file_ids, destroyed_at=None)


def _files(row: Erasure, *fates: Fate) -> list[UUID]:
    return [UUID(file_id) for file_id, fate, *_rest in row.figures["plan"]["files"] if fate in fates]


def _active(file_ids: list[UUID]) -> int:
    """Files of closed accounts that lie open: not archived, and nobody reopened them."""
    with scope(ALL):
        return PatientFile.objects.filter(
            pk__in=file_ids, archived_at=None, reopened_until=None, leaving_at=None
        ).count()


def _beyond(row: Erasure) -> int:
    """Files the erasure destroyed that the kept approved plan neither destroys nor archives."""
    kept = Erasure.objects.filter(
        subject_id=row.subject_id, state=Erasure.State.APPROVED, plan_sha256=row.approved_sha256
    ).values_list("figures", flat=True)
    named = [set(_named(figures)) for figures in kept]
    gone = {str(file_id) for file_id in _files(row, Fate.ERASED)}
    return len(gone - named[0]) if named else 0


def _named(figures: dict[str, Any]) -> Iterator[str]:
    return (file_id for file_id, fate, *_rest in figures["plan"]["files"] if fate == Fate.ERASED)


def _names_somebody(made: ErasureCertificate) -> bool:
    subject = Erasure.objects.filter(erasure_id=made.erasure_id, state=Erasure.State.DECIDED).values_list(
        "subject_id", flat=True
    )
    return any(str(one) in made.content for one in subject if one)
