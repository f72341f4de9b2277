"""The one place where the deletion of an account meets the erasure: the plan, its approval, its execution."""

from lifecycle.erasure.answers import Outcome
from lifecycle.erasure.approving import PlanChanged, approve
from lifecycle.erasure.execute import execute_account
from lifecycle.erasure.plan import Line, Plan, plan_for_account

__all__ = ["Line", "Outcome", "Plan", "PlanChanged", "approve", "execute_account", "plan_for_account"]
