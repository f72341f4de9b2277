"""What an open room holds, field by field."""

from privacy.declare import Category, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "subprocessors.VideoRoom",
    subject=Subject.ACCOUNT,
    purpose=Purpose.CARE,
    basis=LegalBasis.CONSENT,
    retention="PC-40",
    about=_("A video room while it is open; gone when it ends, a day later at the latest"),
    fields={
        "id": technical("random identifier of the room"),
        "account": personal("practitioner whose room it is", Category.REFERENCE),
        "file_id": personal("patient's file it is about, as a random id", Category.REFERENCE),
        "name": technical("random name under which the service knows it"),
        "asked_at": personal("when it was asked for", Category.CONNECTION),
        "opened_at": personal("since when it is open", Category.CONNECTION),
        "until": technical("until when at the latest"),
        "recording": technical("number of the recording that runs"),
    },
)
