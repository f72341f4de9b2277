"""What the public sees of a practitioner. Publishing it takes their grant (design, idea 3; PC-23)."""

from dataclasses import dataclass
from uuid import UUID

import phonenumbers

from accounts.models import PractitionerProfile
from consents.grants import Grant

LISTING = "public_directory_listing"


@dataclass(frozen=True, slots=True)
class Card:
    """The fields of a public page, and no others: what the consent's text names, and the telephone if they chose to."""

    name: str
    specialty: str
    qualifications: str
    address_line: str
    postal_code: str
    city: str
    country: str
    phone: str = ""

    @property
    def phone_as_written(self) -> str:
        """The number with its spaces, country first."""
        number = phonenumbers.parse(self.phone)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@dataclass(frozen=True, slots=True)
class Published:
    """A card with its public address. Only :func:`publish` makes one."""

    listing_id: UUID
    card: Card


def card_of(profile: PractitionerProfile, *, shows_phone: bool) -> Card:
    """What a page shows of ``profile``. For the practitioner's own eyes; the public gets it from :func:`publish`."""
    return Card(
        name=str(profile),
        specialty=str(profile.get_specialty_display()),
        qualifications=profile.qualifications,
        address_line=profile.address_line,
        postal_code=profile.postal_code,
        city=profile.city,
        country=str(profile.get_country_display()),
        phone=profile.phone if shows_phone else "",
    )


def publish(listing_id: UUID, profile: PractitionerProfile, grant: Grant, *, shows_phone: bool) -> Published:
    """A practitioner's card for everybody. Raises ValueError for the grant of somebody else or of another processing."""
    if (grant.subject_id, grant.key) != (profile.pk, LISTING):
        raise ValueError("A page in the directory takes its own practitioner's grant for the directory")
    return Published(listing_id, card_of(profile, shows_phone=shows_phone))
