"""What waiting and arrived messages hold, field by field. Declared under a year's rule; they really go after thirty days."""

from privacy.declare import Category, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

_QUEUED = {
    "id": technical("random identifier of the row"),
    "state": technical("where it stands"),
    "due_at": technical("when a worker takes it next"),
    "claimed_at": technical("when a worker began it"),
    "attempts": technical("how often it was begun"),
    "problem": technical("code of what went wrong last"),
    "ended_at": technical("when it was done, dropped or failed"),
}

declare(
    "adapters.Outgoing",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.LEGITIMATE_INTEREST,
    retention="PC-46",
    about=_("What waits to be sent: its content until then, that it was sent for thirty days"),
    fields={
        **_QUEUED,
        "kind": technical("what is to be sent"),
        "ground": technical("what kind of ground it rests on"),
        "subject_id": personal("the account it is about, as a random id", Category.REFERENCE),
        "slot": personal("the switch it rests on", Category.CONSENT),
        "wish": personal("the patient's own consent it rests on", Category.CONSENT),
        "file_id": personal("the patient's file it is about, as a random id", Category.REFERENCE),
        "necessity": technical("the legal basis it rests on, by its name"),
        "payload": personal("what it says, sealed; empty once it was sent", Category.CONTACT),
        "dedupe": technical("word by which a second one like it is known"),
        "queued_at": personal("when it was written", Category.REFERENCE),
        "reason": personal("why the office gave it up", Category.REFERENCE, export=Export.WITHHELD),
    },
)

declare(
    "adapters.Incoming",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.LEGITIMATE_INTEREST,
    retention="PC-46",
    about=_("What a service told us: the text seven days after it was applied, that it came for thirty days"),
    fields={
        **_QUEUED,
        "subprocessor": technical("the service that sent it"),
        "event_id": technical("the service's own number of the event"),
        "kind": technical("what happened"),
        "body": personal("the text as it came, sealed", Category.REFERENCE),
        "received_at": personal("when it came", Category.REFERENCE),
        "raw_until": technical("until when the text is kept"),
        "subject_id": personal("the account it is about, as a random id", Category.REFERENCE),
        "reason": personal("why the office gave it up", Category.REFERENCE, export=Export.WITHHELD),
    },
)
