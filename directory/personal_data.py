"""What the directory holds, field by field: an address and a choice. What it shows is the profile's, read when asked."""

from privacy.declare import Category, Erase, Export, Subject, declare, personal
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "directory.Listing",
    subject=Subject.PRACTITIONER,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONSENT,
    retention="PC-40",
    about=_("The address of a practitioner's page in the public directory, and what they chose to show there"),
    fields={
        "id": personal("random identifier in the page's public address", Category.REFERENCE, export=Export.PORTABLE),
        "user": personal("the account", Category.REFERENCE, erase=Erase.DELETE),
        "shows_phone": personal(
            "whether the page shows the telephone number", Category.PROFESSIONAL, export=Export.PORTABLE
        ),
    },
)
