"""A plan is approved by its address; what it said is kept, so that the execution can be held against it (PC-62)."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record_event
from audit.actors import Actor
from consents.jcs import canonical
from lifecycle.erasure.plan import Plan, plan_for_account, plan_for_file
from lifecycle.models import Erasure
from privacy.ids import new_id

Approved = str | Mapping[str, Any] | None
PLANS = {"account": plan_for_account, "file": plan_for_file}


class PlanChanged(Exception):
    """More would be destroyed than was approved, or what was approved isn't known: ``plan`` is the new one to approve."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("plan changed")
        self.plan = plan

    def __str__(self) -> str:
        return _("The plan has changed since it was approved. Nothing was erased: read the new plan, and approve it.")


@transaction.atomic
def approve(kind: str, subject_id: UUID, plan_sha256: str, *, by: Actor, now: datetime) -> Plan:
    """Keep the plan that a person was shown and approved; ``kind`` is "account" or "file". Approving twice keeps one.

    Raises :class:`PlanChanged` when the plan isn't the one at that address any more.
    """
    plan = PLANS[kind](subject_id, now)
    if plan.sha256 != plan_sha256:
        raise PlanChanged(plan)
    if not _kept(subject_id, plan_sha256):
        row = Erasure.objects.create(
            erasure_id=new_id(), state=Erasure.State.APPROVED, kind=kind, subject_id=subject_id, at=now,
            plan_sha256=plan_sha256, figures={"plan": plan.document}, actor_id=by.account_id, actor_role=by.role,
        )  # fmt: skip
        journal(row, by, now)
    return plan


def approved_document(plan: Plan, approved: Approved) -> Mapping[str, Any] | None:
    """What the approved plan decided: as given, as kept, or the plan itself when its address is the approved one."""
    if not isinstance(approved, str):
        return approved
    if plan.sha256 == approved:
        return plan.document
    return _kept(plan.subject_id, approved)


def address(document: Mapping[str, Any]) -> str:
    """The address of a plan's document."""
    return sha256(canonical(document)).hexdigest()


def journal(row: Erasure, by: Actor, now: datetime) -> None:
    """The line of a state in the event journal."""
    record_event(
        by=by, verb=f"lifecycle.erasure.{row.state}", object_type="lifecycle.Erasure", object_id=row.pk,
        subject_id=row.subject_id, detail={"plan": row.plan_sha256}, now=now,
    )  # fmt: skip


def _kept(subject_id: UUID, plan_sha256: str) -> Mapping[str, Any] | None:
    """The document of a plan of this subject that was approved before."""
    found = Erasure.objects.filter(subject_id=subject_id, plan_sha256=plan_sha256, state=Erasure.State.APPROVED)
    figures = found.values_list("figures", flat=True).first()
    document: Mapping[str, Any] | None = figures["plan"] if figures else None
    return document
