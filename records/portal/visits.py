"""Whether a patient may be seen by video: what is needed first, and every other way to be cared for (MD-03, MD-11)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from care.models import PortalLink
from consents import patients
from privacy.patient_keys import TELECONSULTATION
from privacy.refusals import Refusal
from records.models import PatientFile
from records.portal.queries import versions_of
from records.queries import is_left_alone

Words = str | Promise

OTHER_WAYS: Final[tuple[Words, ...]] = (
    _("Make an appointment at the practice: your practitioner sees you there as before."),
    _("Telephone the practice: it can often answer, or give you an early appointment."),
    _("Choose another practitioner, freely; your file can go with you, on request."),
    _("At night or at the weekend: the doctor on duty, by 116 117 or 15 in France."),
    _("In an emergency: call 15 or 112; 114 by text message, if you don't hear or speak."),
)
"""Care goes on without video: what a refusal always says as well (MD-11)."""


@dataclass(frozen=True, slots=True)
class NoVideo(Refusal):
    """Why there is no video visit, the page on which that is mended (a URL name, or none), and the other ways."""

    page: str = ""
    link: Words = ""
    ways: tuple[Words, ...] = OTHER_WAYS


NO_CONSENT: Final = NoVideo(
    "no_consent",
    _("Video visits need your informed consent, and you haven't given it, or have withdrawn it. You are free not to."),
    page="patient_privacy:consents",
    link=_("Read the notice, and decide"),
)
NO_QUESTIONNAIRE: Final = NoVideo(
    "no_questionnaire",
    _("Before a first video visit your practitioner needs your medical questionnaire, and it isn't handed in yet."),
    page="patient:questionnaire",
    link=_("Answer the questionnaire"),
)
NOT_FOR_OTHERS: Final = NoVideo(
    "not_for_others",
    _("A video visit is for the patient, or for a child with a parent or guardian. You look in as a person of trust."),
)
KEPT_CLOSED: Final = NoVideo(
    "kept_closed",
    _("This file is in the archive or its use is restricted, so no visit is prepared from it. Ask the practice."),
)


def why_not_teleconsult(*, speaks: bool, open_file: bool, consents: bool, questionnaire: bool) -> NoVideo | None:
    """Why this patient isn't seen by video, or None.

    ``speaks``: the visitor is the patient or a child's guardian; ``open_file``: it is in daily use and unrestricted;
    ``consents``: the informed consent counts now (MD-10); ``questionnaire``: one is handed in (MD-03).
    """
    if not speaks:
        return NOT_FOR_OTHERS
    if not open_file:
        return KEPT_CLOSED
    if not consents:
        return NO_CONSENT
    return None if questionnaire else NO_QUESTIONNAIRE


def refusal_of(link: PortalLink, file: PatientFile, now: datetime) -> NoVideo | None:
    """The same for one link and file as they stand at ``now``, inside the scope of the practice."""
    return why_not_teleconsult(
        speaks=link.capacity in patients.MAY_DECIDE,
        open_file=not is_left_alone(file.pk, now),
        consents=patients.agreed(file.pk, TELECONSULTATION, now=now),
        questionnaire=versions_of(file).exists(),
    )
