"""Numbers that identify a practitioner: format and check digit, never proof (promise MD-04).

Two example numbers in the national directory's own guide fail the check digit, so ``ACCOUNTS_TEST_IDENTIFIERS`` (a list
in settings, empty in production) names numbers accepted as they are. Each function returns the number in its stored form or
raises ValidationError with a text that says what to do.
"""

import re

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

RPPS_LENGTH = 11
ADELI_LENGTH = 9


def _compact(text: str) -> str:
    return re.sub(r"[\s.\-]", "", text)


def clean_rpps(text: str) -> str:
    """The RPPS number as its eleven digits. Raises ValidationError."""
    number = _compact(text)
    if number in settings.ACCOUNTS_TEST_IDENTIFIERS:
        return number
    if not re.fullmatch(rf"[0-9]{{{RPPS_LENGTH}}}", number):
        raise ValidationError(
            _("An RPPS number has 11 digits; you typed %(typed)s characters. It is on your professional card."),
            code="rpps_length",
            params={"typed": len(number)},
        )
    if not luhn.is_valid(number):
        raise ValidationError(
            _(
                "One digit of this RPPS number is wrong: its last digit does not fit the others. Compare it with your card."
            ),
            code="rpps_check_digit",
        )
    return number


def clean_adeli(text: str) -> str:
    """The ADELI number: department (two characters, Corsica 2A and 2B) and seven digits. Raises ValidationError."""
    number = _compact(text).upper()
    if not re.fullmatch(r"([0-9]{2}|2[AB])[0-9]{7}", number):
        raise ValidationError(
            _("An ADELI number has 9 characters: your department (such as 75 or 2A) and seven digits."),
            code="adeli_format",
        )
    return number


def clean_phone(text: str, region: str) -> str:
    """The number in E.164, read as dialled in `region` ("FR", "IL"). Raises ValidationError."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValidationError(
            _(
                "This telephone number is not complete. Type it as you dial it, or with its country code, such as +33 1 23 45 67 89."
            ),
            code="phone",
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
