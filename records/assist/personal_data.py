"""What suggestions of machines hold, field by field."""

from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "records.Suggestion",
    subject=Subject.PATIENT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CARE,
    retention="PC-41",
    about=_("A draft or a transcript that a machine wrote for a consultation, until a person decides on it"),
    fields={
        "id": technical("random identifier of the row"),
        "practice": technical("the practice, for the wall between practices"),
        "file": personal("the patient's file", Category.REFERENCE),
        "consultation": technical("the consultation it is for"),
        "kind": technical("whether it is a draft or a transcript"),
        "state": technical("where it stands"),
        "asked_at": personal("when it was asked for", Category.REFERENCE),
        "asked_by": personal("who asked for it", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "ready_at": personal("when it came", Category.REFERENCE),
        "model": technical("which machine wrote it"),
        "ended_at": personal("when it was taken over, turned down or dropped", Category.REFERENCE),
        "ended_by": personal("who took it over or turned it down", Category.REFERENCE, erase=Erase.PSEUDONYMISED),
        "ended_role": technical("in which role"),
        "problem": technical("code of why it never came"),
        "remote_id": personal("the number of the copy at the transcription service", Category.REFERENCE),
        "removal_id": technical("the message by which that copy was deleted"),
        "removed_at": personal("when that copy was deleted", Category.REFERENCE),
        "text": personal(
            "what the machine wrote, until it is decided on",
            Category.HEALTH,
            sealed=True,
            erase=Erase.WITH_KEY,
            export=Export.PORTABLE,
        ),
        "sound": personal(
            "the sound of the visit, until it is sent",
            Category.HEALTH,
            sealed=True,
            erase=Erase.WITH_KEY,
            export=Export.PORTABLE,
        ),
    },
)
