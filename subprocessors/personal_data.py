"""What the register's announcements hold, field by field. The register itself is about companies and lies in the code."""

from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _
from subprocessors.calendars import personal_data as _calendars  # noqa: F401 - declares the links to calendars
from subprocessors.rooms import personal_data as _rooms  # noqa: F401 - declares the open video rooms

declare(
    "subprocessors.Announcement",
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGAL_OBLIGATION,
    retention="PC-41",
    about=_(
        "That a change of subprocessors was announced, when and by whom; who was told of it stands with the notices"
    ),
    fields={
        "id": technical("random identifier of the row"),
        "number": technical("version of the register"),
        "effective_on": technical("first day it is in force"),
        "at": technical("moment of the announcement"),
        "actor_id": personal(
            "who announced it, as a random id",
            Category.REFERENCE,
            erase=Erase.PSEUDONYMISED,
            export=Export.WITHHELD,
        ),
        "actor_role": technical("role in which it was announced"),
    },
)
