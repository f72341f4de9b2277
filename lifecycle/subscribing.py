"""Paying for a subscription: asked for at Viva, begun once Viva was read to have the money, given back when nothing can begin (PC-93).

The way, however clicks and events fall: one open order an account (under its lock); the subscription begins in the transaction that
notes the payment, by the same rule as any other; money for a subscription that can't begin any more goes back at once.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from adapters import gates
from adapters.faults import Closed
from adapters.outbox import GroundRef
from adapters.viva import api, work
from adapters.viva.models import Payment, Way
from adapters.viva.tokens import KEY
from audit.actions import record_event
from audit.actors import Actor
from lifecycle.actions import require, subscribe
from lifecycle.states import Event
from privacy.refusals import Refused

KIND: Final[api.Kind] = "subscription"
PAYABLE: Final = ("asked", "ordered", "failed", "pending")
"""Where a person can still pay, or has paid and waits for Viva's word. A refused card isn't the end."""
LASTS: Final = timedelta(minutes=30)
"""How long Viva keeps an order's page open."""
MOST_SHOWN: Final = 24


def why_closed(now: datetime) -> Closed | None:
    """What closes the way to Viva now, or None when a payment can be asked for."""
    return gates.why_shut(KEY, now)


def payments_of(account_id: UUID) -> QuerySet[Payment]:
    """What an account paid and got back for its subscription, newest first."""
    mine = Payment.objects.filter(subject_id=account_id, kind=KIND)
    return mine.order_by("-asked_at")[:MOST_SHOWN]


def open_payment(account_id: UUID, now: datetime) -> Payment | None:
    """The order that the account can still pay, or whose payment is under way."""
    mine = Payment.objects.filter(subject_id=account_id, kind=KIND, way=Way.ORDER, state__in=PAYABLE)
    return mine.filter(asked_at__gt=now - LASTS).order_by("-asked_at").first()


@transaction.atomic
def begin(*, user: User, by: Actor, now: datetime) -> Payment:
    """Have the account asked to pay; if it is asked already, have Viva read how far that is. One order, however many clicks.

    Only the amount and our reference go to Viva. Raises ``Refused`` when no subscription can begin, ``Closed`` while nothing may
    go to Viva.
    """
    User.objects.select_for_update().get(pk=user.pk)
    require(Event.SUBSCRIBED, user.pk, now=now)
    if payment := open_payment(user.pk, now):
        work.look(payment, now)
        return payment
    if closed := why_closed(now):
        raise closed
    payment = work.ask(
        kind=KIND, amount=settings.SUBSCRIPTION_CENTS, subject_id=user.pk, now=now,
        ground=GroundRef.necessary("subscription_payment", subject_id=user.pk), language=user.language,
    )  # fmt: skip
    _record("payment_asked", payment, by, now)
    return payment


def begin_paid(payment: Payment, now: datetime) -> None:
    """Begin what was paid for, or give it back: the account left, is subscribed already, or its deletion was asked for meanwhile."""
    by = Actor.system(KEY)
    user = User.objects.filter(pk=payment.subject_id).first() if payment.subject_id else None
    try:
        if user is not None:
            subscribe(user=user, by=by, now=now)
            return
    except Refused:
        pass
    work.give_back(payment, amount=payment.amount, now=now)
    _record("payment_given_back", payment, by, now)


def _record(verb: str, payment: Payment, by: Actor, now: datetime) -> None:
    record_event(
        by=by, verb=f"lifecycle.{verb}", object_type="adapters.Payment", object_id=payment.pk,
        subject_id=payment.subject_id, now=now,
    )  # fmt: skip
