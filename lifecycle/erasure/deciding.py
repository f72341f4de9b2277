"""The decision of an account's erasure: one transaction of the main database, after which there is no way back (PC-35).

Under the account's lock the plan is made again and held against the approved one. Then everything that the main
database holds of the person goes in that same transaction: identity into the sealed archive, own rows, consents in the
ledger, memberships, name. What other stores hold (keys, objects, mails) follows in ``lifecycle/erasure/finishing.py``.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.texts import sending as texting
from audit.actions import record_event
from audit.actors import Actor
from care.actions import leave_practice
from care.models import CareRelationship, Membership
from care.tenancy import ALL, scope
from consents.actions import decide as decide_consent
from consents.queries import states
from consents.rules import Authority
from lifecycle.actions import end_subscription
from lifecycle.erasure import rows
from lifecycle.erasure.answers import Outcome, answers, nameless_address
from lifecycle.erasure.approving import Approved, PlanChanged, address, approved_document, journal
from lifecycle.erasure.files import Fate
from lifecycle.erasure.identity import archive_identity
from lifecycle.erasure.plan import Line, Plan, plan_for_account
from lifecycle.models import Erasure
from lifecycle.queries import contract_at
from lifecycle.retention import door
from lifecycle.states import Name
from privacy.ids import new_id
from subprocessors.calendars import actions as calendars
from subprocessors.models import VideoRoom
from subprocessors.rooms import actions as rooms

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands where a moment may not be empty, and says nothing of the person."""


Along = Callable[[Plan], object]


@transaction.atomic
def decide_account(
    user_id: UUID,
    *,
    approved: Approved,
    by: Actor,
    now: datetime,
    replayed: bool = False,
    ended_on: date | None = None,
    along: Along | None = None,
    again: Erasure | None = None,
) -> Erasure:
    """Decide the erasure of an account, and empty the main database of the person. A second call changes nothing.

    ``approved`` is the address of the approved plan, or its document. Raises :class:`PlanChanged` when more would be
    destroyed than that names, and User.DoesNotExist. ``replayed``: repeated after a restore, as it was decided then;
    ``again`` is then that decision, not stored in this database yet. ``along`` is called in the same transaction with the plan that is carried out; what it raises undoes the decision.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    known = Erasure.objects.filter(subject_id=user_id, state=Erasure.State.DECIDED).first()
    if known:
        return known
    plan = _agreed(plan_for_account(user_id, now), approved, replayed)
    with scope(ALL):
        practices = sorted(rows.closing_practices(user_id).values_list("pk", flat=True))
        gone = door.decide(plan.with_fate(Fate.ERASED), reason=door.Reason.ERASURE, by=by, now=now)
        plan = plan.within({**plan.document, "files": _only(plan, gone)})
        erasure = _stored(again, by, now) if again else _write(plan, practices, approved, replayed, by, now)
        archive_identity(user, ended_on=ended_on, by=by, now=now)
        if not replayed:
            texting.say_goodbye(user, now)
        _end_contract(user, erasure, by, now)
        _end_at_services(user_id, by, now)
        counts = _empty_tables(user_id)
        _end_relations(user, by, now)
    _make_nameless(user)
    if along:
        along(plan)
    record_event(
        by=by, verb="lifecycle.account.erased", object_type="accounts.User", object_id=user_id, subject_id=user_id,
        detail=counts, now=now,
    )  # fmt: skip
    return erasure


def _agreed(plan: Plan, approved: Approved, replayed: bool) -> Plan:
    """``plan``, narrowed to what was approved. Raises PlanChanged when it destroys more."""
    if replayed:
        return plan
    document = approved_document(plan, approved)
    if document is None or plan.exceeds(document):
        raise PlanChanged(plan)
    return plan.within(document)


def _only(plan: Plan, gone: list[UUID]) -> list[list[str]]:
    """The plan's files as the door took them: one that came under a hold meanwhile is no longer named to be destroyed."""
    decided = {str(file_id) for file_id in gone}
    return [row for row in plan.document["files"] if row[1] != Fate.ERASED or row[0] in decided]


