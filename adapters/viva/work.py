"""Payments through the outbox, and what Viva's events lead to: reading at Viva itself. Nothing in an event is believed.

A charge and a refund are marked as begun before they leave, and never leave again: if the answer got lost, an event or the
repair finds what became of it, or the office is told (``unclear``).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, get_args
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum

from adapters import inbox
from adapters.boxes.monotone import earlier
from adapters.boxes.refs import GroundRef
from adapters.boxes.signatures import Arrival, secret_path
from adapters.faults import Broken, Fault, TimedOut
from adapters.grounds import Ground, necessary
from adapters.inbox import Hook, Incoming
from adapters.outbox import Outgoing, Undeliverable, enqueue, handles
from adapters.reading import Misunderstood, Said, parsed
from adapters.viva import answers, api
from adapters.viva.answers import Letter, OrderState
from adapters.viva.models import LADDER, OPEN, SETTLED, Payment, Way
from adapters.viva.tokens import KEY
from privacy.refusals import Refused

STATES: Final = {
    Letter.FINISHED: "paid", Letter.CAPTURED: "paid", Letter.ACTIVE: "pending", Letter.ERROR: "failed",
    Letter.REFUNDED: "refunded", Letter.CANCELLED: "refunded", Letter.DISPUTED: "disputed", Letter.DISPUTE_AWAITED: "disputed",
    Letter.DISPUTE_BEGUN: "disputed", Letter.DISPUTE_SUSPECTED: "disputed", Letter.DISPUTE_LOST: "dispute_lost",
    Letter.DISPUTE_WON: "dispute_won",
}  # fmt: skip
"""What a transaction's letter means for the payment. ``X``: taken back on the day it was made."""
ORDER_STATES: Final = {OrderState.EXPIRED: "expired", OrderState.CANCELLED: "cancelled"}
NEEDED: Final = {"subscription": "subscription_payment", "patient": "patient_payment"}
"""On which ground what was already begun is read: it stands in the books, whatever was chosen since."""
TOLD: Final = ("1796", "1797", "1798", "1799", "4865")
"""Payment, reversal, failure, price, order. 8193, 8194 and 2054 name accounts: no applier, so the office sees them."""
QUIET: Final = timedelta(minutes=30)
"""How long an open payment may be silent before it is read without being told to."""
READ_FOR: Final = timedelta(days=7)
"""How long after it was asked for: an order lasts half an hour, a bank's word some days. What is open then is PC-93's and the office's."""
AT_ONCE: Final = 500
KEY_LASTS: Final = timedelta(hours=1)


class TooMuch(ValueError):
    """More is to be given back than is left of a payment."""


Follower = Callable[[Payment, datetime], None]
_followers: dict[str, list[Follower]] = defaultdict(list)


def when_paid(kind: api.Kind, follower: Follower) -> None:
    """Have ``follower(payment, now)`` called once for each order of ``kind`` that is paid, in the transaction that notes it."""
    if follower not in _followers[kind]:
        _followers[kind].append(follower)


def ask(
    *, kind: api.Kind, amount: int, subject_id: UUID | None, ground: GroundRef, now: datetime, email: str = "",
    language: str = "fr", merchant: str = "", recurring: bool = False,
) -> Payment:  # fmt: skip
    """Have somebody asked to pay ``amount`` cents; in the caller's transaction. Raises ValueError for a wrong amount or kind.

    The page to pay at is ``api.checkout_address(payment.order_code)`` once the order is made.
    """
    if kind not in get_args(api.Kind):
        raise ValueError(f"{kind!r} is no kind of payment")
    row = Payment(
        way=Way.ORDER, kind=kind, amount=amount, subject_id=subject_id, merchant=merchant, asked_at=now, changed_at=now
    )
    api.NewOrder(payment_id=row.pk, kind=kind, amount=amount)
    row.save(force_insert=True)
    said = {"payment": str(row.pk), "email": email, "language": language, "recurring": recurring}
    enqueue(kind="viva.order", payload=said, ground=ground, now=now, dedupe=row.pk.hex)
    return row


def charge(first: Payment, *, amount: int, ground: GroundRef, now: datetime) -> Payment:
    """Have a payment taken again by what was agreed to with ``first``, which is settled. In the caller's transaction."""
    if first.state != "paid" or first.way != Way.ORDER:
        raise ValueError("only a paid order can be charged again")
    api.NewOrder(payment_id=first.pk, kind="subscription", amount=amount)
    return _child(first, Way.CHARGE, amount, ground, now)


