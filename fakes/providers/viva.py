"""Viva, played: tokens, orders, a checkout page (pay, fail, cancel), transactions, charges, refunds, unsigned events."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any
from uuid import uuid4

from fakes import pages
from fakes.provider import FORM, Provider, Route, api, page
from fakes.wire import Asked, Reply, Wrong, in_json, see_other

ACCOUNTS, API, WEB = "accounts.vivapayments.com", "api.vivapayments.com", "www.vivapayments.com"
PENDING, EXPIRED, CANCELLED, PAID = range(4)
PAYMENT, REVERSAL, FAILED, PRICE, ORDER_UPDATED = 1796, 1797, 1798, 1799, 4865
SALE, REFUND, RECURRING = 5, 4, 9


@dataclass
class Order:
    code: int
    said: dict[str, Any]
    until: datetime
    merchant: str = ""
    state: int = PENDING


@dataclass
class Transaction:
    id: str
    order: Order
    cents: int
    letter: str
    kind: int = SALE
    parent: str = ""
    given_back: int = 0
    at: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


class Viva(Provider):
    key, title, hosts, home = "viva", "Viva (payments)", (ACCOUNTS, API, WEB), "orders"

    def fresh(self) -> None:
        self.tokens: dict[str, datetime] = {}
        self.orders: dict[int, Order] = {}
        self.transactions: dict[str, Transaction] = {}

    # -- who asks ----------------------------------------------------------------------------------------------------

    def authorise(self, asked: Asked, route: Route) -> None:
        scheme, _space, said = asked.headers.get("authorization", "").partition(" ")
        if asked.host == API:
            until = self.tokens.get(said) if scheme == "Bearer" else None
            if until is None or until <= self.now:
                raise Wrong("auth", 401, "the access token is missing or over")
            return
        user, _colon, password = base64.b64decode(said or "").decode().rpartition(":")
        if asked.host == ACCOUNTS:
            good = (user, password) == (self.made_up("VIVA_CLIENT_ID"), self.made_up("VIVA_CLIENT_SECRET"))
        else:
            good = (user.partition(":")[0], password) == (
                self.made_up("VIVA_MERCHANT_ID"),
                self.made_up("VIVA_API_KEY"),
            )
        if scheme != "Basic" or not good:
            raise Wrong("auth", 401, "wrong credentials")

    def refuse(self, wrong: Wrong) -> Reply:
        if wrong.code == "oauth":
            return in_json(wrong.status, {"error": wrong.words})
        return in_json(wrong.status, {"status": wrong.status, "message": wrong.words, "eventId": 0})

    # -- the newer addresses -----------------------------------------------------------------------------------------

    @api("POST", "/connect/token", takes=FORM, host=ACCOUNTS)
    def token(self, asked: Asked) -> Reply:
        if asked.form() != {"grant_type": "client_credentials"}:
            raise Wrong("schema", 400, "unsupported_grant_type", "oauth")
        token = f"token-{uuid4().hex}"
        self.tokens[token] = self.now + timedelta(hours=1)
        said = {
            "access_token": token,
            "expires_in": 3600,
            "token_type": "Bearer",
            "scope": "urn:viva:payments:core:api",
        }
        return in_json(200, said)

    @api("POST", "/checkout/v2/orders", body="order", host=API)
    def order(self, asked: Asked) -> Reply:
        return self._expect(asked.json(), "")

    @api("POST", "/checkout/v2/isv/orders", body="order", host=API, query=("merchantId",))
    def order_for(self, asked: Asked) -> Reply:
        if not asked.query.get("merchantId"):
            raise Wrong("query", 400, "merchantId is missing")
        return self._expect(asked.json(), asked.query["merchantId"])

    @api("GET", "/checkout/v2/transactions/{id}", host=API)
    def transaction(self, asked: Asked) -> Reply:
        return in_json(200, self._told(self._transaction(asked.params["id"], "")))

    @api("GET", "/checkout/v2/isv/transactions/{id}", host=API, query=("merchantId",))
    def transaction_for(self, asked: Asked) -> Reply:
        return in_json(200, self._told(self._transaction(asked.params["id"], asked.query.get("merchantId", "-"))))

    # -- the older ones ----------------------------------------------------------------------------------------------

    @api("GET", "/api/messages/config/token", host=WEB)
    def config_token(self, asked: Asked) -> Reply:
        return in_json(200, {"Key": hashlib.sha256(b"played by a stand-in").hexdigest()[:40].upper()})

    @api("GET", "/api/orders/{code}", host=WEB)
    def order_state(self, asked: Asked) -> Reply:
        one = self._order(asked.params["code"])
        said = {"OrderCode": one.code, "StateId": self._state(one), "RequestAmount": one.said["amount"] / 100}
        return in_json(200, said | {"MerchantTrns": one.said.get("merchantTrns")})

    @api("DELETE", "/api/orders/{code}", host=WEB)
    def give_up(self, asked: Asked) -> Reply:
        one = self._order(asked.params["code"])
        if self._state(one) != PENDING:
            raise Wrong("conflict", 409, "the order can't be cancelled any more")
        self._cancel(one)
        return in_json(200, {"OrderCode": one.code, "ErrorCode": 0, "ErrorText": None, "Success": True})

    @api("GET", "/api/transactions", host=WEB, query=("ordercode", "date"))
    def listed(self, asked: Asked) -> Reply:
        code = asked.query.get("ordercode", "")
        found = [one for one in self.transactions.values() if str(one.order.code) == code]
        rows = [
            {
                "TransactionId": one.id, "StatusId": one.letter, "Amount": one.cents / 100, "ParentId": one.parent or None,
                "Order": {"OrderCode": one.order.code}, "MerchantTrns": one.order.said.get("merchantTrns"),
                "TransactionType": {"TransactionTypeId": one.kind},
            }
            for one in found
        ]  # fmt: skip
        return in_json(200, {"Transactions": rows, "ErrorCode": 0, "ErrorText": None, "Success": True})

    @api("POST", "/api/transactions/{id}", body="charge", host=WEB)
    def charge(self, asked: Asked) -> Reply:
        first = self._transaction(asked.params["id"], None)
        if not first.order.said.get("allowRecurring") or first.letter != "F":
            return in_json(200, {"ErrorCode": 403, "ErrorText": "no recurring payment was agreed", "Success": False})
        said = asked.json()
        order = self._new_order({**said, "allowRecurring": False}, first.order.merchant)
        return self._done(self._pay(order, RECURRING))

    @api("DELETE", "/api/transactions/{id}", host=WEB, query=("amount", "sourceCode"))
    def refund(self, asked: Asked) -> Reply:
        first = self._transaction(asked.params["id"], None)
        cents = int(asked.query.get("amount", "0"))
        if first.letter not in "FR" or not 0 < cents <= first.cents - first.given_back:
            return in_json(200, {"ErrorCode": 403, "ErrorText": "not that much is left", "Success": False})
        first.given_back += cents
        first.letter = "R"
        back = self._add(Transaction(str(uuid4()), first.order, cents, "F", REFUND, first.id))
        self.tell(REVERSAL, back)
        return self._done(back)

    # -- what a person sees ------------------------------------------------------------------------------------------

    @page("GET", "/orders")
    def all_orders(self, asked: Asked) -> Reply:
        rows = [
            [pages.link(f"/viva/web/checkout?ref={one.code}", str(one.code)), f"{one.said['amount'] / 100:.2f} €",
             ("waiting", "over", "cancelled", "paid")[self._state(one)]]
            for one in self.orders.values()
        ]  # fmt: skip
        return pages.page("Orders", pages.table(["Order", "Amount", "State"], rows, "No order yet."))

    @page("GET", "/web/checkout")
    def checkout(self, asked: Asked) -> Reply:
        one = self._order(asked.query.get("ref", ""))
        state = self._state(one)
        if state != PENDING:
            words = {
                PAID: "This order is paid.",
                CANCELLED: "This order was cancelled.",
                EXPIRED: "This order is over: its time has passed.",
            }
            back = pages.link(f"{self.product}/practitioner/subscription/", "Back to the shop") if self.product else ""
            return pages.page("Checkout", pages.words(words[state]), back)
        what = f"<p><strong>{one.said['amount'] / 100:.2f} €</strong> · {escape(one.said.get('customerTrns', ''))}</p>"
        buttons = [
            pages.form(f"/viva/web/checkout/{one.code}/{act}", words)
            for act, words in (("pay", "Pay"), ("fail", "Have the card refused"), ("cancel", "Cancel"))
        ]
        return pages.page("Checkout", what, *buttons)

    @page("POST", "/web/checkout/{code}/{act}")
    def act(self, asked: Asked) -> Reply:
        one, acts = self._order(asked.params["code"]), {"pay": self._pay, "fail": self._fail, "cancel": self._cancel}
        if asked.params["act"] not in acts:
            raise Wrong("missing", 404, "nothing of that kind happens to an order")
        if self._state(one) == PENDING:
            acts[asked.params["act"]](one)
        return see_other(f"/viva/web/checkout?ref={one.code}")

    # -- what happens ------------------------------------------------------------------------------------------------

    def _expect(self, said: dict[str, Any], merchant: str) -> Reply:
        return in_json(200, {"orderCode": self._new_order(said, merchant).code})

    def _new_order(self, said: dict[str, Any], merchant: str) -> Order:
        code = 1_272_214_778_972_604 + len(self.orders)
        until = self.now + timedelta(seconds=said.get("paymentTimeout", 1800))
        self.orders[code] = Order(code, said, until, merchant)
        return self.orders[code]

    def _pay(self, order: Order, kind: int = SALE) -> Transaction:
        order.state = PAID
        paid = self._add(Transaction(str(uuid4()), order, order.said["amount"], "F", kind))
        self.tell(PAYMENT, paid)
        self.tell(PRICE, paid)
        return paid

    def _fail(self, order: Order) -> Transaction:
        failed = self._add(Transaction(str(uuid4()), order, order.said["amount"], "E"))
        self.tell(FAILED, failed)
        return failed

    def _cancel(self, order: Order) -> None:
        order.state = CANCELLED
        said = {"OrderCode": order.code, "Amount": order.said["amount"] / 100, "IsCancelled": True}
        self._tell(ORDER_UPDATED, said)

    def tell(self, event: int, one: Transaction, **said: Any) -> None:
        """Tell the product of a transaction; amounts are euros here, whatever they were in the order."""
        told = {
            "TransactionId": one.id, "OrderCode": one.order.code, "StatusId": one.letter, "Amount": one.cents / 100,
            "CurrencyCode": "978", "MerchantTrns": one.order.said.get("merchantTrns"), "ParentId": one.parent or None,
            "TransactionTypeId": one.kind, "TotalFee": 0, **said,
        }  # fmt: skip
        self._tell(event, told)

    def _tell(self, event: int, data: dict[str, Any]) -> None:
        said = {
            "Url": "your webhook URL", "EventData": data, "Created": self.now.isoformat(), "EventTypeId": event,
            "MessageId": str(uuid4()), "RetryCount": 0, "MessageTypeId": 512,
        }  # fmt: skip
        self.notify(self.hook, json.dumps(said).encode(), {"Content-Type": "application/json"})

    @property
    def hook(self) -> str:
        """The address that was registered for events, its secret end worked out as docs/adapters/viva.md says."""
        end = hmac.new(self.made_up("VIVA_API_KEY").encode(), b"praticonnect webhook", hashlib.sha256).hexdigest()
        return f"/hooks/viva/{end}"

    def _add(self, one: Transaction) -> Transaction:
        one.at = self.now.isoformat()
        self.transactions[one.id] = one
        return one

    def _order(self, code: str) -> Order:
        if not code.isdigit() or int(code) not in self.orders:
            raise Wrong("missing", 404, "there is no such order")
        return self.orders[int(code)]

    def _transaction(self, name: str, merchant: str | None) -> Transaction:
        one = self.transactions.get(name)
        if one is None or (merchant is not None and one.order.merchant != merchant):
            raise Wrong("missing", 404, "there is no such transaction")
        return one

    def _state(self, one: Order) -> int:
        return EXPIRED if one.state == PENDING and one.until <= self.now else one.state

    def _told(self, one: Transaction) -> dict[str, Any]:
        return {
            "email": one.order.said.get("customer", {}).get("email", ""), "amount": one.cents / 100,
            "orderCode": one.order.code, "statusId": one.letter, "currencyCode": "978", "insDate": one.at,
            "cardNumber": "414746XXXXXX0133", "merchantTrns": one.order.said.get("merchantTrns"),
            "customerTrns": one.order.said.get("customerTrns"), "transactionTypeId": one.kind,
            "recurringSupport": bool(one.order.said.get("allowRecurring")), **one.fields,
        }  # fmt: skip

    def _done(self, one: Transaction) -> Reply:
        said = {
            "TransactionId": one.id, "StatusId": one.letter, "Amount": one.cents / 100, "CurrencyCode": "978",
            "ErrorCode": 0, "ErrorText": None, "Success": True, "TimeStamp": one.at,
        }  # fmt: skip
        return in_json(200, said)
