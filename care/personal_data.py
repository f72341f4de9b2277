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
        "name": personal("what a member of the team is called", Category.IDENTITY, erase=Erase.BLANK),
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
declare(
    "care.StaffInvitation",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("Who was asked into the team of a practice, by whom, and what came of it"),
    fields={
        "id": technical("random identifier of the invitation"),
        "practice": technical("the practice"),
        "email": personal(
            "the address it was sent to, forgotten once it is used, taken back or over", Category.CONTACT
        ),
        "role": personal("what the person was asked to be", Category.PROFESSIONAL),
        "token_hash": technical("hash of the link's token"),
        "invited_by": personal("the account that invited", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "invited_at": personal("when it was sent", Category.PROFESSIONAL),
        "expires_at": technical("until when the link works"),
        "used_at": personal("when it was accepted", Category.PROFESSIONAL),
        "used_by": personal("the account that joined", Category.REFERENCE),
        "revoked_at": technical("when it was taken back"),
    },
)
declare(
    "care.AgreementText",
    about=_("A wording of the confidentiality agreement, as it was put before people; never edited"),
    fields={
        "id": technical("random identifier of the row"),
        "sha256": technical("address of the text: the hash of its bytes"),
        "language": technical("language of the text"),
        "number": technical("version of the text, counted from 1"),
        "effective_on": technical("first day the text is in force"),
        "content": technical("the text itself"),
        "published_at": technical("moment the text was published"),
    },
)


def _proof(meaning: str) -> FieldDeclaration:
    """A field of the proof: it outlives the account under a random id."""
    return personal(meaning, Category.PROFESSIONAL, erase=Erase.PSEUDONYMISED)


declare(
    "care.AgreementSignature",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-51",
    about=_("Who signed which version of the confidentiality agreement, and when"),
    fields={
        "id": technical("random identifier of the row"),
        "membership_id": technical("the membership it was signed for"),
        "account_id": _proof("the account that signed, as a random id"),
        "role": technical("the role in the practice"),
        "number": technical("which version was signed"),
        "text": technical("address of the wording that was signed"),
        "language": technical("language in which it was read"),
        "at": _proof("when it was signed"),
    },
)
declare(
    "care.StaffConsent",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("That a patient lets the practice's team into their file, how they said it, and since when"),
    fields={
        "id": technical("random identifier of the consent"),
        "practice": technical("the practice whose team is let in"),
        "file_id": personal("the random identifier of the patient's file", Category.REFERENCE),
        "how": personal("how the patient said it", Category.CONSENT),
        "given_at": personal("when it was given", Category.CONSENT),
        "given_by": personal("who recorded it", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "given_role": technical("in which role"),
        "ended_at": personal("when it was taken back", Category.CONSENT),
        "ended_by": personal("who recorded that", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "ended_role": technical("in which role"),
    },
)
declare(
    "care.EmergencyAccess",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("Who opened a file in an emergency, why, until when, and what the review of it found"),
    fields={
        "id": technical("random identifier of the opening"),
        "practice": technical("the practice"),
        "file_id": personal("the random identifier of the patient's file", Category.REFERENCE),
        "account": personal("the account that opened it", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "role": technical("in which role"),
        "kind": personal("what kind of emergency it was", Category.REFERENCE),
        "opened_at": personal("when it was opened", Category.REFERENCE),
        "until": technical("when its hour ends"),
        "review_by": technical("until when it is to be reviewed"),
        "reviewed_at": technical("when it was reviewed"),
        "reviewed_by": personal("the account that reviewed it", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "reviewed_role": technical("in which role"),
        "verdict": technical("what the review found"),
        "why": personal("why it was opened", Category.HEALTH, sealed=True, erase=Erase.WITH_KEY, export=Export.ACCESS),
    },
)
