"""The closed list of what is counted, and which page is which. What isn't here is never counted.

Left out on purpose: how somebody uses their rights (the privacy centre), and whatever tells of one patient's fate (a death, an
emergency, a restriction, an order), though only the page's name would be kept.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from privacy.wording import gettext_noop as _


class Feature(StrEnum):
    """A part of the product, under the name it is stored as."""

    TODAY = "today"
    PATIENTS = "patients"
    NEW_PATIENT = "new_patient"
    FILE = "file"
    HISTORY = "history"
    CONSULTATIONS = "consultations"
    WRITING = "writing"
    MEASURES = "measures"
    DOCUMENTS = "documents"
    CLOCK = "clock"
    IMPORT = "import"
    PORTAL = "portal"
    SHARING = "sharing"
    QUESTIONNAIRE = "questionnaire"
    TEAM = "team"
    DIRECTORY = "directory"
    SUBSCRIPTION = "subscription"


WORDS: Final[Mapping[Feature, str]] = {
    Feature.TODAY: _("Start page"),
    Feature.PATIENTS: _("List of patients"),
    Feature.NEW_PATIENT: _("New patient"),
    Feature.FILE: _("A patient's file"),
    Feature.HISTORY: _("Medical history"),
    Feature.CONSULTATIONS: _("Consultations of a file"),
    Feature.WRITING: _("Writing a consultation"),
    Feature.MEASURES: _("Measures"),
    Feature.DOCUMENTS: _("Documents"),
    Feature.CLOCK: _("Retention clock of a file"),
    Feature.IMPORT: _("Import"),
    Feature.PORTAL: _("Portal of a patient"),
    Feature.SHARING: _("Sharing with a patient"),
    Feature.QUESTIONNAIRE: _("Medical questionnaire"),
    Feature.TEAM: _("Team of the practice"),
    Feature.DIRECTORY: _("My page in the directory"),
    Feature.SUBSCRIPTION: _("Subscription"),
}
"""What each is called on a page."""

PAGES: Final[Mapping[str, Feature]] = {
    "records:today": Feature.TODAY,
    "records:patients": Feature.PATIENTS,
    "records:new": Feature.NEW_PATIENT,
    "records:file": Feature.FILE,
    "records:medical": Feature.HISTORY,
    "records:consultations": Feature.CONSULTATIONS,
    "records:consultation": Feature.CONSULTATIONS,
    "records:consultation_new": Feature.WRITING,
    "records:draft": Feature.WRITING,
    "records:measures": Feature.MEASURES,
    "records:documents": Feature.DOCUMENTS,
    "records:clock": Feature.CLOCK,
    "records:import": Feature.IMPORT,
    "records:import_run": Feature.IMPORT,
    "records:portal": Feature.PORTAL,
    "records:share": Feature.SHARING,
    "records:questionnaire": Feature.QUESTIONNAIRE,
    "care:team": Feature.TEAM,
    "directory:mine": Feature.DIRECTORY,
    "lifecycle:subscription": Feature.SUBSCRIPTION,
}
"""The name of an address, without its arguments, and the feature it counts as."""


class Device(StrEnum):
    """The kind of device: all that is kept of a browser's description."""

    COMPUTER = _("computer")
    TABLET = _("tablet")
    PHONE = _("phone")


def device_of(user_agent: str) -> Device:
    """The kind of device that a browser says it runs on; a guess by two words."""
    if "iPad" in user_agent or ("Android" in user_agent and "Mobile" not in user_agent):
        return Device.TABLET
    return Device.PHONE if "Mobi" in user_agent else Device.COMPUTER