def _write(plan: Plan, practices: list[UUID], approved: Approved, replayed: bool, by: Actor, now: datetime) -> Erasure:
    figures = {
        "plan": plan.document,
        "lines": [line_as_row(line) for line in plan.lines],
        "practices": [str(practice_id) for practice_id in practices],
    }
    row = Erasure.objects.create(
        erasure_id=new_id(), state=Erasure.State.DECIDED, kind=plan.kind, subject_id=plan.subject_id, at=now,
        plan_sha256=plan.sha256, approved_sha256=address(approved) if isinstance(approved, Mapping) else approved or "",
        replayed=replayed, figures=figures, actor_id=by.account_id, actor_role=by.role,
    )  # fmt: skip
    journal(row, by, now)
    return row


def _stored(again: Erasure, by: Actor, now: datetime) -> Erasure:
    """A decision of before a restore, with its own ids: the certificate that was given away names them."""
    again.save(force_insert=True)
    journal(again, by, now)
    return again


def line_as_row(line: Line) -> dict[str, Any]:
    """A line of the plan as the certificate will say it."""
    return {
        "table": line.table,
        "about": line.about,
        "outcome": line.outcome.value,
        "count": line.count,
        "rule": line.rule,
        "until": line.until.isoformat() if line.until else None,
        "fate": line.fate.value if line.fate else None,
    }


def _end_contract(user: User, erasure: Erasure, by: Actor, now: datetime) -> None:
    """Every yes ends in the ledger, on the authority of the closing; so does the subscription.

    Integrations go first, so that each has an entry of its own.
    """
    closing = Actor(account_id=user.pk, role="account", request_id=by.request_id, channel=by.channel)
    authority = Authority("closing", str(erasure.erasure_id))
    live = [slot for slot, state in states(user.pk, now).items() if state.on]
    for slot in sorted(live, key=lambda slot: "." not in slot):
        key, _dot, child = slot.partition(".")
        decide_consent(
            subject_id=user.pk, key=key, child=child or None, on=False, by=closing, language=user.language,
            channel="closing", now=now, authority=authority,
        )  # fmt: skip
    if contract_at(user.pk, now).name is Name.SUBSCRIBED:
        end_subscription(user=user, by=by, now=now)


def _end_at_services(user_id: UUID, by: Actor, now: datetime) -> None:
    """What is open at services is ended there by messages that outlive the rows: a token to revoke, a room to close."""
    calendars.cut(account_id=user_id, by=by, now=now)
    for room_id in VideoRoom.objects.filter(account_id=user_id).values_list("pk", flat=True):
        rooms.end_room(room_id=room_id, by=by, now=now)


def _end_relations(user: User, by: Actor, now: datetime) -> None:
    """Memberships and care end; what was done in them stays in the files and journals."""
    for membership in Membership.objects.live().filter(user=user):
        leave_practice(membership=membership, by=by, now=now)
    ended = CareRelationship.objects.active().of(user.pk).update(ended_at=now)
    record_event(
        by=by, verb="care.relationships.ended", object_type="accounts.User", object_id=user.pk, subject_id=user.pk,
        detail={"relationships": ended}, now=now,
    )  # fmt: skip


def _empty_tables(user_id: UUID) -> dict[str, str | int]:
    """Carry out the answers: columns are emptied, rows go. Returns how many rows of each table.

    All rows that go are found before the first one goes, as some are found through others. A report of an import can be
    long, so what is emptied is emptied in one statement.
    """
    mine = [answer for answer in answers() if answer.rows is not None]
    counts: dict[str, str | int] = {}
    for answer in mine:
        if answer.outcome is Outcome.BLANKED and answer.blank:
            counts[answer.table.label] = answer.of_account(user_id).update(**dict(answer.blank))
    erased = [answer for answer in mine if answer.outcome is Outcome.ERASED]
    going = [(answer.model, list(answer.of_account(user_id).values_list("pk", flat=True))) for answer in erased]
    for model, keys in going:
        model._default_manager.filter(pk__in=keys).delete()
        counts[model._meta.label] = len(keys)
    return {label: count for label, count in counts.items() if count}


def _make_nameless(user: User) -> None:
    """The row stays, because files and journals point to it; it says of nobody anything."""
    user.email = nameless_address(user.pk)
    user.set_unusable_password()
    user.last_login = user.compromised_at = None
    user.is_active = user.is_staff = user.is_superuser = False
    user.language, user.created_at, user.password_changed_at = "en", LONG_AGO, LONG_AGO
    user.save()
