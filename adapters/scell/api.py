"""Scell.io's operations, each one call through the door.

One address for both worlds: a key that begins with ``sk_test_`` or ``tk_test_`` makes sandbox things, which have no value in law.
Every creation carries an ``Idempotency-Key``, which they know again for 24 hours. Doubtful, to be confirmed at go-live: their
newer API numbers drafts itself and names address fields otherwise; a signed document is fetched at an address they give, and
if that lies on a host that the register doesn't have, the door refuses it and the office sees why.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit
from uuid import UUID

from django.conf import settings

from adapters.calls import MIB, ONE_REQUEST, Call, Deadline, Json, Method
from adapters.content import Name
from adapters.door import Rejected, send
from adapters.faults import Broken, Fault
from adapters.grounds import Ground
from adapters.reading import Said, read
from adapters.scell import answers
from privacy.declare import Category

KEY: Final = "scell"
BASE: Final = "https://api.scell.io/api/v1"
LARGEST: Final = 10 * MIB
"""Bytes of a document, there and back."""
PAYMENT_REQUIRED: Final = 402
PEOPLE: Final = frozenset({Category.IDENTITY, Category.CONTACT})
COMPANIES: Final = PEOPLE | {Category.PROFESSIONAL, Category.FINANCIAL}
PATIENT: Final = Deadline(seconds=60.0)
TEST_KEYS: Final = ("sk_test_", "tk_test_")

What = Literal["original", "signed", "audit_trail"]


class NoBalance(Fault):
    """The account at Scell.io has no money left: nothing was made. Somebody has to fill it; then the same call succeeds."""

    outcome = "no_balance"
    again = True

    def __init__(self) -> None:
        super().__init__(KEY, "the balance there doesn't suffice")


class Way(StrEnum):
    """How a person proves who they are before signing: a code by e-mail, by text message, or both."""

    EMAIL = "email"
    SMS = "sms"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Party:
    """Who sends an invoice or gets it. A private person has no SIRET."""

    name: str = field(repr=False)
    line1: str = field(repr=False)
    postal_code: str = field(repr=False)
    city: str = field(repr=False)
    country: str = "FR"
    siret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.siret and not (len(self.siret) == 14 and self.siret.isascii() and self.siret.isdigit()):
            raise ValueError("a SIRET has fourteen digits")

    @property
    def address(self) -> dict[str, Json]:
        """As they take it."""
        return {"line1": self.line1, "postal_code": self.postal_code, "city": self.city, "country": self.country}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``unit`` in cents without tax, ``rate`` of the tax in per cent. What it is for is as short as a name."""

    description: Name
    unit: int
    quantity: int = 1
    rate: Decimal = Decimal(20)

    @property
    def net(self) -> int:
        """Cents without tax."""
        return self.unit * self.quantity

    @property
    def tax(self) -> int:
        """Cents of tax, halves up."""
        return int((self.net * self.rate / 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvoice:
    """An invoice to be issued as Factur-X. Raises ValueError without lines."""

    id: UUID
    number: str
    issued_on: date
    seller: Party
    buyer: Party
    lines: Sequence[Line]

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError("an invoice has a line at least")

    @property
    def total(self) -> int:
        """Cents with tax."""
        return sum(line.net + line.tax for line in self.lines)


@dataclass(frozen=True, slots=True)
class NewSigner:
    """Somebody who is to sign. Raises ValueError without the address that their code goes to."""

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    way: Way = Way.EMAIL
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if (self.way is not Way.SMS and not self.email) or (self.way is not Way.EMAIL and not self.phone):
            raise ValueError("whoever signs needs the address that the code goes to")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignature:
    """A document to be signed. No health content: this service may not carry any. Raises ValueError."""

    id: UUID
    title: Name
    file_name: Name
    document: bytes = field(repr=False)
    signers: Sequence[NewSigner]
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.signers:
            raise ValueError("somebody has to sign")
        if not self.document.startswith(b"%PDF-") or len(self.document) > LARGEST:
            raise ValueError("a document to be signed is a PDF of ten megabytes at most")


def is_sandbox() -> bool:
    """Whether the configured key makes things without value."""
    return _key().startswith(TEST_KEYS)


def create_invoice(new: NewInvoice, *, key: str, ground: Ground, now: datetime) -> answers.Invoice:
    """Have an invoice issued. Raises :class:`NoBalance`, the door's faults, Misunderstood."""
    body: dict[str, Json] = {
        "invoice_number": new.number, "external_id": str(new.id), "direction": "outgoing", "output_format": "facturx",
        "issue_date": new.issued_on.isoformat(), "currency": "EUR", "archive_enabled": True,
        "total_ht": _euros(sum(line.net for line in new.lines)),
        "total_tax": _euros(sum(line.tax for line in new.lines)), "total_ttc": _euros(new.total),
        "seller_name": new.seller.name, "seller_siret": new.seller.siret, "seller_address": new.seller.address,
        "buyer_name": new.buyer.name, "buyer_address": new.buyer.address, "buyer_is_individual": not new.buyer.siret,
        "lines": [_line(line) for line in new.lines],
    }  # fmt: skip
    if new.buyer.siret:
        body["buyer_siret"] = new.buyer.siret
    return answers.invoice(_made("/invoices", body, COMPANIES, key, ground, now))


def invoice(invoice_id: str, *, ground: Ground, now: datetime) -> answers.Invoice:
    """Where an invoice stands."""
    return answers.invoice(_data("GET", f"/invoices/{invoice_id}", frozenset({Category.FINANCIAL}), ground, now))


def invoice_file(invoice_id: str, *, ground: Ground, now: datetime) -> bytes:
    """The invoice as Factur-X (a PDF with its data inside). Raises Broken for anything else."""
    call = Call(
        subprocessor=KEY, method="GET", url=f"{BASE}/invoices/{invoice_id}/download", headers=_headers("*/*"),
        query={"format": "pdf"}, categories=frozenset({Category.FINANCIAL}), cap=LARGEST,
    )  # fmt: skip
    return _pdf(send(call, ground=ground, now=now, deadline=PATIENT).body)


def create_signature(new: NewSignature, *, key: str, ground: Ground, now: datetime) -> answers.Signature:
    """Have a document signed. Raises :class:`NoBalance`, the door's faults, Misunderstood."""
    body: dict[str, Json] = {
        "title": new.title.text, "external_id": str(new.id), "document_name": new.file_name.text, "archive_enabled": True,
        "document": base64.b64encode(new.document).decode(), "signers": [_signer(one) for one in new.signers],
    }  # fmt: skip
    if new.until:
        body["expires_at"] = new.until.isoformat()
    return answers.signature(_made("/signatures", body, COMPANIES, key, ground, now))


def signature(signature_id: str, *, ground: Ground, now: datetime) -> answers.Signature:
    """Where a request for signatures stands."""
    return answers.signature(_data("GET", f"/signatures/{signature_id}", PEOPLE, ground, now))


def remind(signature_id: str, *, key: str, ground: Ground, now: datetime) -> int:
    """Remind those who haven't signed; how many."""
    said = _answered("POST", f"/signatures/{signature_id}/remind", PEOPLE, ground, now, key=key)
    return said.number("signers_reminded")


def cancel_signature(signature_id: str, *, key: str, ground: Ground, now: datetime) -> None:
    """Have nobody sign it any more."""
    _answered("POST", f"/signatures/{signature_id}/cancel", frozenset(), ground, now, key=key)


def signature_file(signature_id: str, what: What, *, ground: Ground, now: datetime) -> bytes:
    """A file of a signature: the signed document, or the evidence of who signed when (a PDF).

    They give an address that opens without a key: it goes through the door like any other, so only to a registered host.
    """
    path = f"/signatures/{signature_id}/download/{what}"
    parts = urlsplit(_answered("GET", path, PEOPLE, ground, now).text("url", longest=4000))
    call = Call(
        subprocessor=KEY, method="GET", url=urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)), categories=PEOPLE, cap=LARGEST,
    )  # fmt: skip
    return _pdf(send(call, ground=ground, now=now, deadline=PATIENT).body)


