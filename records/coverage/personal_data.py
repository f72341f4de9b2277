"""What a question to a payer holds, field by field."""

from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "records.CoverageCheck",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("A question to the patient's payer whether they are covered on a day, and what came of it"),
    fields={
        "id": technical("random identifier of the row, and of the question at the payer"),
        "practice": technical("the practice, for the wall between practices"),
        "file": personal("the patient's file", Category.REFERENCE),
        "payer": personal("which payer was asked", Category.FINANCIAL, export=Export.PORTABLE),
        "about_on": personal("the day that was asked about", Category.REFERENCE, export=Export.PORTABLE),
        "asked_at": personal("when it was asked", Category.REFERENCE, export=Export.PORTABLE),
        "asked_by": personal("who asked", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "outcome": personal("what came of it", Category.FINANCIAL, export=Export.PORTABLE),
        "answered_at": personal("when that was known", Category.REFERENCE, export=Export.PORTABLE),
        "source": personal("the payer's host that said it", Category.FINANCIAL, export=Export.PORTABLE),
    },
)
