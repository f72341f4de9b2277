"""What Scell.io says: invoices and signatures with their states, parsed strictly.

Whether an invoice is a draft or signed is theirs to say; so is the level of a signature. They sell simple ones (eIDAS, SES).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from adapters.reading import Said
from privacy.wording import gettext_noop as _


class InvoiceState(StrEnum):
    """Where an invoice stands."""

    DRAFT = "draft"
    PROCESSING = "processing"
    CONVERTING = "converting"
    CONVERTED = "converted"
    VALIDATED = "validated"
    TRANSMITTED = "transmitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PAID = "paid"
    ERROR = "error"


class SignatureState(StrEnum):
    """Where a request for signatures stands."""

    PENDING = "pending"
    WAITING = "waiting_signers"
    PARTLY = "partially_signed"
    COMPLETED = "completed"
    REFUSED = "refused"
    EXPIRED = "expired"
    ERROR = "error"


class SignerState(StrEnum):
    """Where one person stands."""

    PENDING = "pending"
    SIGNED = "signed"
    REFUSED = "refused"


class Level(StrEnum):
    """How strong a signature is in law (Regulation 910/2014). Above simple only in the provider's own word."""

    SIMPLE = "simple"
    ADVANCED = "advanced"
    QUALIFIED = "qualified"


LEVELS: Final = {
    "ses": Level.SIMPLE, "eu-ses": Level.SIMPLE, "simple": Level.SIMPLE,
    "aes": Level.ADVANCED, "ades": Level.ADVANCED, "eu-aes": Level.ADVANCED, "advanced": Level.ADVANCED,
    "qes": Level.QUALIFIED, "eu-qes": Level.QUALIFIED, "qualified": Level.QUALIFIED,
}  # fmt: skip
"""The provider's words for a level."""
LEVEL_WORDS: Final = {
    Level.SIMPLE: _("Simple electronic signature"),
    Level.ADVANCED: _("Advanced electronic signature, in the provider's word"),
    Level.QUALIFIED: _("The provider calls it qualified; we haven't checked its certificate"),
}
"""What people read of a level. Ours never says more than the provider does."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as they have it. ``number`` is a draft's until the final one is given."""

    id: str
    state: InvoiceState
    number: str
    total: int
    sandbox: bool
    external_id: str


@dataclass(frozen=True, slots=True)
class Signer:
    """One person who is to sign. The address to sign at opens without a password: it isn't printed."""

    state: SignerState
    signing_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """A request for signatures as they have it. ``level_said``: their word for the level, empty if they say none."""

    id: str
    state: SignatureState
    level: Level
    level_said: str
    sandbox: bool
    external_id: str
    signers: tuple[Signer, ...] = field(repr=False)


def invoice(said: Said) -> Invoice:
    """An invoice, from ``data``."""
    return Invoice(
        id=said.text("id", longest=64),
        state=said.word("status", InvoiceState),
        number=said.text("invoice_number", longest=60),
        total=said.cents("total_ttc"),
        sandbox=_sandbox(said),
        external_id=_optional(said, "external_id"),
    )


def signature(said: Said) -> Signature:
    """A request for signatures, from ``data``."""
    level, word = _level(said)
    return Signature(
        id=said.text("id", longest=64),
        state=said.word("status", SignatureState),
        level=level,
        level_said=word,
        sandbox=_sandbox(said),
        external_id=_optional(said, "external_id"),
        signers=tuple(_signer(one) for one in said.list("signers")),
    )


def _signer(said: Said) -> Signer:
    return Signer(said.word("status", SignerState), _optional(said, "signing_url", longest=2000))


def _level(said: Said) -> tuple[Level, str]:
    """The level; simple where they say nothing. Raises Misunderstood for a word we don't know."""
    word = _optional(said, "signature_level", longest=30)
    if not word:
        return Level.SIMPLE, ""
    if word.lower() not in LEVELS:
        raise said.wrong("signature_level", "isn't one that is documented")
    return LEVELS[word.lower()], word


def _sandbox(said: Said) -> bool:
    where = said.text("environment")
    if where not in {"production", "sandbox"}:
        raise said.wrong("environment", "isn't one that is documented")
    return where == "sandbox"


def _optional(said: Said, name: str, *, longest: int = 100) -> str:
    return said.text(name, longest=longest) if said.get(name) else ""
