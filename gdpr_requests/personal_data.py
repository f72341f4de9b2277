"""What the rights desk and the house's own duties hold, field by field (promises PC-60, PC-64, PC-82)."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _


def _fact(meaning: str, export: Export = Export.ACCESS) -> FieldDeclaration:
    """A field of the register of requests: it outlives the account under a random id, until three years after closure."""
    return personal(meaning, Category.REFERENCE, erase=Erase.PSEUDONYMISED, export=export)


def _sealed(meaning: str, category: Category) -> FieldDeclaration:
    return personal(meaning, category, sealed=True, erase=Erase.WITH_KEY, export=Export.ACCESS)


declare(
    "gdpr_requests.Request",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("A person's request about their data: what was asked, its legal dates, and what was decided"),
    fields={
        "id": technical("random identifier of the request, and of its key"),
        "year": technical("year of its number"),
        "serial": technical("number in the year"),
        "right": _fact("the right it is about"),
        "data_class": technical("which clock of the law applies"),
        "objects_to": _fact("what is objected to"),
        "channel": _fact("how it came in"),
        "account_id": _fact("the account that asks, as a random id"),
        "practice_id": technical("the practice that answers"),
        "file_id": _fact("the patient's file it is about, as a random id"),
        "entry_number": _fact("the line of the access journal that is questioned"),
        "contact": _sealed("name and address of somebody without an account", Category.CONTACT),
        "received_at": _fact("when it arrived"),
        "filed_at": _fact("when it was entered"),
        "not_before": technical("end of the time of reflection"),
        "target_on": technical("day aimed at"),
        "due_on": technical("legal day of the answer"),
        "extended_until": technical("legal day after an extension"),
        "state": _fact("where it stands"),
        "proof": _fact("how the identity was established"),
        "proven_at": _fact("when the identity was established"),
        "outcome": _fact("what was decided"),
        "ground": _fact("the ground of what was not granted"),
        "decided_at": _fact("when it was decided"),
        "decided_by_id": _fact("who decided, as a random id", Export.WITHHELD),
        "decided_role": technical("in which role it was decided"),
        "closed_at": _fact("when it was closed"),
    },
)

declare(
    "gdpr_requests.Exchange",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("What was said and done in a request, step by step"),
    fields={
        "id": technical("random identifier of the step"),
        "request_id": technical("the request"),
        "number": technical("number of the step in the request"),
        "at": _fact("when"),
        "kind": _fact("what was done"),
        "state": technical("where the request stood after it"),
        "text": _sealed("what was written", Category.REFERENCE),
        "sent_by": technical("how the other side was told"),
        "remedies": technical("whether the letter names the authority and the courts"),
        "actor_id": _fact("the account that acted, as a random id", Export.WITHHELD),
        "actor_role": technical("role in which it acted"),
    },
)

declare(
    "gdpr_requests.IdentityDocument",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("That an identity document was sent, checked and destroyed; sealed until it was checked"),
    fields={
        "id": technical("random identifier of the document, and of its key"),
        "request": technical("the request"),
        "added_at": _fact("when it was sent"),
        "content_type": technical("whether it is a PDF, a JPEG or a PNG"),
        "storage_name": technical("random name of the sealed object, empty once it is destroyed"),
        "checked_at": _fact("when it was checked"),
        "checked_by_id": _fact("who checked it, as a random id", Export.WITHHELD),
        "accepted": _fact("whether it established the identity"),
        "destroyed_at": _fact("when it was destroyed"),
    },
)

declare(
    "gdpr_requests.Reminder",
    about=_("That whoever must answer a request was reminded of its limit"),
    fields={
        "id": technical("random identifier of the reminder"),
        "request_id": technical("the request"),
        "kind": technical("which reminder"),
        "limit_on": technical("the limit it reminds of"),
        "sent_at": technical("when it was sent"),
    },
)

declare(
    "gdpr_requests.Rectified",
    about=_("Which entry of a file's history a granted correction led to"),
    fields={
        "id": technical("random identifier of the row"),
        "request_id": technical("the request"),
        "what": technical("whether the correction is linked, or the answer says where it was made"),
        "made_id": technical("the entry of the file's history, as a random id"),
        "linked_at": technical("when it was linked"),
    },
)

declare(
    "gdpr_requests.RecipientTold",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_(
        "That somebody who reads a file through the portal, or read it under an order, was told that it was corrected, erased or restricted"
    ),
    fields={
        "id": technical("random identifier of the row"),
        "request_id": technical("the request"),
        "account_id": _fact("the account that was told, as a random id"),
        "told_at": _fact("when it was told"),
    },
)

declare(
    "gdpr_requests.Objection",
    subject=Subject.VISITOR,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-52",
    about=_("That the holder of an address objected: a keyed hash, so that the objection is honoured for good"),
    fields={
        "id": technical("random identifier of the row"),
        "kind": personal("what is objected to", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "address_key": personal(
            "keyed hash of the address", Category.REFERENCE, erase=Erase.PSEUDONYMISED, export=Export.WITHHELD
        ),
        "since_at": personal("since when", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
    },
)

declare(
    "gdpr_requests.Duty",
    about=_("What the house itself has to renew: certificates, audits, training"),
    fields={
        "id": technical("random identifier of the duty"),
        "kind": technical("what kind of thing falls due"),
        "title": technical("what it is called; no person is named"),
        "subprocessor": technical("with whom an agreement is, by the key of the register"),
        "every_months": technical("after how many months it falls due again"),
        "first_due_on": technical("when it was due for the first time"),
        "created_at": technical("when it was entered"),
        "ended_at": technical("when it was ended"),
    },
)

declare(
    "gdpr_requests.DutyDone",
    about=_("That a duty of the house was done, on which day"),
    fields={
        "id": technical("random identifier of the entry"),
        "duty": technical("the duty"),
        "done_on": technical("the day on which it was done"),
        "next_due_on": technical("when it falls due again"),
        "recorded_at": technical("when it was entered"),
        "sha256": technical("hash of the document that proves it"),
    },
)

declare(
    "gdpr_requests.DutyProof",
    about=_("The document that proves it; names of people are blacked out before"),
    fields={
        "done": technical("the entry it proves"),
        "content_type": technical("kind of document"),
        "sealed": technical("the document, sealed under a key of the house"),
    },
)

declare(
    "gdpr_requests.Export",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-40",
    about=_("An export that was asked for; its sealed archive is destroyed after seven days"),
    fields={
        "id": technical("random identifier, also of the archive's key"),
        "account": personal("whose export it is", Category.REFERENCE),
        "request_id": personal("the granted request that it answers", Category.REFERENCE),
        "file_id": personal("the patient's file that is in it, as a random id", Category.REFERENCE),
        "scope": personal("what was asked for", Category.REFERENCE, export=Export.PORTABLE),
        "state": technical("how far it is"),
        "asked_at": personal("when it was asked for", Category.REFERENCE, export=Export.PORTABLE),
        "attempts": technical("how often it was begun"),
        "done": technical("how many files are in it so far"),
        "total": technical("how many files there are"),
        "ready_at": technical("when it was ready"),
        "expires_at": technical("when its archive is destroyed"),
        "size": technical("bytes of the archive"),
        "sha256": technical("hash of the archive"),
        "downloads": technical("how often it was downloaded"),
    },
)

declare(
    "gdpr_requests.Directive",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.CONSENT,
    retention="PC-52",
    about=_("What a person wants done with their data after their death (LIL art. 85)"),
    fields={
        "id": technical("random identifier of the version, and of its key"),
        "account_id": _fact("whose directives, as a random id"),
        "kind": _fact("general or specific"),
        "number": technical("which version it is, from 1"),
        "written_at": _fact("when it was written"),
        "consent_id": technical("the entry of the consent ledger it rests on"),
        "ended_at": _fact("when it ended"),
        "ended": _fact("whether it was replaced, revoked, or ended with the account"),
        "said": _sealed("where general directives are registered; what to do, and who is named", Category.CONTACT),
    },
)
