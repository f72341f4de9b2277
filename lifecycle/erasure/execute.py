"""Executing an approved plan: the decision, then everything that follows it (PC-35, PC-50, PC-62)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.erasure.approving import Approved, PlanChanged, address, approved_document, journal
from lifecycle.erasure.certificate import of_erasure
from lifecycle.erasure.deciding import Along, decide_account, line_as_row
from lifecycle.erasure.files import Fate, FileFate
from lifecycle.erasure.finishing import finish
from lifecycle.erasure.plan import Plan, plan_for_file
from lifecycle.models import Erasure, ErasureCertificate
from lifecycle.retention import door
from privacy.ids import new_id
from records.models import PatientFile


class StillKept(Exception):
    """A patient's file can't be erased: the law, or a hold, keeps it. ``fate`` says which, and until when."""

    def __init__(self, plan: Plan, fate: FileFate) -> None:
        super().__init__(fate.fate)
        self.plan, self.fate = plan, fate

    def __str__(self) -> str:
        return next(line.sentence for line in self.plan.shown)


@dataclass(frozen=True, slots=True)
class Executed:
    """What came of an execution. ``certificate`` is None while what follows the decision isn't finished."""

    erasure_id: UUID
    plan_sha256: str
    certificate: ErasureCertificate | None


def execute_account(
    user_id: UUID,
    approved: Approved,
    *,
    by: Actor,
    now: datetime,
    replayed: bool = False,
    ended_on: date | None = None,
    along: Along | None = None,
) -> Executed:
    """Erase an account as approved; a second call, also at the same moment, finds it erased and changes nothing.

    ``approved`` is the address of the approved plan (or its document); see :func:`decide_account` for the others.
    Inside a transaction of the caller's, what follows the decision waits for its commit, and a crash in it is made good
    by the sweep. Raises :class:`PlanChanged`, User.DoesNotExist, and what :func:`finish` raises.
    """
    decided = decide_account(
        user_id, approved=approved, by=by, now=now, replayed=replayed, ended_on=ended_on, along=along
    )
    return _followed(decided, by, now)


def execute_file(file_id: UUID, approved: Approved, *, by: Actor, now: datetime, replayed: bool = False) -> Executed:
    """Erase one patient's file, if no law and no hold keeps it. A second call changes nothing.

    Raises :class:`StillKept` with ground and end, :class:`PlanChanged`, and PatientFile.DoesNotExist.
    """
    known = Erasure.objects.filter(subject_id=file_id, state=Erasure.State.DECIDED).first()
    return _followed(known or _decide_file(file_id, approved, replayed, by, now), by, now)


@transaction.atomic
def _decide_file(file_id: UUID, approved: Approved, replayed: bool, by: Actor, now: datetime) -> Erasure:
    with scope(ALL):
        PatientFile.objects.select_for_update(of=("self",)).get(pk=file_id)
        known = Erasure.objects.filter(subject_id=file_id, state=Erasure.State.DECIDED).first()
        if known:
            return known
        plan = plan_for_file(file_id, now)
        if plan.refused:
            raise StillKept(plan, plan.refused)
        document = approved_document(plan, approved)
        if not replayed and (document is None or plan.exceeds(document)):
            raise PlanChanged(plan)
        if not door.decide(plan.with_fate(Fate.ERASED), reason=door.Reason.ERASURE, by=by, now=now):
            raise PlanChanged(plan)
    row = Erasure.objects.create(
        erasure_id=new_id(), state=Erasure.State.DECIDED, kind="file", subject_id=file_id, at=now,
        plan_sha256=plan.sha256, approved_sha256=address(document) if document else "", replayed=replayed,
        figures={"plan": plan.document, "lines": [line_as_row(line) for line in plan.lines], "practices": []},
        actor_id=by.account_id, actor_role=by.role,
    )  # fmt: skip
    journal(row, by, now)
    return row


def _followed(decided: Erasure, by: Actor, now: datetime) -> Executed:
    if connection.in_atomic_block:
        transaction.on_commit(lambda: finish(decided.erasure_id, by=by, now=now), robust=True)
    else:
        finish(decided.erasure_id, by=by, now=now)
    return Executed(decided.erasure_id, decided.plan_sha256, of_erasure(decided.erasure_id))
