"""The fields of a file in their groups, as pages, exports and journals name them. Pure data."""

import unicodedata
from typing import Final

from django.utils.translation import gettext_lazy as _

IDENTITY: Final = ("surname", "birth_name", "given_names", "birth_date", "sex", "birth_place")
CONTACT: Final = ("phone", "email", "address", "occupation")
MEDICAL: Final = (
    "medical_history",
    "surgical_history",
    "allergies",
    "treatments",
    "family_history",
    "lifestyle",
    "notes",
)
FILE_FIELDS: Final = IDENTITY + CONTACT + MEDICAL
SEARCHED: Final = ("surname", "birth_name", "given_names", "birth_date", "phone", "email")
CONSULTATION_FIELDS: Final = ("reason", "note", "examination", "assessment", "plan")
MEASURE_FIELDS: Final = ("code", "label", "value", "unit")

LABELS: Final = {
    "surname": _("Surname"),
    "birth_name": _("Name at birth"),
    "given_names": _("Given names"),
    "birth_date": _("Birth date"),
    "sex": _("Sex"),
    "birth_place": _("Place of birth"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
    "occupation": _("Occupation"),
    "medical_history": _("Medical history"),
    "surgical_history": _("Surgical history"),
    "allergies": _("Allergies"),
    "treatments": _("Current treatments"),
    "family_history": _("Family history"),
    "lifestyle": _("Lifestyle"),
    "notes": _("Notes"),
    "reason": _("Reason for the visit"),
    "note": _("What the patient says"),
    "examination": _("Examination"),
    "assessment": _("Assessment"),
    "plan": _("Treatment and advice"),
}

KINDS: Final = {
    "first": _("First visit"),
    "follow_up": _("Follow-up"),
    "urgent": _("Urgent visit"),
    "home": _("Home visit"),
    "remote": _("At a distance"),
    "other": _("Other"),
}

SEXES: Final = {
    "female": _("Female"),
    "male": _("Male"),
    "other": _("Other"),
    "unknown": _("Not known"),
}


def clean(text: str | None) -> str | None:
    """``text`` in Unicode's composed form (NFC) without blank edges; None when nothing is left.

    Nothing else changes: a name in any script stays as it was written.
    """
    kept = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\x00", "")
    return kept.strip() or None
