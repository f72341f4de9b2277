"""What Viva says: order codes, states, transactions and refunds, parsed strictly.

Amounts are cents everywhere here. Viva takes cents in an order, and answers decimals of euros in transactions, orders read back,
and events: 1000 goes out, 10 comes back.
"""

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final
from uuid import UUID

from adapters.reading import Said

CODE: Final = re.compile(r"\d{16}")
EURO: Final = frozenset({"978", "EUR"})


class Letter(StrEnum):
    """Where a transaction stands, by Viva's letter (StatusId)."""

    FINISHED = "F"
    ACTIVE = "A"
    CAPTURED = "C"
    ERROR = "E"
    REFUNDED = "R"
    CANCELLED = "X"
    DISPUTED = "M"
    DISPUTE_AWAITED = "MA"
    DISPUTE_BEGUN = "MI"
    DISPUTE_LOST = "ML"
    DISPUTE_SUSPECTED = "MS"
    DISPUTE_WON = "MW"


class OrderState(IntEnum):
    """Where an order stands (StateId)."""

    PENDING = 0
    EXPIRED = 1
    CANCELLED = 2
    PAID = 3


@dataclass(frozen=True, slots=True)
class Order:
    """An order read back."""

    code: str
    state: OrderState
    amount: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction, read at Viva itself. ``reference`` is what we gave the order as ours."""

    id: UUID
    letter: Letter
    amount: int
    order_code: str
    reference: str
    recurring: bool
    parent: UUID | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A charge or a refund that Viva made: the new transaction."""

    id: UUID
    letter: Letter
    amount: int


def order_code(said: Said, name: str = "orderCode") -> str:
    """A code of sixteen digits as text: a number loses the zeros it begins with, and they are put back."""
    value: Any = said.get(name)
    code = f"{value:016d}" if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(code, str) or not CODE.fullmatch(code):
        raise said.wrong(name, "isn't a code of sixteen digits")
    return code


def order(said: Said) -> Order:
    """An order, from ``/api/orders/…``."""
    number = said.number("StateId")
    if number not in list(OrderState):
        raise said.wrong("StateId", "isn't one that is documented")
    return Order(order_code(said, "OrderCode"), OrderState(number), said.cents("RequestAmount"))


def transaction(said: Said, transaction_id: UUID) -> Transaction:
    """A transaction, from ``/checkout/v2/transactions/…``. Raises Misunderstood for another currency than the euro."""
    in_euros(said, "currencyCode")
    reference = said.get("merchantTrns")
    return Transaction(
        id=transaction_id,
        letter=said.word("statusId", Letter),
        amount=said.cents("amount"),
        order_code=order_code(said),
        reference=reference if isinstance(reference, str) else "",
        recurring=said.get("recurringSupport") is True,
    )


def listed(said: Said) -> tuple[Transaction, ...]:
    """The transactions of an order or a day, from ``/api/transactions``."""
    return tuple(_listed(one) for one in succeeded(said).list("Transactions"))


def _listed(said: Said) -> Transaction:
    reference = said.get("MerchantTrns")
    return Transaction(
        id=said.uuid("TransactionId"),
        letter=said.word("StatusId", Letter),
        amount=said.cents("Amount"),
        order_code=order_code(said.inner("Order"), "OrderCode"),
        reference=reference if isinstance(reference, str) else "",
        recurring=False,
        parent=said.uuid("ParentId") if said.get("ParentId") else None,
    )


def moved(said: Said) -> Moved:
    """What a charge or a refund led to."""
    done = succeeded(said)
    in_euros(done, "CurrencyCode")
    return Moved(done.uuid("TransactionId"), done.word("StatusId", Letter), done.cents("Amount"))


def succeeded(said: Said) -> Said:
    """The same answer, of an older address that says faults with status 200. Raises Misunderstood unless it says that it succeeded."""
    if said.get("Success") is False or said.number("ErrorCode") != 0:
        raise said.wrong("ErrorCode", "says that it wasn't done")
    return said


def in_euros(said: Said, name: str) -> None:
    """Raises Misunderstood for an amount that isn't in euros."""
    if str(said.get(name)) not in EURO:
        raise said.wrong(name, "isn't the euro")
