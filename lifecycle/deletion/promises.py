"""PC-34 and MD-22, measured on every request now, and by a request made and undone."""

from datetime import datetime, timedelta
from itertools import dropwhile
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.access import Act
from accounts.closing import why_closed
from accounts.models import PractitionerProfile, User
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.grants import grants_for
from consents.queries import subjects_on
from lifecycle.deletion import actions, queries, rules, seam
from lifecycle.deletion.rules import Kind, State
from lifecycle.models import DeletionEvent, Disposal
from lifecycle.queries import phase_at
from lifecycle.states import Name
from privacy.clocks import legal_day
from privacy.consent_keys import KEYS
from privacy.deadlines import COOLING_OFF, DataClass, Right, deadline
from privacy.promises import Measure, promise
from privacy.refusals import Refused
from privacy.retention_rules import RULES

CHECKED = "tests/lifecycle/test_deletion_promises.py"
SAMPLE = 3
INSTANT = timedelta(microseconds=1)


@promise("PC-34", checked_by=CHECKED)
def a_deletion_waits_thirty_days_at_most_and_can_be_withdrawn(now: datetime) -> Measure:
    """Each request on record has its instant, and one end; who waits is restricted; and one is tried, withdrawn and undone."""
    late = sum(_is_late(row) for row in DeletionEvent.objects.filter(kind=Kind.REQUESTED).iterator(chunk_size=500))
    overdue = sum(_overdue(at, now) for _account, at in queries.due(now))
    asked, crooked = 0, 0
    for account_id in DeletionEvent.objects.order_by().values_list("account_id", flat=True).distinct():
        asked += 1
        crooked += not _one_end(account_id)
    loose, listed = _unrestricted(now)
    tried = list(_free(now)[:SAMPLE])
    stuck = sum(not _can_be_withdrawn(user, now) for user in tried)
    figures = {
        "accounts_that_asked": asked,
        "requests_later_than_the_law": late,
        "executions_overdue": overdue,
        "accounts_with_more_than_one_end": crooked,
        "accounts_waiting_that_are_not_restricted": loose,
        "optional_processing_of_accounts_waiting": listed,
        "requests_tried": len(tried),
        "requests_that_could_not_be_withdrawn": stuck,
    }
    return Measure(not (late or overdue or crooked or loose or listed or stuck), figures)


@promise("MD-22", checked_by=CHECKED)
def closing_an_account_says_what_stays(now: datetime) -> Measure:
    """Each plan gives ground and end of whatever stays; nothing was executed unread, no file destroyed before its end."""
    plans = [seam.plan_for_account(user.pk, now) for user in _free(now)[:SAMPLE]]
    mute = sum(not says_why(line) for plan in plans for line in plan.shown)
    executed = DeletionEvent.objects.filter(kind=Kind.EXECUTED)
    unread = sum(not _was_approved(row) for row in executed.iterator(chunk_size=500))
    with scope(ALL):
        erased = Disposal.objects.filter(reason=Disposal.Reason.ERASURE).values_list("until", "decided_at")
        early = sum(until >= legal_day(at) for until, at in erased.iterator(chunk_size=500))
    figures = {
        "plans_read": len(plans),
        "lines_without_ground_or_end": mute,
        "accounts_closed": executed.count(),
        "closed_without_an_approved_plan": unread,
        "files_destroyed_before_their_end": early,
    }
    return Measure(not (mute or unread or early), figures)


def _is_late(row: DeletionEvent) -> bool:
    """Whether a request's instant comes after thirty days, or after the statutory date of the answer."""
    if row.execute_at is None:
        return True
    legal = deadline(Right.ERASURE, DataClass.ORDINARY, row.at)
    return row.execute_at > legal.due_at or legal_day(row.execute_at) > COOLING_OFF.after(legal_day(row.at))


def _overdue(execute_at: datetime, now: datetime) -> bool:
    """Whether the day of the instant is over: the sweep runs every hour."""
    return legal_day(execute_at) < legal_day(now)


def _one_end(account_id: UUID) -> bool:
    """Whether requests and ends alternate, nothing follows an execution, and none came before its instant.

    Events leave at their own term, so that the first on record can be of a request whose beginning left.
    """
    open_until: datetime | None = None
    facts = queries.facts_of(account_id)
    for fact in dropwhile(lambda one: facts[0].number > 1 and one.kind is not Kind.REQUESTED, facts):
        if (fact.kind is Kind.REQUESTED) is (open_until is not None):
            return False
        if fact.kind is Kind.EXECUTED and (open_until is None or fact.at < open_until):
            return False
        if fact.kind in (Kind.REQUESTED, Kind.WAIVED):
            open_until = fact.execute_at
        elif fact.kind is not Kind.EXECUTED:
            open_until = None
    return True


def _unrestricted(now: datetime) -> tuple[int, int]:
    """Of those who wait or are closed: whose patient files are open, and how many of their agreements still count."""
    leaving = set(queries.leaving(now))
    loose = sum(why_closed(account_id, Act.CARE, now=now) is None for account_id in leaving)
    counted = sum(
        len(leaving & set(subjects_on(key, now=now))) + len(grants_for(leaving, key, now=now)) for key in KEYS
    )
    return loose, counted


def _free(now: datetime) -> QuerySet[User]:
    """Practitioners who didn't ask for anything."""
    profiles = PractitionerProfile.objects.exclude(user_id__in=queries.leaving(now)).filter(user__is_active=True)
    return User.objects.filter(pk__in=profiles.values("user_id"), is_staff=False).order_by("created_at")


def _can_be_withdrawn(user: User, now: datetime) -> bool:
    """Ask for real, withdraw in the last moment, find that a moment later it is too late; undo all of it."""
    by = Actor(account_id=user.pk, role="practitioner", channel="trial")  # a deletion is asked for by a person (MD-31)
    if rules.shielded(queries.last_change(user, now), now):
        return True
    with transaction.atomic():
        before = phase_at(user.pk, now)
        plan = seam.plan_for_account(user.pk, now).sha256
        asked = actions.request_deletion(user=user, plan_sha256=plan, by=by, now=now)
        waits = asked.state is State.PENDING and phase_at(user.pk, now).name is Name.DELETION_PENDING
        end = asked.execute_at or now
        too_late = _refused(user, by, end)
        back = not _refused(user, by, end - INSTANT)
        kept = phase_at(user.pk, now) == before or phase_at(user.pk, end).name is not Name.CLOSED
        transaction.set_rollback(True)
    return waits and too_late and back and kept


def _refused(user: User, by: Actor, now: datetime) -> bool:
    try:
        actions.withdraw_deletion(account_id=user.pk, by=by, now=now)
    except Refused:
        return True
    return False


def says_why(line: seam.Line) -> bool:
    """Whether a line names a rule that is law here, and an end where something stays."""
    named = line.rule.split(",")[0] in RULES and bool(line.article) and bool(line.sentence)
    goes = line.outcome in (seam.Outcome.ERASED, seam.Outcome.BLANKED)
    open_ended = line.fate is not None  # a hold, or a colleague who treats the patient: the sentence says so
    return named and (goes or open_ended or line.until is not None)


def _was_approved(row: DeletionEvent) -> bool:
    """Whether the request that was executed carries the plan that was read."""
    asked = DeletionEvent.objects.filter(account_id=row.account_id, number=row.request, kind=Kind.REQUESTED)
    return any(len(plan) == 64 for plan in asked.values_list("plan_sha256", flat=True))
