"""Viva's operations, each one call through the door.

What was read in their documents and clients, and what is doubtful and to be confirmed at go-live: no idempotency key is
documented anywhere, so an order, a charge and a refund are sent once and never again by themselves (a refund is a DELETE with
an amount: twice is two refunds); refunds for connected accounts by ``ours:theirs`` as the user of Basic authentication; the
reading of an order and of its transactions by the older addresses ``/api/orders`` and ``/api/transactions``.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from adapters.calls import ONE_REQUEST, Call, Deadline, Json, Method
from adapters.door import Rejected, send
from adapters.grounds import Ground
from adapters.reading import Said, read
from adapters.viva import answers
from adapters.viva.tokens import KEY, basic, bearer, credential, forget
from privacy.declare import Category

API: Final = "https://api.vivapayments.com"
WEB: Final = "https://www.vivapayments.com"
ONCE: Final = Deadline(attempts=1)
"""For what would happen twice: the door sees a DELETE, which it takes for repeatable."""
MONEY: Final = frozenset({Category.FINANCIAL})
PAYER: Final = frozenset({Category.FINANCIAL, Category.CONTACT})
UNAUTHORIZED: Final = 401
LEAST: Final = 30
"""Cents: Viva takes no smaller order."""

Kind = Literal["subscription", "patient"]
WORDS: Final = {"subscription": _("Subscription to PratiConnect"), "patient": _("Fee of your practitioner")}
"""What a payer reads at Viva and on a statement: never what a visit was for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """What is to be paid. ``merchant``: the connected account it is for, empty for our own. Raises ValueError."""

    payment_id: UUID
    kind: Kind
    amount: int
    email: str = ""
    language: str = "fr"
    merchant: str = ""
    recurring: bool = False
    seconds: int = 1800

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int) or self.amount < LEAST:
            raise ValueError(f"an amount is a whole number of cents, {LEAST} at least")


def create_order(order: NewOrder, *, ground: Ground, now: datetime) -> str:
    """Have Viva expect a payment; its code, for :func:`checkout_address`. Raises the door's faults and Misunderstood."""
    customer: dict[str, Json] = {"requestLang": "fr-FR" if order.language == "fr" else "en-GB"}
    if order.email:
        customer["email"] = order.email
    body: dict[str, Json] = {
        "amount": order.amount, "customerTrns": _words(order), "merchantTrns": str(order.payment_id), "customer": customer,
        "paymentTimeout": order.seconds, "currencyCode": "978", "allowRecurring": order.recurring, "disableCash": True,
    }  # fmt: skip
    path, query = (
        ("/checkout/v2/isv/orders", {"merchantId": order.merchant}) if order.merchant else ("/checkout/v2/orders", {})
    )
    call = _call("POST", API + path, PAYER if order.email else MONEY, json=body, query=query)
    return answers.order_code(_with_token(call, ground, now))


def checkout_address(code: str) -> str:
    """Where a person pays an order; on this machine when stand-ins play."""
    base = f"{settings.STAND_INS}/{KEY}" if settings.STAND_INS and not settings.PRODUCTION else WEB
    return f"{base}/web/checkout?ref={code}"


def order(code: str, *, ground: Ground, now: datetime) -> answers.Order:
    """Where an order stands."""
    return answers.order(_older("GET", f"/api/orders/{code}", ground, now))


def cancel_order(code: str, *, ground: Ground, now: datetime) -> None:
    """Have nobody pay it any more. Raises Rejected when it is paid already."""
    answers.succeeded(_older("DELETE", f"/api/orders/{code}", ground, now))


def transaction(transaction_id: UUID, *, merchant: str = "", ground: Ground, now: datetime) -> answers.Transaction:
    """A transaction as Viva has it: what alone is believed."""
    isv, query = ("isv/", {"merchantId": merchant}) if merchant else ("", {})
    call = _call("GET", f"{API}/checkout/v2/{isv}transactions/{transaction_id}", MONEY, query=query)
    return answers.transaction(_with_token(call, ground, now), transaction_id)


def transactions_of(code: str, *, ground: Ground, now: datetime) -> tuple[answers.Transaction, ...]:
    """Every transaction of an order, refunds too."""
    return answers.listed(_older("GET", "/api/transactions", ground, now, query={"ordercode": code}))


def charge(
    initial: UUID, *, payment_id: UUID, kind: Kind, amount: int, language: str = "fr", ground: Ground, now: datetime
) -> answers.Moved:
    """Take a payment again from whoever agreed to it with the transaction ``initial``. Sent once, whatever comes back."""
    wanted = NewOrder(payment_id=payment_id, kind=kind, amount=amount, language=language)
    body: dict[str, Json] = {"amount": amount, "customerTrns": _words(wanted), "merchantTrns": str(payment_id)}
    return answers.moved(_older("POST", f"/api/transactions/{initial}", ground, now, json=body))


def refund(transaction_id: UUID, *, amount: int, merchant: str = "", ground: Ground, now: datetime) -> answers.Moved:
    """Give back ``amount`` cents of a transaction. Sent once, whatever comes back: read before it is asked again."""
    path = f"/api/transactions/{transaction_id}"
    return answers.moved(
        _older("DELETE", path, ground, now, query={"amount": amount}, merchant=merchant, deadline=ONCE)
    )


def webhook_key(*, ground: Ground, now: datetime) -> str:
    """What an address of ours answers when Viva asks whether it is ours."""
    return _older("GET", "/api/messages/config/token", ground, now, categories=frozenset()).text("Key")


def secret_part() -> str:
    """The end of the address that Viva calls: Viva signs nothing, so nobody else shall know it. From the API key, one way."""
    key = credential("VIVA_API_KEY")
    return hmac.digest(key.encode(), b"praticonnect webhook", "sha256").hex() if key else ""


def _words(order: NewOrder) -> str:
    with translation.override(order.language):
        return str(WORDS[order.kind])


def _call(
    method: Method, url: str, categories: frozenset[Category], *, json: Json = None, query: dict[str, str] | None = None
) -> Call:
    return Call(subprocessor=KEY, method=method, url=url, categories=categories, json=json, query=query or {})


def _with_token(call: Call, ground: Ground, now: datetime) -> Said:
    """With a token; once more with a new one when Viva doesn't take it any more, which says that nothing was done."""
    headers = bearer(ground=ground, now=now)
    try:
        return read(send(replace(call, headers=headers), ground=ground, now=now))
    except Rejected as refused:
        if refused.status != UNAUTHORIZED:
            raise
    forget()
    return read(send(replace(call, headers=bearer(ground=ground, now=now)), ground=ground, now=now))


def _older(
    method: Method, path: str, ground: Ground, now: datetime, *, json: Json = None, merchant: str = "",
    query: dict[str, str | int] | None = None, categories: frozenset[Category] = MONEY, deadline: Deadline = ONE_REQUEST,
) -> Said:  # fmt: skip
    """An address of the older kind: Basic authentication, names of fields in capitals or not."""
    ours = credential("VIVA_MERCHANT_ID")
    user = f"{ours}:{merchant}" if merchant else ours
    call = Call(
        subprocessor=KEY, method=method, url=WEB + path, categories=categories, json=json, query=query or {},
        headers=basic(user, credential("VIVA_API_KEY")),
    )  # fmt: skip
    answer = send(call, ground=ground, now=now, deadline=deadline)
    return read(answer, folded=True)
