"""What payments, invoices and signatures hold of people: that there was one, never a card, a bank account or a reason."""

from privacy.declare import Category, Erase, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "adapters.Payment",
    subject=Subject.ACCOUNT,
    purpose=Purpose.BILLING,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-44",
    about=_("Payments through Viva: amounts and where they stand; card and bank data stay with Viva"),
    fields={
        "id": technical("random identifier, the reference that Viva knows it by"),
        "way": technical("whether it was asked for, taken again, or given back"),
        "kind": personal("what it was for: a subscription, or a fee", Category.FINANCIAL, erase=Erase.EXPIRES),
        "subject_id": personal(
            "account it is about, by its random identifier", Category.REFERENCE, erase=Erase.EXPIRES
        ),
        "merchant": technical("connected account at Viva that it was for"),
        "parent": technical("payment that it gives back, or that it follows"),
        "amount": personal("amount in cents", Category.FINANCIAL, erase=Erase.EXPIRES),
        "given_back": personal("what of it was given back, in cents", Category.FINANCIAL, erase=Erase.EXPIRES),
        "state": personal("where it stands", Category.FINANCIAL, erase=Erase.EXPIRES),
        "order_code": personal("number of the order at Viva", Category.REFERENCE, erase=Erase.EXPIRES),
        "transaction_id": personal("number of the transaction at Viva", Category.REFERENCE, erase=Erase.EXPIRES),
        "asked_at": personal("when it was asked for", Category.FINANCIAL, erase=Erase.EXPIRES),
        "changed_at": technical("when it last went on"),
    },
)
declare(
    "adapters.Dossier",
    subject=Subject.ACCOUNT,
    purpose=Purpose.BILLING,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-47",
    about=_("Invoices and signatures at Scell.io: where they stand, and how strong a signature is"),
    fields={
        "id": technical("random identifier, the reference that Scell.io knows it by"),
        "kind": technical("invoice or signature"),
        "subject_id": personal(
            "account it is about, by its random identifier", Category.REFERENCE, erase=Erase.EXPIRES
        ),
        "provider_id": technical("number at Scell.io"),
        "state": personal("where it stands", Category.FINANCIAL, erase=Erase.EXPIRES),
        "level": technical("how strong a signature it is in law"),
        "level_said": technical("the provider's own word for that"),
        "sandbox": technical("whether it was a trial without value"),
        "asked_at": personal("when it was asked for", Category.FINANCIAL, erase=Erase.EXPIRES),
        "changed_at": technical("when it last went on"),
    },
)
declare(
    "adapters.Proof",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-47",
    about=_("Files of a signature: the document, the signed one, who signed when; sealed, known by their hash"),
    fields={
        "id": technical("number of the entry"),
        "written_at": technical("the database's clock"),
        "at": personal("when it was kept", Category.CONNECTION, erase=Erase.EXPIRES),
        "dossier_id": technical("signature it belongs to"),
        "subject_id": personal(
            "account it is about, by its random identifier", Category.REFERENCE, erase=Erase.EXPIRES
        ),
        "what": technical("which of the files it is"),
        "sha256": personal("hash of the file", Category.REFERENCE, erase=Erase.EXPIRES),
        "size": technical("bytes"),
        "content": personal("the file, sealed", Category.PROFESSIONAL, erase=Erase.EXPIRES),
        "leaf": technical("hash of the entry, under the journal's seal"),
    },
)
