"""Every fact of a contract is entered here: under the account's lock, by the rule, with its line in the journal."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import PractitionerProfile, User
from audit.actions import record_event
from audit.actors import Actor
from lifecycle import queries
from lifecycle.deletion.queries import standing_at
from lifecycle.models import SubscriptionEvent
from lifecycle.phases import Fact, Phase, phase_of, term_end
from lifecycle.rules import why_not_enter
from lifecycle.states import Event
from privacy.clocks import Jurisdiction, Period
from privacy.refusals import Refused


def start_trial(*, user: User, profile: PractitionerProfile, by: Actor, now: datetime) -> None:
    """Begin the trial of a new practitioner (called at sign-up). Its end is fixed now: a changed setting moves none (PC-30)."""
    jurisdiction = Jurisdiction(profile.jurisdiction)
    until = term_end(now, Period(days=settings.TRIAL_DAYS), jurisdiction)
    _enter(user.pk, Event.TRIAL_STARTED, jurisdiction, until=until, by=by, now=now)


def subscribe(*, user: User, by: Actor, now: datetime) -> Phase:
    """Begin a subscription; returns the new phase. Nothing else changes: data are found as they were (PC-33).

    Raises :class:`privacy.refusals.Refused` for an account that is subscribed or has no contract.
    """
    return _enter(user.pk, Event.SUBSCRIBED, _calendar(user), by=by, now=now)


def end_subscription(*, user: User, by: Actor, now: datetime) -> Phase:
    """End the subscription; seven days of grace follow. Raises :class:`privacy.refusals.Refused` when there is none."""
    return _enter(user.pk, Event.SUBSCRIPTION_ENDED, _calendar(user), by=by, now=now)


def start_missing_trials(*, by: Actor, now: datetime) -> int:
    """Begin the trial of practitioners who signed up before phases existed; returns how many."""
    known = SubscriptionEvent.objects.values("account_id")
    missing = list(PractitionerProfile.objects.exclude(user_id__in=known).select_related("user"))
    for profile in missing:
        start_trial(user=profile.user, profile=profile, by=by, now=now)
    return len(missing)


def require(event: Event, account_id: UUID, *, now: datetime) -> list[Fact]:
    """The facts of a contract that ``event`` may follow. Raises :class:`privacy.refusals.Refused` when it may not."""
    facts = queries.facts_of(account_id)
    leaves = standing_at(account_id, now).runs
    if refusal := why_not_enter(event, phase_of(facts, now), facts, now, leaves=leaves):
        raise Refused(refusal)
    return facts


@transaction.atomic
def _enter(
    account_id: UUID,
    event: Event,
    jurisdiction: Jurisdiction,
    *,
    until: datetime | None = None,
    by: Actor,
    now: datetime,
) -> Phase:
    User.objects.select_for_update().get(pk=account_id)
    facts = require(event, account_id, now=now)
    row = SubscriptionEvent.objects.create(
        account_id=account_id, number=len(facts) + 1, kind=event, at=now, until=until, jurisdiction=jurisdiction,
        actor_id=by.account_id, actor_role=by.role,
    )  # fmt: skip
    record_event(
        by=by, verb=f"lifecycle.{event}", object_type="lifecycle.SubscriptionEvent", object_id=row.pk,
        subject_id=account_id, now=now,
    )  # fmt: skip
    return phase_of([*facts, queries.fact(row)], now)


def _calendar(user: User) -> Jurisdiction:
    profile = PractitionerProfile.objects.filter(user=user).first()
    return Jurisdiction(profile.jurisdiction) if profile else Jurisdiction.FR
