"""Every event of a deletion request is entered here: under the account's lock, by its rule, with its line in the journal.

The lock is what makes withdrawing and executing exclude each other: whoever comes second sees what the first decided.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.patients.queries import is_patient
from audit.actions import record_event
from audit.actors import Actor
from lifecycle.deletion import queries, rules, seam, telling
from lifecycle.deletion.frames import is_contracted
from lifecycle.deletion.rules import Fact, Kind, Standing, Why, standing_of
from lifecycle.models import DeletionEvent
from privacy.refusals import Refusal, Refused


@transaction.atomic
def request_deletion(*, user: User, plan_sha256: str, by: Actor, now: datetime) -> Standing:
    """Ask for the deletion of an account, with the plan that the person was shown and approved (PC-34).

    Raises :class:`privacy.refusals.Refused` (a second request changes nothing), and
    :class:`lifecycle.erasure.approving.PlanChanged` when that isn't the plan any more.
    """
    held, facts = _in_order(user.pk, now)
    standing = standing_of(facts, now)
    if refusal := _not_deletable(held) or rules.why_not_request(standing, queries.last_change(held, now), now):
        raise Refused(refusal)
    seam.approve("account", held.pk, plan_sha256, by=by, now=now)
    execute_at = rules.execution_of(now)
    return _enter(held, facts, Kind.REQUESTED, by=by, now=now, execute_at=execute_at, plan_sha256=plan_sha256)


@transaction.atomic
def waive_wait(*, user: User, by: Actor, now: datetime) -> Standing:
    """Give up the rest of the wait: the instant of the deletion is now. Raises :class:`privacy.refusals.Refused`."""
    held, facts = _in_order(user.pk, now)
    standing = standing_of(facts, now)
    if refusal := rules.why_not_waive(standing, queries.last_change(held, now), now):
        raise Refused(refusal)
    return _enter(held, facts, Kind.WAIVED, by=by, now=now, execute_at=now, plan_sha256=standing.plan_sha256)


@transaction.atomic
def withdraw_deletion(*, account_id: UUID, by: Actor, now: datetime, request: int | None = None) -> Standing:
    """Take the request back; the account is in the phase it was in before. ``request``: only if it is this one still.

    Raises :class:`privacy.refusals.Refused` from the instant of the deletion on, and when there is nothing to withdraw.
    """
    held, facts = _in_order(account_id, now)
    standing = standing_of(facts, now)
    refusal = rules.why_not_withdraw(standing)
    if refusal is None and request not in (None, standing.request):
        refusal = rules.NOTHING
    if refusal:
        raise Refused(refusal)
    return _enter(held, facts, Kind.WITHDRAWN, by=by, now=now)


@transaction.atomic
def stop_after_change(*, account_id: UUID, by: Actor, now: datetime) -> bool:
    """Stop a request because the e-mail address or a factor changes now, in the seven days before its instant.

    True when there was one to stop. Called in the transaction of the change (PC-34, account takeover).
    """
    held, facts = _locked(account_id)
    now = max([now, *(fact.at for fact in facts[-1:])])
    if not rules.stops(standing_of(facts, now), now):
        return False
    _enter(held, facts, Kind.STOPPED, by=by, now=now, why=Why.CREDENTIALS)
    return True


@transaction.atomic
def stop(*, account_id: UUID, why: Why, by: Actor, now: datetime) -> Kind:
    """End a request that is due and mustn't be executed; the account is in its contract's phase again.

    Raises :class:`privacy.refusals.Refused` when it isn't due any more.
    """
    held, facts = _in_order(account_id, now)
    if refusal := rules.why_not_execute(standing_of(facts, now)):
        raise Refused(refusal)
    _enter(held, facts, Kind.STOPPED, by=by, now=now, why=why)
    return Kind.STOPPED


@transaction.atomic
def record_execution(*, account_id: UUID, plan_sha256: str, by: Actor, now: datetime) -> Standing:
    """Write that the request is executed, in the transaction that decides it: from its commit on nothing is taken back.

    ``plan_sha256`` is the plan that is carried out. Raises :class:`privacy.refusals.Refused` when the request was withdrawn
    or stopped, or its instant hasn't come.
    """
    held, facts = _in_order(account_id, now)
    if refusal := rules.why_not_execute(standing_of(facts, now)):
        raise Refused(refusal)
    return _enter(held, facts, Kind.EXECUTED, by=by, now=now, plan_sha256=plan_sha256)


@transaction.atomic
def record_closing(*, account_id: UUID, plan_sha256: str, by: Actor, now: datetime) -> Standing:
    """Write that operations close an account, asked for or not, in the transaction that decides it."""
    held, facts = _in_order(account_id, now)
    return _enter(held, facts, Kind.EXECUTED, by=by, now=now, plan_sha256=plan_sha256)


def _locked(account_id: UUID) -> tuple[User, list[Fact]]:
    """The account under its lock and, read after the lock was had, its events."""
    held = User.objects.select_for_update().get(pk=account_id)
    return held, queries.facts_of(account_id)


def _in_order(account_id: UUID, now: datetime) -> tuple[User, list[Fact]]:
    """The same, for an act of now: raises Refused when something later is on record."""
    held, facts = _locked(account_id)
    if refusal := rules.out_of_order(facts, now):
        raise Refused(refusal)
    return held, facts


def _not_deletable(user: User) -> Refusal | None:
    if user.is_staff:
        return rules.STAFF
    return None if is_contracted(user.pk) or is_patient(user.pk) else rules.NO_CONTRACT


def _enter(
    user: User,
    facts: list[Fact],
    kind: Kind,
    *,
    by: Actor,
    now: datetime,
    execute_at: datetime | None = None,
    plan_sha256: str = "",
    why: str = "",
) -> Standing:
    number = facts[-1].number + 1 if facts else 1
    request = number if kind is Kind.REQUESTED else standing_of(facts, now).request
    row = DeletionEvent.objects.create(
        account_id=user.pk, number=number, request=request, kind=kind, at=now, execute_at=execute_at,
        plan_sha256=plan_sha256, why=why, actor_id=by.account_id, actor_role=by.role, channel=by.channel,
    )  # fmt: skip
    record_event(
        by=by, verb=f"lifecycle.deletion_{kind}", object_type="lifecycle.DeletionEvent", object_id=row.pk,
        subject_id=user.pk, detail={"request": request, **({"why": why} if why else {})}, now=now,
    )  # fmt: skip
    telling.send(account_id=user.pk, by=by, now=now)
    return standing_of([*facts, queries.fact(row)], now)
