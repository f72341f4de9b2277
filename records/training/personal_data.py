"""What is held of training sets, field by field."""

from privacy.declare import Category, Erase, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "records.TrainingBuild",
    about=_("Training sets that were built: how large, and how many stayed out and why; about nobody"),
    fields={
        "id": technical("random identifier of the set, its key and its file"),
        "number": technical("which set it is, from 1"),
        "built_at": technical("when it was built"),
        "asked_role": technical("in which role it was asked for"),
        "rules": technical("version of the rules by which names are taken out"),
        "minimum": technical("how many patients there have to be"),
        "patients": technical("how many there are"),
        "texts": technical("how many consultations"),
        "counts": technical("how many stayed out, by reason"),
        "sha256": technical("hash of the sealed file"),
        "size": technical("its size in bytes"),
        "expires_at": technical("until when it is kept at most"),
    },
)
declare(
    "records.TrainingEnd",
    about=_("That the file of a training set was destroyed, when and why"),
    fields={
        "id": technical("random identifier of the entry"),
        "build": technical("the set"),
        "ended_at": technical("when its key and its file were destroyed"),
        "why": technical("the reason"),
    },
)
declare(
    "records.TrainingMember",
    subject=Subject.PATIENT,
    purpose=Purpose.IMPROVEMENT,
    basis=LegalBasis.EXPLICIT_CONSENT,
    retention="PC-41",
    about=_("That texts of a file were in a training set, and when they left it"),
    fields={
        "id": technical("random identifier of the row"),
        "practice": technical("the practice, for the wall between practices"),
        "file": personal("the patient's file", Category.REFERENCE),
        "build": technical("the set"),
        "author": personal("who wrote the texts", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "left_at": personal("when a consent was taken back or ended", Category.REFERENCE),
        "left_why": personal("what ended it", Category.REFERENCE),
    },
)
