"""What the clocks hold, field by field."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _


def _fact(meaning: str) -> FieldDeclaration:
    """A field of the contract's history: it outlives the account under a random id, until its own term."""
    return personal(meaning, Category.REFERENCE, erase=Erase.PSEUDONYMISED, export=Export.PORTABLE)


declare(
    "lifecycle.SubscriptionEvent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("A fact of the contract: trial begun, subscribed, subscription ended. The phase is computed from them"),
    fields={
        "id": technical("random identifier of the fact"),
        "account_id": _fact("the account it is about, as a random id"),
        "number": technical("number of the fact among the account's own"),
        "kind": _fact("what happened"),
        "at": _fact("moment it happened"),
        "until": _fact("end of what it opened"),
        "jurisdiction": technical("whose calendar counts its days"),
        "actor_id": _fact("the account that acted, as a random id"),
        "actor_role": _fact("role in which it acted"),
    },
)

declare(
    "lifecycle.NoticeSent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("That a person was told of a change of phase, and when"),
    fields={
        "id": technical("random identifier of the row"),
        "account_id": _fact("the account that was told, as a random id"),
        "phase_since": _fact("beginning of the phase the message was about"),
        "kind": _fact("which message"),
        "sent_at": _fact("moment it was sent"),
    },
)
