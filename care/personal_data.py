"""What the tenant boundary stores, field by field."""

from privacy.declare import Category, Erase, Subject, declare, personal, technical
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
