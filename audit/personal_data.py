"""What the journals hold of people: ids and origins of acts, never contents."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _


def _kept(meaning: str, category: Category = Category.REFERENCE) -> FieldDeclaration:
    """A field that leaves with its month: evidence isn't edited to forget one person."""
    return personal(meaning, category, erase=Erase.EXPIRES, export=Export.ACCESS)


ENTRY = {
    "id": technical("number of the entry, given by the database"),
    "written_at": technical("the database's clock at the entry"),
    "at": _kept("the moment of the act", Category.CONNECTION),
    "actor_id": _kept("account that acted, by its random identifier"),
    "actor_role": _kept("role in which the account acted"),
    "channel": technical("web page, command or background task"),
    "session_ref": _kept("hash of the session in which it happened", Category.CONNECTION),
    "request_id": technical("identifier of the request or job"),
    "leaf": technical("hash of the entry, under the journal's seal"),
}
ORIGIN = {
    "ip": _kept("network address it came from", Category.CONNECTION),
    "user_agent": _kept("browser or device it came from", Category.CONNECTION),
}

declare(
    "audit.AccessEntry",
    subject=Subject.PATIENT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-46b",
    about=_("Who saw which part of which file, when, why and from where"),
    fields={
        **ENTRY,
        **ORIGIN,
        "practice_id": technical("practice in which the file was opened"),
        "subject_id": _kept("file that was opened, by its random identifier"),
        "part": _kept("part of the file that was shown"),
        "action": technical("listed, opened, exported or created"),
        "purpose": technical("purpose of the reading"),
    },
)
declare(
    "audit.SecurityEntry",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-46",
    about=_("Logins, second factors, lock-outs and other security events"),
    fields={
        **ENTRY,
        **ORIGIN,
        "account_id": _kept("account concerned, by its random identifier"),
        "kind": _kept("what happened", Category.CONNECTION),
        "outcome": _kept("whether it was let through", Category.CONNECTION),
        "detail": _kept("names and counts that explain it, never a value", Category.CONNECTION),
    },
)
declare(
    "audit.EventEntry",
    subject=Subject.PATIENT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_("Each creation, change and deletion, with the person who did it"),
    fields={
        **ENTRY,
        "practice_id": technical("practice in which it happened"),
        "subject_id": _kept("file concerned, by its random identifier"),
        "verb": _kept("what was done"),
        "object_type": technical("kind of the object"),
        "object_id": _kept("object, by its random identifier"),
        "detail": _kept("names of fields and ids, never a value"),
    },
)
declare(
    "audit.ExpiredMonth",
    about=_("Months of journals that left at the end of their term"),
    fields={
        "id": technical("number of the entry"),
        "written_at": technical("the database's clock"),
        "at": technical("when it expired"),
        "stream": technical("journal"),
        "table_name": technical("table"),
        "month": technical("month that left"),
        "rows": technical("number of entries that left"),
        "actor_role": technical("role that ran the expiry"),
        "request_id": technical("job that ran the expiry"),
        "leaf": technical("hash of the entry"),
    },
)
declare(
    "audit.ExpiredRows",
    about=_("Rows of evidence that left at the end of their own terms, by number"),
    fields={
        "id": technical("number of the entry"),
        "written_at": technical("the database's clock"),
        "at": technical("when they expired"),
        "stream": technical("journal"),
        "table_name": technical("table"),
        "numbers": technical("numbers of the rows that left"),
        "rows": technical("how many left"),
        "rule": technical("the rule they left under"),
        "newest": technical("moment of the youngest of them"),
        "actor_role": technical("role that ran the expiry"),
        "request_id": technical("job that ran the expiry"),
        "leaf": technical("hash of the entry"),
    },
)
declare(
    "audit.Seal",
    about=_("Signed statements over batches of journal entries; hold no personal data and stay"),
    fields={
        "number": technical("place in the chain of seals"),
        "at": technical("when it was made"),
        "stream": technical("journal"),
        "table_name": technical("table"),
        "month": technical("month of the entries"),
        "rows": technical("number of entries"),
        "covered": technical("numbers of the entries"),
        "burnt": technical("numbers that were never used"),
        "settled": technical("number below which all is decided"),
        "top": technical("first number not seen yet"),
        "root": technical("root of the Merkle tree"),
        "previous": technical("hash of the previous seal"),
        "key_id": technical("key that signed"),
        "signature": technical("Ed25519 signature"),
    },
)
declare(
    "audit.SealLeaves",
    about=_("Hashes of the entries under each seal; leave with their month"),
    fields={
        "number": technical("seal"),
        "table_name": technical("table"),
        "month": technical("month of the entries"),
        "leaves": technical("hashes of the entries"),
    },
)