def fingerprint(content: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal: by it a file is known again."""
    return hashlib.sha256(content).hexdigest()


def _made(path: str, body: Json, categories: frozenset[Category], key: str, ground: Ground, now: datetime) -> Said:
    return _answered("POST", path, categories, ground, now, json=body, key=key, deadline=PATIENT).inner("data")


def _data(method: Method, path: str, categories: frozenset[Category], ground: Ground, now: datetime) -> Said:
    return _answered(method, path, categories, ground, now).inner("data")


def _answered(
    method: Method, path: str, categories: frozenset[Category], ground: Ground, now: datetime, *, json: Json = None,
    key: str = "", deadline: Deadline = ONE_REQUEST,
) -> Said:  # fmt: skip
    call = Call(
        subprocessor=KEY, method=method, url=BASE + path, headers=_headers("application/json"), json=json,
        categories=categories, idempotency_key=key,
    )  # fmt: skip
    try:
        return read(send(call, ground=ground, now=now, deadline=deadline))
    except Rejected as refused:
        if refused.status == PAYMENT_REQUIRED:
            raise NoBalance from None
        raise


def _headers(accept: str) -> dict[str, str]:
    return {"X-API-Key": _key(), "Accept": accept}


def _key() -> str:
    block: dict[str, Any] = settings.ADAPTERS[KEY]
    return str(block["credentials"]["SCELL_API_KEY"])


def _line(line: Line) -> Json:
    return {
        "description": line.description.text, "quantity": line.quantity, "unit_price": _euros(line.unit),
        "tax_rate": float(line.rate), "total_ht": _euros(line.net), "total_tax": _euros(line.tax),
        "total_ttc": _euros(line.net + line.tax),
    }  # fmt: skip


def _signer(one: NewSigner) -> Json:
    said: dict[str, Json] = {"first_name": one.first_name, "last_name": one.last_name, "auth_method": one.way.value}
    return said | {name: value for name, value in (("email", one.email), ("phone", one.phone)) if value}


def _euros(cents: int) -> float:
    """Cents as they take them: a number of euros. Exact to the cent far beyond any invoice (2**53)."""
    return cents / 100


def _pdf(body: bytes) -> bytes:
    if not body.startswith(b"%PDF-"):
        raise Broken(KEY, "its file is no PDF", sent=True)
    return body
