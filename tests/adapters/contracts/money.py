"""Viva's operations, and Scell.io's."""

from typing import Any
from uuid import UUID

from adapters.content import Name
from adapters.scell import api as scell
from adapters.viva import api as viva
from adapters.viva import tokens
from tests.adapters.contracts.shape import CONSENT, ID, INTEGRATION, PAYMENT, Act, Operation, Step
from tests.adapters.contracts.stage import EMAIL, WHO, Stage
from tests.records.factories import NOW

PDF = b"%PDF-1.7 a contract"


def payer(at: Stage) -> dict[str, Any]:
    return {"ground": at.own(INTEGRATION, "viva"), "now": NOW}


def bearer(at: Stage) -> Act:
    how = payer(at)
    return lambda: tokens.bearer(**how)


def create_order(at: Stage, *, recurring: bool = False) -> Act:
    order = viva.NewOrder(payment_id=PAYMENT, kind="patient", amount=1000, email=EMAIL, recurring=recurring)
    how = payer(at)
    return lambda: viva.create_order(order, **how)


def ordered(at: Stage, *, recurring: bool = False) -> str:
    return str(create_order(at, recurring=recurring)())


def paid(at: Stage) -> UUID:
    there = at.fakes["viva"]
    return UUID(there._pay(there.orders[int(ordered(at, recurring=True))]).id)


def order(at: Stage) -> Act:
    code = ordered(at)
    how = payer(at)
    return lambda: viva.order(code, **how)


def cancel_order(at: Stage) -> Act:
    code = ordered(at)
    how = payer(at)
    return lambda: viva.cancel_order(code, **how)


def transaction(at: Stage) -> Act:
    one = paid(at)
    how = payer(at)
    return lambda: viva.transaction(one, **how)


def transactions_of(at: Stage) -> Act:
    paid(at)
    code = str(*at.fakes["viva"].orders)
    how = payer(at)
    return lambda: viva.transactions_of(code, **how)


def charge(at: Stage) -> Act:
    one = paid(at)
    how = payer(at)
    return lambda: viva.charge(one, payment_id=PAYMENT, kind="patient", amount=500, **how)


def refund(at: Stage) -> Act:
    one = paid(at)
    how = payer(at)
    return lambda: viva.refund(one, amount=100, **how)


def webhook_key(at: Stage) -> Act:
    ground = at.law("subscription_payment")
    return lambda: viva.webhook_key(ground=ground, now=NOW)


CODE = "[0-9]{16}"
TOKEN = Step("POST", "accounts.vivapayments.com", r"/connect/token", "", "form grant_type", states=(("token_type",),))
AGAIN = {401: None}
"""A token that isn't taken is asked for anew, once."""
VIVA = tuple(
    Operation(f"viva.{function}", ground, ready, steps, once=once)
    for function, ground, ready, steps, once in (
        ("tokens.bearer", CONSENT % "viva", bearer, (TOKEN,), False),
        ("api.create_order", CONSENT % "viva", create_order, (
            TOKEN, Step("POST", "api.vivapayments.com", "/checkout/v2/orders", "contact,financial", "order", own=AGAIN),
        ), False),
        ("api.transaction", CONSENT % "viva", transaction, (
            TOKEN,
            Step("GET", "api.vivapayments.com", f"/checkout/v2/transactions/{ID}", "financial", again=True, own=AGAIN,
                 states=(("statusId",), ("currencyCode",))),
        ), False),
        ("api.order", CONSENT % "viva", order, (
            Step("GET", "www.vivapayments.com", f"/api/orders/{CODE}", "financial", again=True, states=(("StateId",),)),
        ), False),
        ("api.cancel_order", CONSENT % "viva", cancel_order, (
            Step("DELETE", "www.vivapayments.com", f"/api/orders/{CODE}", "financial", again=True, states=(("ErrorCode",),)),
        ), False),
        ("api.transactions_of", CONSENT % "viva", transactions_of, (
            Step("GET", "www.vivapayments.com", "/api/transactions", "financial", again=True,
                 states=(("Transactions", 0, "StatusId"), ("ErrorCode",))),
        ), False),
        ("api.charge", CONSENT % "viva", charge, (
            Step("POST", "www.vivapayments.com", f"/api/transactions/{ID}", "financial", "charge",
                 states=(("StatusId",), ("CurrencyCode",), ("ErrorCode",))),
        ), False),
        ("api.refund", CONSENT % "viva", refund, (
            Step("DELETE", "www.vivapayments.com", f"/api/transactions/{ID}", "financial",
                 states=(("StatusId",), ("CurrencyCode",), ("ErrorCode",))),
        ), True),
        ("api.webhook_key", "subscription_payment", webhook_key, (
            Step("GET", "www.vivapayments.com", "/api/messages/config/token", "", again=True),
        ), False),
    )
)  # fmt: skip


