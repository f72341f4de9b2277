"""MD-12, measured on every withdrawal on record, and by a patient's account that is closed and undone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.access import Act
from accounts.closing import why_closed
from accounts.models import PatientProfile, User
from audit.actors import Actor
from care.models import PortalLink
from care.queries import practices_linked
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from consents.patients import wishes
from lifecycle.deletion import patients, queries, rules, seam
from lifecycle.deletion.promises import says_why
from lifecycle.deletion.rules import Kind, State
from lifecycle.models import DeletionEvent, SubscriptionEvent
from privacy.promises import Measure, promise

SAMPLE: Final = 3


@promise("MD-12", checked_by="tests/lifecycle/test_patient_closing.py")
def withdrawal_closes_the_account(now: datetime) -> Measure:
    """Each withdrawal that closes has its request; who was closed has no way in; and a closing is tried, to its end, and undone.

    The trial finds each line of the plan with ground and end, every consent off at once, and nothing open at the instant.
    """
    closing = ConsentEvent.objects.filter(control=patients.CLOSING)
    asked = DeletionEvent.objects.filter(kind=Kind.REQUESTED, account_id=OuterRef("actor_id"), at=OuterRef("at"))
    unclosed = closing.filter(~Exists(asked)).count()
    gone = DeletionEvent.objects.filter(kind=Kind.EXECUTED).values("account_id")
    with scope(ALL):
        left = PortalLink.objects.live(now).filter(account_id__in=gone).count()
        left += PatientProfile.objects.filter(user_id__in=gone).count()
        tried = [_tried(user, now) for user in _free(now)[:SAMPLE]]
    figures = {
        "withdrawals_that_close": closing.count(), "withdrawals_that_closed_nothing": unclosed,
        "ways_into_closed_accounts": left, "closings_tried": len(tried),
        "plans_without_ground_or_end": sum(not one.explained for one in tried),
        "consents_left_on": sum(one.left_on for one in tried), "accounts_not_closed": sum(not one.closed for one in tried),
    }  # fmt: skip
    kept = not (unclosed or left) and all(one.explained and one.closed and not one.left_on for one in tried)
    return Measure(kept, figures)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a closing that was tried showed."""

    explained: bool
    closed: bool
    left_on: int


def _free(now: datetime) -> QuerySet[User]:
    """Patients who have no contract and asked for nothing, those with links first."""
    links = PortalLink.objects.live(now).filter(account_id=OuterRef("pk"))
    free = User.objects.filter(patient__isnull=False, is_active=True, is_staff=False).exclude(
        pk__in=queries.leaving(now)
    )
    unbound = free.exclude(pk__in=SubscriptionEvent.objects.values("account_id"))
    return unbound.alias(linked=Exists(links)).order_by("-linked", "created_at")


def _tried(user: User, now: datetime) -> Tried:
    """Close the account as its page does, look at the instant of its end, and undo all of it."""
    if rules.shielded(queries.last_change(user, now), now):
        return Tried(explained=True, closed=True, left_on=0)
    by = Actor(account_id=user.pk, role="patient", channel="trial")
    with transaction.atomic(), scope(practices_linked(user.pk, now)):
        files, plan = patients.kept_files(user.pk, now), seam.plan_for_account(user.pk, now)
        told = all(says_why(line) for line in plan.shown) and all(one.rules and one.file.retain_until for one in files)
        asked = patients.close_account(user=user, plan_sha256=plan.sha256, by=by, language="en", now=now)
        held = wishes([one.file.pk for one in files], now)
        left_on = sum(wish.state.on for own in held.values() for wish in own.values())
        end = asked.execute_at or now
        shut = all(why_closed(user.pk, act, now=end) is not None for act in (Act.PORTAL, Act.PRIVACY, Act.ACCOUNT))
        transaction.set_rollback(True)
    return Tried(told, asked.state is State.PENDING and shut, left_on)
