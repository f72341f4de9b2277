"""The one place where the deletion of an account meets the erasure: the plan, its approval, its execution."""

from datetime import datetime
from uuid import UUID

from audit.actors import Actor
from lifecycle.erasure.answers import Outcome
from lifecycle.erasure.plan import Line, Plan, plan_for_account

__all__ = ["Line", "Outcome", "Plan", "PlanChanged", "approve", "plan_for_account"]


class PlanChanged(Exception):
    """The plan isn't the approved one any more."""


def approve(_kind: str, account_id: UUID, plan_sha256: str, *, by: Actor, now: datetime) -> Plan:
    """The plan, if it is the one at that address. Raises PlanChanged."""
    plan = plan_for_account(account_id, now)
    if plan.sha256 != plan_sha256:
        raise PlanChanged
    return plan