def asker(at: Stage) -> dict[str, Any]:
    return {"ground": at.own(INTEGRATION, "scell"), "now": NOW}


def create_invoice(at: Stage) -> Act:
    seller = scell.Party("PratiConnect SAS", "1 rue Haute", "75001", "Paris", siret="12345678901234")
    new = scell.NewInvoice(
        id=PAYMENT, number="F-2026-1", issued_on=NOW.date(), seller=seller, lines=[scell.Line(Name("Subscription"), 3333, 3)],
        buyer=scell.Party(f"Ada {WHO}", "2 rue Basse", "69001", "Lyon"),
    )  # fmt: skip
    how = asker(at)
    return lambda: scell.create_invoice(new, key="k-1", **how)


def invoice(at: Stage) -> Act:
    made: Any = create_invoice(at)()
    how = asker(at)
    return lambda: scell.invoice(made.id, **how)


def invoice_file(at: Stage) -> Act:
    made: Any = create_invoice(at)()
    how = asker(at)
    return lambda: scell.invoice_file(made.id, **how)


def create_signature(at: Stage) -> Act:
    new = scell.NewSignature(
        id=PAYMENT, title=Name("Contract"), file_name=Name("contract.pdf"), document=PDF,
        signers=[scell.NewSigner("Ada", WHO, email=EMAIL)],
    )  # fmt: skip
    how = asker(at)
    return lambda: scell.create_signature(new, key="k-1", **how)


def signature(at: Stage) -> Act:
    made: Any = create_signature(at)()
    how = asker(at)
    return lambda: scell.signature(made.id, **how)


def remind(at: Stage) -> Act:
    made: Any = create_signature(at)()
    how = asker(at)
    return lambda: scell.remind(made.id, key="k-2", **how)


def cancel_signature(at: Stage) -> Act:
    made: Any = create_signature(at)()
    how = asker(at)
    return lambda: scell.cancel_signature(made.id, key="k-2", **how)


def signature_file(at: Stage) -> Act:
    made: Any = create_signature(at)()
    there = at.fakes["scell"]
    there.sign(there.signatures[made.id], there.signatures[made.id].signers[0])
    how = asker(at)
    return lambda: scell.signature_file(made.id, "signed", **how)


BROKE = {402: scell.NoBalance}
PEOPLE, COMPANIES = "contact,identity", "contact,financial,identity,professional"
SIGNED = ("data", "signers", 0, "status")
SCELL = tuple(
    Operation(f"scell.api.{ready.__name__}", CONSENT % "scell", ready, steps)
    for ready, *steps in (  # type: ignore[misc]  # each is a function and its steps
        (create_invoice, Step("POST", "api.scell.io", "/api/v1/invoices", COMPANIES, "invoice", key="k-1", again=True, own=BROKE,
                              states=(("data", "status"), ("data", "environment")))),
        (invoice, Step("GET", "api.scell.io", f"/api/v1/invoices/{ID}", "financial", again=True, own=BROKE,
                       states=(("data", "status"), ("data", "environment")))),
        (invoice_file, Step("GET", "api.scell.io", f"/api/v1/invoices/{ID}/download", "financial", again=True)),
        (create_signature, Step("POST", "api.scell.io", "/api/v1/signatures", COMPANIES, "signature", key="k-1", again=True,
                                own=BROKE, states=(("data", "status"), ("data", "environment"), SIGNED))),
        (signature, Step("GET", "api.scell.io", f"/api/v1/signatures/{ID}", PEOPLE, again=True, own=BROKE,
                         states=(("data", "status"), ("data", "environment"), SIGNED))),
        (remind, Step("POST", "api.scell.io", f"/api/v1/signatures/{ID}/remind", PEOPLE, key="k-2", again=True, own=BROKE)),
        (cancel_signature, Step("POST", "api.scell.io", f"/api/v1/signatures/{ID}/cancel", "", key="k-2", again=True, bare=True,
                                own=BROKE)),
        (signature_file,
         Step("GET", "api.scell.io", f"/api/v1/signatures/{ID}/download/signed", PEOPLE, again=True, own=BROKE),
         Step("GET", "api.scell.io", "/files/[0-9a-f]{32}", PEOPLE, again=True)),
    )
)  # fmt: skip
