"""Carrying out what is due: asked again under the account's lock, decided and recorded in one transaction (PC-34).

The decision and the row "executed" are committed together, by the erasure; a withdrawal takes the same lock and comes
before it or not at all. What follows a decision is the erasure's to finish, after a crash too.
"""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit.actors import Actor
from lifecycle.deletion import actions, queries, rules, seam
from lifecycle.deletion.rules import Kind
from lifecycle.sweeping import Outcome
from privacy.clocks import legal_day
from privacy.refusals import Refused

RULE = "PC-34"
_log = logging.getLogger(__name__)


def execute_due(*, account_id: UUID, by: Actor, now: datetime) -> Kind:
    """Execute a request whose instant has come, exactly as it was approved; "stopped" when it mustn't be.

    Raises :class:`privacy.refusals.Refused` when nothing is due (any more), and what the erasure raises.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=account_id)
        standing = queries.standing_at(account_id, now)
        if refusal := rules.why_not_execute(standing):
            raise Refused(refusal)
        if rules.stops(standing, queries.last_change(user, now, before=standing.execute_at)):
            return actions.stop(account_id=account_id, why=rules.Why.CREDENTIALS, by=by, now=now)
    recorded: list[rules.Standing] = []

    def record(plan: seam.Plan) -> None:
        done = actions.record_execution(account_id=account_id, plan_sha256=plan.sha256, by=by, now=now)
        recorded.append(done)

    try:
        seam.execute_account(account_id, standing.plan_sha256, by=by, now=now, along=record)
    except seam.PlanChanged:
        return actions.stop(account_id=account_id, why=rules.Why.PLAN, by=by, now=now)
    if not recorded:  # decided by another at the same moment
        raise Refused(rules.NOTHING)
    return Kind.EXECUTED


def sweep(*, by: Actor, now: datetime, dry_run: bool) -> dict[str, Outcome]:
    """Execute all that is due, each by itself; what fails is tried again by the next sweep.

    ``held`` counts those that were stopped: nothing of them was destroyed.
    """
    outcome = Outcome()
    for account_id, execute_at in list(queries.due(now)):
        outcome.due += 1
        outcome.since = outcome.since or legal_day(execute_at)
        if not dry_run:
            _one(outcome, account_id, by, now)
    return {RULE: outcome}


def _one(outcome: Outcome, account_id: UUID, by: Actor, now: datetime) -> None:
    try:
        ended = execute_due(account_id=account_id, by=by, now=now)
    except Refused:
        return  # another sweep, or the click itself, was faster
    except Exception as error:  # noqa: BLE001 - one account that fails must not keep the others waiting
        _log.error("the deletion of account %s failed and is tried again: %s", account_id, type(error).__name__)
        outcome.failed += 1
    else:
        outcome.done += ended is Kind.EXECUTED
        outcome.held += ended is Kind.STOPPED