def give_back(payment: Payment, *, amount: int, now: datetime) -> Payment:
    """Have ``amount`` cents given back; in the caller's transaction. Raises :class:`TooMuch`, two at once included."""
    paid = Payment.objects.select_for_update().get(pk=payment.pk)
    asked = paid.children.filter(way=Way.REFUND).exclude(state="failed").aggregate(sum=Sum("amount"))["sum"] or 0
    if paid.state not in {"paid", "partly_refunded"} or not 0 < amount <= paid.amount - max(asked, paid.given_back):
        raise TooMuch("not that much is left to give back")
    return _child(paid, Way.REFUND, amount, ground_of(paid), now)


def ground_of(payment: Payment) -> GroundRef:
    """On which ground what was begun is read and given back."""
    return GroundRef.necessary(NEEDED[payment.kind], subject_id=payment.subject_id)


@handles("viva.order")
def make_order(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Make the order, unless it is made. An order made twice costs nothing: only the one we know is shown."""
    said = outgoing.content
    row = _named(said)
    if row.order_code:
        return
    wanted = api.NewOrder(
        payment_id=row.pk, kind=_kind(row), amount=row.amount, email=said["email"], language=said["language"],
        merchant=row.merchant, recurring=said["recurring"],
    )  # fmt: skip
    code = api.create_order(wanted, ground=ground, now=now)
    Payment.objects.filter(pk=row.pk, order_code="").update(order_code=code)
    advance(row, "ordered", now)


@handles("viva.charge")
def make_charge(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Charge once. Raises Undeliverable when an earlier attempt may have done it."""
    row = _begun_once(_named(outgoing.content), now)
    initial = row.parent.transaction_id if row.parent else None
    if row.state != "begun" or initial is None:
        return
    with _unless_done(row):
        done = api.charge(initial, payment_id=row.pk, kind=_kind(row), amount=row.amount, ground=ground, now=now)
    if done.letter is Letter.ERROR:
        advance(row, "failed", now)
        return
    Payment.objects.filter(pk=row.pk).update(transaction_id=done.id)
    advance(row, STATES[done.letter], now)


@handles("viva.refund")
def make_refund(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Give back once. If an earlier attempt may have done it, Viva is asked what it did, and nothing is sent."""
    row = _named(outgoing.content)
    paid = row.parent
    if paid is None or paid.transaction_id is None:
        return
    if row.state == "begun":
        _find_refund(row, paid, ground, now)
    elif row.state == "asked":
        row = _begun_once(row, now)
        with _unless_done(row):
            done = api.refund(paid.transaction_id, amount=row.amount, merchant=paid.merchant, ground=ground, now=now)
        _given(row, done, now)
    settle(paid, paid.transaction_id, ground, now)


@handles("viva.read")
def read(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Read a payment at Viva, and go where that leads: what an event said isn't looked at again.

    As long as an order isn't settled, it is the order that is read: one card was refused or waits, and another may have paid.
    """
    said = outgoing.content
    row = _named(said)
    by_order = row.way == Way.ORDER and row.state not in SETTLED
    known = None if by_order else row.transaction_id
    transaction_id = UUID(said["transaction"]) if said["transaction"] else known
    if transaction_id:
        settle(row, transaction_id, ground, now)
    elif row.order_code:
        _read_order(row, row.order_code, ground, now)


def settle(row: Payment, transaction_id: UUID, ground: Ground, now: datetime) -> None:
    """Read a transaction and go where it leads. Raises Undeliverable when it isn't the one that was asked for.

    A letter that settles nothing says little of an order, which takes one card after another: then all of it is read.
    """
    found = _asked_for(row, transaction_id, ground, now)
    if STATES[found.letter] in SETTLED:
        _settle(row, found, ground, now)
    elif row.way == Way.ORDER:
        _read_order(row, found.order_code, ground, now)
    else:
        if found.letter is Letter.ACTIVE:
            Payment.objects.filter(pk=row.pk, transaction_id=None).update(transaction_id=found.id)
        advance(row, STATES[found.letter], now)


def _asked_for(row: Payment, transaction_id: UUID, ground: Ground, now: datetime) -> answers.Transaction:
    found = api.transaction(transaction_id, merchant=row.merchant, ground=ground, now=now)
    if found.reference != str(row.pk) or found.amount != row.amount or row.order_code not in {"", found.order_code}:
        raise Undeliverable("not_what_was_asked")
    return found


def _settle(row: Payment, found: answers.Transaction, ground: Ground, now: datetime) -> None:
    """Note the transaction that settles it, which alone is given back later, with where that leads."""
    state, back = STATES[found.letter], 0
    if state == "refunded":
        back = row.amount if found.letter is Letter.CANCELLED else _given_back(found, ground, now)
        state = "refunded" if back >= row.amount else "partly_refunded"
    with transaction.atomic():
        open_still = Payment.objects.filter(pk=row.pk).exclude(state__in=SETTLED)
        open_still.update(transaction_id=found.id, order_code=found.order_code)
        Payment.objects.filter(pk=row.pk, given_back__lt=back).update(given_back=min(back, row.amount))
        advance(row, state, now)


@transaction.atomic
def advance(row: Payment, state: str, now: datetime) -> bool:
    """Go there, unless it is there or further already. One statement: it holds between two workers.

    A card that waited can be refused: ``failed`` and ``pending`` follow each other, whichever Viva was last read to say.
    """
    below = earlier(LADDER, state) + (("pending",) if state == "failed" else ())
    moved = Payment.objects.filter(pk=row.pk, state__in=below).update(state=state, changed_at=now)
    if moved and state == "paid" and row.way == Way.ORDER:
        for follow in _followers[row.kind]:
            follow(Payment.objects.get(pk=row.pk), now)
    return bool(moved)


def look(payment: Payment, now: datetime) -> None:
    """Have a payment read now, at most once a minute; in the caller's transaction. One without an order is left alone."""
    if payment.order_code:
        _have_read(payment, "", now, f"{payment.pk.hex}:{now:%Y%m%d%H%M}")


_keys: list[tuple[datetime, str]] = []


def hook_check(now: datetime) -> Mapping[str, str]:
    """What Viva wants to hear when it asks whether an address is ours; asked there at most once an hour. Raises the door's faults."""
    if not _keys or now - _keys[0][0] > KEY_LASTS:
        key = api.webhook_key(ground=necessary("subscription_payment"), now=now)
        _keys[:] = [(now, key)]
    return {"Key": _keys[0][1]}


def hook_read(arrival: Arrival) -> inbox.Said:
    """Name an event. Viva sends the same message up to 24 times, with the same id."""
    said = Said(KEY, parsed(arrival.body))
    return inbox.Said(said.text("MessageId", longest=64), str(said.number("EventTypeId")))


HOOK: Final = Hook(KEY, secret_path(lambda: [api.secret_part()]), hook_read, check=hook_check)


@inbox.applies(KEY, *TOLD)
def heard(row: Incoming, now: datetime) -> UUID | None:
    """Have the payment read that an event points to; an event about none of ours does nothing."""
    data = Said(KEY, parsed(row.body or "")).inner("EventData")
    payment = _pointed_to(data)
    if payment is None:
        return None
    # A reversal names the transaction that gave back; what it was given back of is ours already.
    about = "" if row.kind in {"1797", "4865"} else str(data.uuid("TransactionId"))
    _have_read(payment, about, now, f"{payment.pk.hex}:{row.pk.hex}")
    return payment.subject_id


@inbox.repairs(KEY, GroundRef.necessary("subscription_payment"))
def repair(outgoing: Outgoing, ground: Ground, now: datetime) -> None:
    """Have every payment read that was silent for too long: its event may be lost. The newest first: what never moves starves none."""
    silent = Payment.objects.filter(state__in=OPEN, changed_at__lt=now - QUIET, asked_at__gt=now - READ_FOR)
    refused = Q(way=Way.CHARGE, state="failed")
    with transaction.atomic():
        for payment in silent.exclude(Q(order_code="", transaction_id=None) | refused).order_by("-changed_at")[
            :AT_ONCE
        ]:
            _have_read(payment, "", now, f"{payment.pk.hex}:{now:%Y%m%d%H}")


def _pointed_to(data: Said) -> Payment | None:
    """The payment of ours that an event points to, by its order's code or by our own reference."""
    known = Payment.objects.exclude(way=Way.REFUND)
    if found := known.filter(order_code=answers.order_code(data, "OrderCode")).first():
        return found
    try:
        return known.filter(pk=data.uuid("MerchantTrns")).first()
    except Misunderstood:
        return None


def _have_read(payment: Payment, transaction_id: str, now: datetime, dedupe: str) -> None:
    said = {"payment": str(payment.pk), "transaction": transaction_id}
    enqueue(kind="viva.read", payload=said, ground=ground_of(payment), now=now, dedupe=dedupe)


def _read_order(row: Payment, code: str, ground: Ground, now: datetime) -> None:
    """Go where an order leads: to the transaction that took money, else to where its cards and its own time stand together."""
    order = api.order(code, ground=ground, now=now)
    tried = [one for one in api.transactions_of(code, ground=ground, now=now) if one.parent is None]
    for one in sorted(tried, key=lambda one: STATES[one.letter] != "paid"):
        if STATES[one.letter] in SETTLED:
            found = _asked_for(row, one.id, ground, now)
            if STATES[found.letter] in SETTLED:
                _settle(row, found, ground, now)
                return
    if any(one.letter is Letter.ACTIVE for one in tried):
        advance(row, "pending", now)
    elif order.state in ORDER_STATES:
        advance(row, ORDER_STATES[order.state], now)
    elif tried:
        advance(row, "failed", now)


def _given_back(paid: answers.Transaction, ground: Ground, now: datetime) -> int:
    """Cents given back of a transaction, by whomever: from our side, or at Viva's own pages."""
    found = api.transactions_of(paid.order_code, ground=ground, now=now)
    return sum(one.amount for one in found if one.parent == paid.id and one.letter is Letter.FINISHED)


def _find_refund(row: Payment, paid: Payment, ground: Ground, now: datetime) -> None:
    """The refund that a lost answer told of. Raises Undeliverable when Viva has none: somebody has to look."""
    known = set(Payment.objects.filter(parent=paid, way=Way.REFUND).values_list("transaction_id", flat=True))
    for one in api.transactions_of(paid.order_code, ground=ground, now=now):
        new = one.parent == paid.transaction_id and one.id not in known and one.amount == row.amount
        if new and one.letter is Letter.FINISHED:
            _given(row, one, now)
            return
    raise Undeliverable("unclear")


def _given(row: Payment, done: answers.Moved | answers.Transaction, now: datetime) -> None:
    """What Viva says of a refund: made, refused, or neither, which somebody has to look at."""
    if done.letter is Letter.ERROR:
        advance(row, "failed", now)
    elif done.letter is Letter.FINISHED:
        Payment.objects.filter(pk=row.pk).update(transaction_id=done.id)
        advance(row, "paid", now)
    else:
        raise Undeliverable("unclear")


def _child(parent: Payment, way: Way, amount: int, ground: GroundRef, now: datetime) -> Payment:
    row = Payment.objects.create(
        way=way, kind=parent.kind, parent=parent, amount=amount, subject_id=parent.subject_id, merchant=parent.merchant,
        asked_at=now, changed_at=now,
    )  # fmt: skip
    enqueue(kind=f"viva.{way}", payload={"payment": str(row.pk)}, ground=ground, now=now, dedupe=row.pk.hex)
    return row


def _named(said: Mapping[str, Any]) -> Payment:
    return Payment.objects.select_related("parent").get(pk=said["payment"])


def _kind(row: Payment) -> api.Kind:
    return "subscription" if row.kind == "subscription" else "patient"


def _begun_once(row: Payment, now: datetime) -> Payment:
    """Write down, durably, that it leaves now. Raises Undeliverable when it may have left before."""
    if row.state == "asked" and advance(row, "begun", now):
        row.state = "begun"
        return row
    if row.state == "begun":
        raise Undeliverable("unclear")
    return row


class _unless_done:
    """Take the mark off again where it is certain that nothing was done."""

    def __init__(self, row: Payment) -> None:
        self._row = row

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Refused) or (isinstance(error, Fault) and not _may_be_done(error)):
            Payment.objects.filter(pk=self._row.pk, state="begun").update(state="asked")


def _may_be_done(fault: Fault) -> bool:
    return isinstance(fault, Misunderstood) or (isinstance(fault, TimedOut | Broken) and fault.sent)
