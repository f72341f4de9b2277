"""What the tenant boundary stores, field by field."""

from privacy.declare import Category, Erase, Export, FieldDeclaration, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "care.Practice",
    subject=Subject.PRACTITIONER,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("A practice, the wall between the files of one and another"),
    fields={
        "id": technical("random identifier of the practice"),
        "name": personal("name of the practice, often its owner's", Category.PROFESSIONAL),
        "jurisdiction": technical("whose calendar and rules the practice stands under"),
        "created_at": technical("when the practice was opened"),
    },
)
declare(
    "care.Membership",
    subject=Subject.PRACTITIONER,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("Who works in which practice, since when and until when"),
    fields={
        "id": technical("random identifier of the membership"),
        "practice": technical("the practice"),
        "user": personal("the account of the member", Category.PROFESSIONAL, erase=Erase.PSEUDONYMISED),
        "role": personal("what the member is in the practice", Category.PROFESSIONAL),
        "since_at": personal("when the member joined", Category.PROFESSIONAL),
        "until_at": personal("when the member left", Category.PROFESSIONAL),
    },
)
declare(
    "care.CareRelationship",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("Which practitioner treats which patient: without it no file can be reached"),
    fields={
        "id": technical("random identifier of the relationship"),
        "practice": technical("the practice where care is given"),
        "practitioner": personal("the account of the practitioner", Category.REFERENCE),
        "patient_id": personal("the random identifier of the patient's file", Category.REFERENCE),
        "since_at": personal("when care began", Category.APPOINTMENT),
        "ended_at": personal("when care ended", Category.APPOINTMENT),
    },
)


def _whom(meaning: str) -> FieldDeclaration:
    """The account of somebody who acted: kept with what they did."""
    return personal(meaning, Category.REFERENCE, erase=Erase.PSEUDONYMISED)


_FILE = personal("the random identifier of the patient's file", Category.REFERENCE)
declare(
    "care.PortalLink",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("Which account looks into which patient's file through the portal: the patient, a guardian, a proxy"),
    fields={
        "id": technical("random identifier of the link"),
        "practice": technical("the practice, for the wall between practices"),
        "patient_id": _FILE,
        "account": personal("the account that looks in", Category.REFERENCE),
        "capacity": personal("whether it is the patient's own, a guardian's or a proxy's", Category.REFERENCE),
        "scope": personal("which parts are open to it", Category.REFERENCE),
        "since_at": personal("since when", Category.REFERENCE),
        "until_at": personal("until when", Category.REFERENCE),
    },
)
declare(
    "care.Invitation",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("Who was asked into the portal of a patient's file, and what came of it"),
    fields={
        "id": technical("random identifier of the invitation"),
        "practice": technical("the practice, for the wall between practices"),
        "patient_id": _FILE,
        "capacity": personal("in which capacity the person is asked", Category.REFERENCE),
        "scope": personal("which parts would be open", Category.REFERENCE),
        "link_until": personal("until when they would be", Category.REFERENCE),
        "channel": technical("by mail or by a code at the desk"),
        "token_hash": personal("hash of the link's secret", Category.CREDENTIAL, export=Export.WITHHELD),
        "invited_by": _whom("who asked"),
        "created_at": personal("when", Category.REFERENCE),
        "expires_at": technical("the end of its life"),
        "tries": technical("wrong answers to who the patient is"),
        "revoked_at": technical("when it was taken back"),
        "accepted_at": personal("when it was accepted", Category.REFERENCE),
        "accepted_by": _whom("the account that accepted"),
        "email": personal(
            "the address it was sent to, until it is over", Category.CONTACT, sealed=True, erase=Erase.WITH_KEY
        ),
    },
)
